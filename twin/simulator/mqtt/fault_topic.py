"""Faults ordered over MQTT itself, for testers whose broker runs in another process.

Only where the broker was started with its fault topic enabled; any client that may publish may then order faults.

- `$SYS/faults/add`: one rule as a JSON object with the keys of `FaultRule`; `payload` is text.
- `$SYS/faults/clear`: ends every rule; the payload is ignored.
- `$SYS/faults/cut`: resets the connection of the client the payload names; an empty payload resets all.

With QoS 1 and MQTT 5 the PUBACK tells whether the order was understood (0x99 when not).
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import msgspec

from twin.domain.errors import TwinError
from twin.simulator.mqtt.faults import Direction, FaultRule, Faults, Kind
from twin.simulator.mqtt.reasons import Reason

log = logging.getLogger(__name__)

FAULT_ROOT = "$SYS/faults/"


class FaultOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule as it is written on the wire; the defaults are those of `FaultRule`."""

    kind: Kind
    topic: str = "#"
    direction: Direction = "both"
    client: str = "*"
    probability: float = 1.0
    count: int | None = None
    delay_s: float = 0.2
    reason: int = Reason.SERVER_UNAVAILABLE
    payload: str | None = None
    seed: int = 0

    def rule(self) -> FaultRule:
        """Raises: TwinError: a value that cannot be."""
        return FaultRule(
            kind=self.kind,
            topic=self.topic,
            direction=self.direction,
            client=self.client,
            probability=self.probability,
            count=self.count,
            delay_s=self.delay_s,
            reason=self.reason,
            payload=None if self.payload is None else self.payload.encode(),
            seed=self.seed,
        )


def obey(topic: str, payload: bytes, faults: Faults, cut: Callable[[str | None], int]) -> Reason:
    """Carry out one order. Returns: the reason for its acknowledgement."""
    order = topic.removeprefix(FAULT_ROOT)
    try:
        if order == "add":
            handle = faults.add(msgspec.json.decode(payload, type=FaultOrder).rule())
            log.info("fault rule %d: %s", handle.number, handle.rule)
        elif order == "clear":
            faults.clear()
        elif order == "cut":
            cut(payload.decode() or None)
        else:
            log.warning("no fault order is called %s; there are add, clear and cut", topic)
            return Reason.TOPIC_NAME_INVALID
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TwinError) as error:
        log.warning("fault order on %s not understood: %s", topic, error)
        return Reason.PAYLOAD_FORMAT_INVALID
    return Reason.SUCCESS
