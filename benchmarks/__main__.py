"""`python -m benchmarks`: one JSON line for each figure on stdout, everything else on stderr."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import msgspec
import structlog

from benchmarks import cycle, guard, historian, ingest, physics, racks, sink, spool, steps
from benchmarks.measuring import Effort, Figure, seconds, tell


@dataclass(frozen=True, slots=True)
class Bench:
    """One area: the ids of its figures, and what measures them."""

    ids: tuple[str, ...]
    measure: Callable[[Effort], Sequence[Figure]]


BENCHES = (
    Bench(ingest.IDS, ingest.measure),
    *(Bench((id_,), part) for id_, part in ingest.parts()),
    Bench(steps.IDS, steps.measure),
    *(Bench((id_,), part) for id_, part in physics.parts()),
    Bench(racks.IDS, racks.measure),
    Bench(guard.IDS, guard.measure),
    Bench(cycle.IDS, cycle.measure),
    Bench(spool.IDS, spool.measure),
    Bench(historian.IDS, historian.measure),
    Bench(historian.DAY_IDS, historian.measure_day),
    Bench(sink.IDS, sink.measure),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what is asked for. Returns the exit code: 2 when no id begins with the prefix."""
    wish = _wish(arguments)
    ids = [id_ for bench in BENCHES for id_ in bench.ids if id_.startswith(wish.only)]
    if not ids:
        known = ", ".join(id_ for bench in BENCHES for id_ in bench.ids)
        tell(f"no benchmark begins with {wish.only!r}; there are {known}")
        return 2
    if wish.list:
        print("\n".join(ids))
        return 0
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    spent_s = seconds(lambda: _run(wish.only, Effort(quick=wish.quick)))
    tell(f"{len(ids)} figures in {spent_s:.0f} s")
    return 0


def _run(prefix: str, effort: Effort) -> None:
    for bench in BENCHES:
        if not any(id_.startswith(prefix) for id_ in bench.ids):
            continue
        for figure in bench.measure(effort):
            if figure.id.startswith(prefix):
                print(msgspec.json.encode(_rounded(figure)).decode(), flush=True)


def _rounded(figure: Figure) -> dict[str, str | int | float]:
    """Four digits: more would be noise."""
    return asdict(figure) | {"value": float(f"{figure.value:.4g}"), "ratio": float(f"{figure.ratio:.4g}")}


def _wish(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("benchmarks", description="Per-item costs and ratios, one JSON line each.")
    parser.add_argument("--only", default="", metavar="PREFIX", help="ids that begin with this")
    parser.add_argument("--list", action="store_true", help="print the ids and measure nothing")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: to see that it works, not to measure")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
