"""What the guard remembers between cycles."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class GuardMemory:
    """Halls on their way back to full cooling, mode changes of the last day, and the last mains event of each UPS side.

    `changed_ns` and `modes`, where each mode was last put or seen, are keyed by actuator point id, `mains_event_ns` by
    UPS id.
    """

    reverting: tuple[str, ...] = ()
    changed_ns: dict[str, tuple[int, ...]] = field(default_factory=dict)
    mains_event_ns: dict[str, int] = field(default_factory=dict)
    modes: dict[str, float] = field(default_factory=dict)
