"""Decision records as history keeps them: found by id, asset, point and time; the record itself stays as published."""

from __future__ import annotations

import math

import msgspec

from twin.domain.timestamps import ns_of_iso
from twin.historian.series import Catalogue, quoted_string


class _Effect(msgspec.Struct):
    expected: float | None = None
    low: float | None = None
    high: float | None = None


class _Wire(msgspec.Struct):
    id: str
    ts: str
    asset: str
    point: str
    cycle: int = 0
    mode: str = ""
    controller: str = ""
    action: str = ""
    reason: str = ""
    binding: str = ""
    runner_up: str = ""
    from_value: float | None = msgspec.field(name="from", default=None)
    to_value: float | None = msgspec.field(name="to", default=None)
    cost_per_h: float | None = None
    hold_cost_per_h: float | None = None
    effect_w: _Effect = msgspec.field(default_factory=_Effect)


class DecisionRow(msgspec.Struct, frozen=True):
    """One stored decision. `record` is the JSON text exactly as it was published."""

    id: str
    ns: int
    cycle: int
    asset: str
    point: str
    record: bytes


_decoder = msgspec.json.Decoder(_Wire)


def decision_row(record: bytes) -> DecisionRow:
    """What a record is found by.

    Raises: ValueError: the record lacks id, ts, asset or point, or is not JSON.
    """
    wire = _decoded(record)
    return DecisionRow(wire.id, ns_of_iso(wire.ts), wire.cycle, wire.asset, wire.point, record)


def decision_line(catalogue: Catalogue, record: bytes) -> str:
    """One line of the measurement `decision`: ids and words are fields, so that they never become series.

    Raises: ValueError: as `decision_row`.
    """
    wire = _decoded(record)
    words = {
        "id": wire.id,
        "mode": wire.mode,
        "controller": wire.controller,
        "action": wire.action,
        "reason": wire.reason,
        "binding": wire.binding,
        "runner_up": wire.runner_up,
        "record": record.decode("utf-8"),
    }
    numbers = {
        "from": wire.from_value,
        "to": wire.to_value,
        "cost_per_h": wire.cost_per_h,
        "hold_cost_per_h": wire.hold_cost_per_h,
        "effect_w": wire.effect_w.expected,
        "effect_low_w": wire.effect_w.low,
        "effect_high_w": wire.effect_w.high,
    }
    fields = [f"cycle={wire.cycle}i"]
    fields += [f"{name}={float(v)!r}" for name, v in numbers.items() if v is not None and math.isfinite(v)]
    fields += [f"{name}={quoted_string(text)}" for name, text in words.items() if text]
    key = catalogue.line_key("decision", "", wire.asset, wire.point)
    return f"{key} {','.join(fields)} {ns_of_iso(wire.ts)}"


def _decoded(record: bytes) -> _Wire:
    try:
        return _decoder.decode(record)
    except msgspec.MsgspecError as error:
        raise ValueError(f"not a decision record: {error}") from error
