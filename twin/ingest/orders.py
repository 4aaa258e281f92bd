"""What comes in beside samples: acknowledgements of the receiver, orders of an operator, ticks of a simulated site."""

from __future__ import annotations

import math
import re
from enum import Enum

import msgspec

from twin.domain.commands import Ack, AckStatus, OperatorOrder
from twin.domain.errors import BadPayload
from twin.domain.timestamps import ns_of_iso
from twin.ingest.paths import EARLIEST_NS, LATEST_NS

MAX_BYTES = 4096
_ID = re.compile(r"[A-Za-z0-9_.-]{0,64}")
_KINDS = ("mode", "override", "release", "shelve", "unshelve")
SHELVING = ("shelve", "unshelve")  # about alarms: nothing is decided by them
MOST_FOR_S = 10 * 366 * 86_400.0


class Lane(Enum):
    """What a topic under the daemon's root is for."""

    TELEMETRY = "telemetry"
    ACK = "ack"
    ORDER = "order"
    TICK = "tick"


def lane_of(root: str, topic: str) -> Lane:
    """Where a message belongs, by its topic alone."""
    if "/_" not in topic:
        return Lane.TELEMETRY
    if topic.startswith(f"{root}/_ack/"):
        return Lane.ACK
    if topic.startswith(f"{root}/_op/"):
        return Lane.ORDER
    if topic == f"{root}/_sim/tick":
        return Lane.TICK
    return Lane.TELEMETRY


def order_subscriptions(root: str) -> tuple[str, ...]:
    """Topics to hear beside those of the topic map."""
    return (f"{root}/_ack/#", f"{root}/_op/#", f"{root}/_sim/tick")


class _AckPayload(msgspec.Struct, gc=False):
    seq: int
    epoch: int
    lease: str
    status: AckStatus
    ts: str
    v: float | None = None
    reason: str = ""


class _OrderPayload(msgspec.Struct, gc=False):
    id: str = ""
    point: str = ""
    v: float | None = None
    mode: str = ""
    by: str = ""
    reason: str = ""
    until: str = ""
    for_s: float = 0.0
    alarm: str = ""


class _TickPayload(msgspec.Struct, gc=False):
    ts: str


_ACK = msgspec.json.Decoder(_AckPayload)
_ORDER = msgspec.json.Decoder(_OrderPayload)
_TICK = msgspec.json.Decoder(_TickPayload)


def parse_ack(root: str, topic: str, payload: bytes) -> Ack:
    """The receiver's answer to a command. Raises: BadPayload."""
    asset, _, point = topic.removeprefix(f"{root}/_ack/").rpartition("/")
    try:
        said = _ACK.decode(_capped(payload))
        at_ns = _instant_ns(said.ts)
    except (msgspec.DecodeError, ValueError) as error:
        raise BadPayload("bad_ack", str(error), where=topic) from error
    return Ack(asset, point, said.seq, said.epoch, said.lease, said.status, said.v, at_ns, said.reason)


def parse_order(root: str, topic: str, payload: bytes) -> OperatorOrder:
    """What an operator asked for: the last part of the topic says what. Raises: BadPayload."""
    kind = topic.removeprefix(f"{root}/_op/")
    if kind not in _KINDS:
        raise BadPayload("bad_order", f"no order is called {kind!r}", where=topic)
    try:
        said = _ORDER.decode(_capped(payload))
        until_ns = _instant_ns(said.until) if said.until else 0
    except (msgspec.DecodeError, ValueError) as error:
        raise BadPayload("bad_order", str(error), where=topic) from error
    if not _ID.fullmatch(said.id):
        raise BadPayload(
            "bad_order", "an id is up to 64 letters, digits, dots, dashes: it becomes a topic", where=topic
        )
    if not said.by or not said.reason:
        raise BadPayload("bad_order", "an order says by whom and why", where=topic)
    if said.v is not None and not math.isfinite(said.v):
        raise BadPayload("bad_order", "the value is no number", where=topic)
    if not 0.0 <= said.for_s <= MOST_FOR_S or (said.for_s and until_ns):
        raise BadPayload("bad_order", "it ends either until an instant or for some seconds", where=topic)
    if kind in SHELVING and not _ID.fullmatch(said.alarm or "?"):
        raise BadPayload("bad_order", "the alarm is called by its id", where=topic)
    return OperatorOrder(
        kind, said.id, said.point, said.v, said.mode, said.by, said.reason, until_ns, said.for_s, said.alarm
    )


def parse_tick(payload: bytes) -> int:
    """The instant a simulated site has just finished saying. Raises: BadPayload."""
    try:
        return _instant_ns(_TICK.decode(_capped(payload)).ts)
    except (msgspec.DecodeError, ValueError) as error:
        raise BadPayload("bad_tick", str(error)) from error


def _capped(payload: bytes) -> bytes:
    if len(payload) > MAX_BYTES:
        raise ValueError(f"longer than {MAX_BYTES} bytes")
    return payload


def _instant_ns(text: str) -> int:
    now_ns = ns_of_iso(text)
    if not EARLIEST_NS <= now_ns < LATEST_NS:  # beyond, nanoseconds do not fit where memory and samples are kept
        raise ValueError(f"{text} is not between the years 2000 and 2100")
    return now_ns
