"""What the daemon says of itself: alive, ready, and its counters in the Prometheus text format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Counters = Callable[[], Mapping[str, float]]


@dataclass(slots=True)
class Health:
    """Levels for `/metrics`, verdicts for `/healthz` and `/readyz`."""

    loop_age_s: Callable[[], float]
    loop_allowance_s: float
    reasons_not_ready: Callable[[], tuple[str, ...]]
    sources: list[Counters] = field(default_factory=list)

    def alive(self) -> tuple[bool, str]:
        """Whether the control loop still turns."""
        age_s = self.loop_age_s()
        if age_s > self.loop_allowance_s:
            return False, f"the control loop last turned {age_s:.0f} s ago, allowed are {self.loop_allowance_s:.0f} s\n"
        return True, "ok\n"

    def ready(self) -> tuple[bool, str]:
        """Whether every input that deciding needs is there; the reasons by name when not."""
        reasons = self.reasons_not_ready()
        return (False, "".join(f"{reason}\n" for reason in reasons)) if reasons else (True, "ok\n")

    def metrics(self) -> str:
        """All counters and levels; a name may carry labels: `commands{kind="sent"}`."""
        lines: list[str] = []
        for source in self.sources:
            lines += [f"twin_{name} {value:.10g}" for name, value in source().items()]
        return "\n".join(sorted(lines)) + "\n"
