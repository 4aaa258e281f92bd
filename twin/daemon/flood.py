"""What is let in when more comes than one can bear: a limit for each topic, and room that is kept for what matters."""

from __future__ import annotations

from collections.abc import Collection

import structlog

from twin.domain.clock import Clock

log = structlog.get_logger("flood")

MOST_WAITING = 100_000  # messages between the socket and the loop; above, QoS 0 that no safety hangs on is left out
_SPAN_S = 1.0
_MOST_TOPICS = 200_000
_SAID_AGAIN_S = 60.0
CALM_S = 5.0


class FloodGate:
    """Decides on each message before it is looked at.

    MQTT does not say who sent a message, so the limit is by topic: one sensor that speaks a thousand times too often is
    held to `most_hz`, and named in the log. `kept` topics are taken however much waits.
    """

    def __init__(self, most_hz: float, kept: Collection[str], clock: Clock) -> None:
        self._most = max(int(most_hz * _SPAN_S), 1)
        self._kept, self._clock = frozenset(kept), clock
        self._counts: dict[str, int] = {}
        self._began_s = 0.0
        self._said_s: dict[str, float] = {}
        self._flooded_s: float | None = None
        self.too_fast = 0
        self.too_many = 0

    def admit(self, topic: str, qos: int, waiting: int) -> bool:
        """Whether a message is taken; one that is not is gone for good, and counted."""
        now_s = self._clock.monotonic_s()
        if now_s - self._began_s >= _SPAN_S or len(self._counts) > _MOST_TOPICS:
            self._counts.clear()
            self._began_s = now_s
        count = self._counts.get(topic, 0) + 1
        self._counts[topic] = count
        if count > self._most:
            self.too_fast += 1
            self._flooded_s = now_s
            self._say(topic, now_s)
            return False
        if qos == 0 and waiting >= MOST_WAITING and topic not in self._kept:
            self.too_many += 1
            self._flooded_s = now_s
            return False
        return True

    def reason_to_renew(self) -> str:
        """Once after a flood: why the link should be made anew; else nothing.

        A broker whose way to us is full drops packets, those at QoS 1 among them, and holds these for the next
        connection: mosquitto does.
        """
        if self._flooded_s is None or self._clock.monotonic_s() - self._flooded_s < CALM_S:
            return ""
        self._flooded_s = None
        return "after a flood the broker is asked for what did not get through"

    def _say(self, topic: str, now_s: float) -> None:
        if now_s - self._said_s.get(topic, -_SAID_AGAIN_S) >= _SAID_AGAIN_S:
            if len(self._said_s) > 1_000:
                self._said_s.clear()
            self._said_s[topic] = now_s
            log.warning("a topic speaks too fast, the surplus is left out", topic=topic[:200], most_a_second=self._most)
