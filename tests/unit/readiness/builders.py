"""Cycles by hand: what a site showed minute by minute, and actuators that want to climb."""

from __future__ import annotations

import math
from dataclasses import replace

from twin.domain.actuators import Actuator, ActuatorTable, Kind, Mode
from twin.domain.clock import NS_PER_S
from twin.domain.timestamps import ns_of_iso
from twin.readiness.facts import CycleFacts, Day, Errors, Expected, HallDay, Notes, PointDay, PointFacts
from twin.readiness.noting import noted

START_NS = ns_of_iso("2026-05-19T00:00:00Z")
PERIOD_S = 60.0
BASIS = "limits-plant"
SUPPLY, WATER, UPS = "h1/supply_air_sp_c", "plant/chws_sp_c", "ups-b/mode"
DAY_CYCLES = 1440


def an_actuator(index: int, point: str, kind: Kind, ceiling: Mode = Mode.CONTROL) -> Actuator:
    asset, name = point.split("/")
    return Actuator(index, asset, name, kind, "degC", "h1", 18.0, 25.0, 0.1, 0.1, 0.2, math.nan, 4, ceiling, 22.0, 1.0)


def actuators(*, ceiling: Mode = Mode.CONTROL) -> ActuatorTable:
    return ActuatorTable(
        (
            an_actuator(0, SUPPLY, Kind.SUPPLY_AIR, ceiling),
            an_actuator(1, WATER, Kind.CHILLED_WATER, ceiling),
            an_actuator(2, UPS, Kind.UPS_MODE, ceiling),
        )
    )


def a_cycle(nth: int, **changed: object) -> CycleFacts:
    """The nth minute of a quiet site in shadow whose twin is right."""
    facts = CycleFacts(
        basis=BASIS,
        now_ns=START_NS + round(nth * PERIOD_S) * NS_PER_S,
        period_s=PERIOD_S,
        missing=(),
        quorum=(("h1", 1.0),),
        quorum_needed_frac=0.8,
        worst_inlet_c=24.0,
        inlet_revert_c=29.0,
        facility_w=1000.0,
        expected=Expected(24.0, 1000.0),
        points=(PointFacts(SUPPLY, "shadow", False, 22.0, 0.1),),
    )
    return replace(facts, **changed)  # type: ignore[arg-type]


def after(*cycles: CycleFacts, notes: Notes | None = None) -> Notes:
    notes = notes or Notes()
    for facts in cycles:
        notes = noted(facts, notes)
    return notes


def a_day(nth: int, mode: str = "shadow", **changed: object) -> Day:
    """A whole sound day: 1440 cycles, and predictions that all came true."""
    first_ns = START_NS + nth * DAY_CYCLES * round(PERIOD_S) * NS_PER_S
    day = Day(
        date=f"day {nth:02}",
        basis=BASIS,
        period_s=PERIOD_S,
        first_ns=first_ns,
        last_ns=first_ns + (DAY_CYCLES - 1) * round(PERIOD_S) * NS_PER_S,
        cycles=DAY_CYCLES,
        errors=Errors(inlet_n=1400, inlet_abs_k=280.0, inlet_sum_k=70.0, hours=24, hour_read_w=24_000.0),
        halls={"h1": HallDay(DAY_CYCLES, 1440.0, DAY_CYCLES)},
        points={
            point: PointDay(
                {mode: DAY_CYCLES}, advised=2 if mode == "advise" else 0, followed=2 if mode == "advise" else 0
            )
            for point in (SUPPLY, WATER, UPS)
        },
    )
    return replace(day, **changed)  # type: ignore[arg-type]


def of_days(*days: Day, mode: str = "shadow") -> Notes:
    return Notes(days=days, modes=dict.fromkeys((SUPPLY, WATER, UPS), mode), newest_ns=days[-1].last_ns)
