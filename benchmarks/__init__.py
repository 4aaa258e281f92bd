"""What things cost, each beside a stated baseline: `make bench`, read with docs/reference/benchmarks.md."""
