"""Carries out what a fault verdict says about the time and order of one message."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from twin.simulator.mqtt.agenda import Agenda
from twin.simulator.mqtt.faults import Verdict

Action = Callable[[], None]


class Lanes:
    """One lane for each client and direction: within it a message can be late, or let the next one pass."""

    def __init__(self, agenda: Agenda) -> None:
        self._agenda = agenda
        self._held: dict[Hashable, Action] = {}

    def run(self, lane: Hashable, verdict: Verdict, action: Action) -> None:
        """Act now, later, or after the lane's next message.

        A message already held in the lane goes right behind this one, so only neighbours change places.
        """
        if verdict.delay_s:
            self._agenda.after(verdict.delay_s, action)
            return
        waiting = self._held.pop(lane, None)
        if verdict.hold and waiting is None:
            self._held[lane] = action
            self._agenda.after(verdict.hold_s, lambda: self._give_up(lane, action))
            return
        action()
        if waiting is not None:
            waiting()

    def clear(self) -> None:
        """Forget what is held."""
        self._held.clear()

    def _give_up(self, lane: Hashable, action: Action) -> None:
        if self._held.get(lane) is action:
            del self._held[lane]
            action()
