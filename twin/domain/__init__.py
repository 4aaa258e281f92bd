"""Every type that crosses a stage. Imports nothing of ours, does no I/O."""
