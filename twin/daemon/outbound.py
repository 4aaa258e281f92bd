"""What the daemon says under `<root>/_twin`: built here, sent elsewhere. Nothing here is a command."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import msgspec

from controllers.api import Grant
from controllers.guard.authority import AuthorityMemory, OrderAnswer, OrderedMode, Override
from twin.alarms.facts import Alarm, Shelf
from twin.domain.actuators import Limits, Mode
from twin.domain.decisions import DecisionRecord
from twin.domain.facility import Facility
from twin.domain.messages import MessageOut
from twin.domain.state import State
from twin.domain.timestamps import iso_utc

_json = msgspec.json.Encoder()


class Voice:
    """Builds every message of one site that is not a command. `authority`: what its modes rest on, in words."""

    def __init__(self, root: str, *, version: str, config_hash: str, authority: str = "") -> None:
        self._root = root
        self._authority = authority
        self._version = version
        self._config_hash = config_hash

    def status(self, state: str, mode: Mode, since_ns: int, missing: Sequence[str]) -> MessageOut:
        """Retained; the same topic carries the last will."""
        body = {
            "state": state,
            "mode": mode.value,
            "version": self._version,
            "config": self._config_hash,
            "since": iso_utc(since_ns),
            "missing": list(missing),
        }
        return MessageOut(f"{self._root}/_twin/status", _json.encode(body), qos=1, retain=True)

    def heartbeat(self, seq: int, now_ns: int, cycle_age_s: float) -> MessageOut:
        """Sent by the control loop itself, so that it ends with the loop."""
        body = {"seq": seq, "ts": iso_utc(now_ns), "cycle_age_s": round(cycle_age_s, 3)}
        return MessageOut(f"{self._root}/_twin/heartbeat", _json.encode(body))

    def cycle(self, state: State, *, duration_ms: float, commands: int, held: int) -> MessageOut:
        """The last word of a cycle: whoever keeps step with the daemon waits for this."""
        body = {
            "cycle": state.cycle,
            "ts": iso_utc(state.now_ns),
            "duration_ms": round(duration_ms, 3),
            "commands": commands,
            "held": held,
            "facility_kw": _kw(state.facility_w),
            "it_kw": _kw(state.it_w),
            "pue": _finite(state.facility_w / state.it_w if state.it_w > 0.0 else math.nan, 4),
        }
        # QoS 1 keeps it behind the commands of the cycle, which are QoS 1 too
        return MessageOut(f"{self._root}/_twin/cycle", _json.encode(body), qos=1)

    def decision(self, record: DecisionRecord) -> MessageOut:
        """One decision record."""
        return MessageOut(f"{self._root}/_twin/decision", _json.encode(record.to_json()))

    def advice(self, asset: str, point: str, payload: bytes) -> MessageOut:
        """What would have been commanded, in advise mode."""
        return MessageOut(f"{self._root}/_twin/advice/{asset}/{point}", payload)

    def answer(self, answer: OrderAnswer) -> MessageOut:
        """What became of an operator's order."""
        body = {"id": answer.order_id, "accepted": answer.accepted, "text": answer.text}
        return MessageOut(f"{self._root}/_twin/op/{answer.order_id or 'unnamed'}", _json.encode(body))

    def alarm(self, alarm: Alarm) -> MessageOut:
        """One alarm, retained until it is over."""
        body = {
            "severity": alarm.severity.word,
            "asset": alarm.asset,
            "cause": alarm.cause,
            "reading": alarm.reading,
            "action": alarm.described.action,
            "since": iso_utc(alarm.since_ns),
        }
        return MessageOut(f"{self._root}/_twin/alarm/{alarm.id}", _json.encode(body), qos=1, retain=True)

    def no_alarm(self, alarm: Alarm) -> MessageOut:
        """It is over, or put aside: the broker forgets it."""
        return MessageOut(f"{self._root}/_twin/alarm/{alarm.id}", b"", qos=1, retain=True)

    def standing(
        self,
        now_ns: int,
        mode: Mode,
        memory: AuthorityMemory,
        limits: Limits,
        grants: Sequence[Grant],
        shelves: Iterable[Shelf],
    ) -> MessageOut:
        """What operators ordered and still stands, with owner and end; and points we do not write, with the reason."""
        units = {actuator.point: actuator.unit for actuator in limits.actuators}
        held = [
            (actuator.point, grant.why) for actuator, grant in zip(limits.actuators, grants, strict=True) if grant.held
        ]
        body = {
            "ts": iso_utc(now_ns),
            "mode": mode.value,
            "authority": self._authority,
            "overrides": [
                {"point": o.point, "v": o.value, "u": units.get(o.point, ""), **_whose(o)} for o in memory.overrides
            ],
            "modes": [{"point": m.point, "mode": m.mode.value, **_whose(m)} for m in memory.modes],
            "shelved": [{"id": shelf.id, **_whose(shelf)} for shelf in shelves],
            "held": [{"point": point, "why": why} for point, why in held],
        }
        return MessageOut(f"{self._root}/_twin/op", _json.encode(body))

    def estimates(self, facility: Facility, state: State) -> list[MessageOut]:
        """The twin's belief, for dashboards: per hall and for the plant."""
        stamp = iso_utc(state.now_ns)
        messages: list[MessageOut] = []

        def say(asset: str, point: str, value: float, unit: str, sd: float | None = None) -> None:
            body = {"v": _finite(value, 4), "u": unit, "ts": stamp, "q": "estimate", "sd": sd}
            messages.append(MessageOut(f"{self._root}/_twin/state/{asset}/{point}", _json.encode(body)))

        halls = state.halls
        for i, hall in enumerate(facility.halls):
            say(hall.id, "zone_air_c", halls.zone_air_c[i], "degC")
            say(hall.id, "zone_metal_c", halls.zone_metal_c[i], "degC")
            say(hall.id, "worst_inlet_c", halls.worst_inlet_c[i], "degC", _finite(halls.inlet_sd_k[i], 3))
            say(hall.id, "it_w", halls.it_w[i], "W")
        say("plant", "wet_bulb_c", state.plant.wet_bulb_c, "degC")
        say("plant", "residual_w", state.residual_w, "W", _finite(state.residual_sd_w, 1))
        return messages

    def kpis(self, state: State) -> list[MessageOut]:
        """Levels people watch. PUE is shown, never minimised."""
        stamp = iso_utc(state.now_ns)
        pue = state.facility_w / state.it_w if state.it_w > 0.0 else math.nan
        levels = {
            "facility_kw": (_kw(state.facility_w), "kW"),
            "it_kw": (_kw(state.it_w), "kW"),
            "cooling_kw": (_kw(state.plant.cooling_w), "kW"),
            "pue1_interim": (_finite(pue, 4), "1"),
        }
        return [
            MessageOut(
                f"{self._root}/_twin/kpi/{name}",
                _json.encode({"v": value, "u": unit, "ts": stamp, "q": "metered", "sd": None}),
            )
            for name, (value, unit) in levels.items()
        ]


def _whose(order: Override | OrderedMode | Shelf) -> dict[str, str | None]:
    """Owner, reason, begin and end of an order; an end of `null` is one by hand."""
    since = iso_utc(order.since_ns) if order.since_ns else None
    until = iso_utc(order.until_ns) if order.until_ns else None
    return {"by": order.by, "reason": order.reason, "since": since, "until": until}


def _finite(value: float, digits: int) -> float | None:
    return round(float(value), digits) if math.isfinite(value) else None


def _kw(watts: float) -> float | None:
    return _finite(watts / 1e3, 3)
