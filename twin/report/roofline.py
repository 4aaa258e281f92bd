"""One picture of speed: what each kind of work reaches, under the roof that arithmetic and memory make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_ROOF, _CACHE, _WORK = "#444b54", "#8a8f98", "#0b6e8a"


@dataclass(frozen=True, slots=True)
class Point:
    """One kind of work: arithmetic for each byte it moves, and what it reached."""

    name: str
    flop_per_byte: float
    gflop_s: float


def draw_roofline(
    points: Sequence[Point], *, most_gflop_s: float, cache_gbyte_s: float, memory_gbyte_s: float, path: Path
) -> None:
    """Save the picture as PNG (or what the suffix says). Raises: OSError: the file cannot be written."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    plt.rcParams.update({"font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    figure, axis = plt.subplots(figsize=(8, 5), constrained_layout=True)
    ends = (0.03, 30.0)
    for byte_s, colour, name in ((cache_gbyte_s, _CACHE, "first cache"), (memory_gbyte_s, _ROOF, "memory")):
        left, corner = ends[0], most_gflop_s / byte_s
        axis.plot([left, corner, ends[1]], [left * byte_s, most_gflop_s, most_gflop_s], color=colour, linewidth=1.4)
        axis.annotate(f"{name} {byte_s:.0f} GB/s", (left * 1.1, left * byte_s * 1.4), color=colour, rotation=32)
    top = f"arithmetic, one core: {most_gflop_s:.0f} GFLOP/s"
    axis.annotate(top, (ends[1], most_gflop_s * 1.08), ha="right", color=_ROOF)
    for point in points:
        axis.plot(point.flop_per_byte, point.gflop_s, "o", color=_WORK, markersize=7)
        axis.annotate(
            f"{point.name}: {point.gflop_s:.1f}", (point.flop_per_byte, point.gflop_s), xytext=(8, -3),
            textcoords="offset points", color=_WORK,
        )  # fmt: skip
    axis.set(xscale="log", yscale="log", xlim=ends, xlabel="arithmetic for each byte moved, FLOP/B", ylabel="GFLOP/s")
    axis.set_title("The physics under the roof of this machine", fontweight="bold", loc="left")
    axis.grid(alpha=0.25, which="both", linewidth=0.5)
    try:
        figure.savefig(path, dpi=110)
    finally:
        plt.close(figure)
