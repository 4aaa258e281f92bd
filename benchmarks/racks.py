"""Every rack of a large site by itself: one time step of ten thousand, each breathing the air of twelve others."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.measuring import Effort, Figure, seconds, side_by_side, tell
from twin.study.rack_room import RackRoom

IDS = ("physics.racks_10k_step",)


def measure(effort: Effort) -> Sequence[Figure]:
    """Milliseconds a step, against copying as many bytes as the step must read and write."""
    room = RackRoom()
    calls = effort.of(500, 5)
    ours_s, theirs_s = side_by_side(
        lambda: seconds(lambda: room.steps(calls)) / calls,
        lambda: seconds(lambda: room.copies(calls)) / calls,
        effort.repetitions,
    )
    moved, share = room.bytes_moved, theirs_s / ours_s
    tell(
        f"racks: {moved / 1e6:.2f} MB a step, {1e-9 * moved / ours_s:.1f} GB/s; a plain copy moves "
        f"{1e-9 * moved / theirs_s:.1f} GB/s: {100 * share:.0f} % of what the memory gives"
    )
    against = "numpy copy that reads and writes the same number of bytes"
    return (Figure(IDS[0], 1e3 * ours_s, "ms/step", room.racks, against, share),)
