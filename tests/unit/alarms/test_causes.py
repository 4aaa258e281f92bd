"""What becomes an alarm: each cause with what was read, and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tests.unit.alarms.builders import (
    Days,
    awake,
    believing,
    blocked,
    calm,
    doubted,
    faring,
    halls,
    plant,
    reading,
    silent,
)
from twin.alarms.facts import Alarm, Signs
from twin.alarms.kinds import KINDS, Kind, Severity
from twin.alarms.roots import BEHIND
from twin.domain.findings import SensorFault

H1 = "h1/supply_air_sp_c"
Spoil = Callable[[Signs], Signs]

# what is spoilt, the alarm it is, and how severe
CAUSES: dict[str, tuple[Spoil, str, Severity]] = {
    "a warm hall": (lambda s: halls(s, worst_inlet_c=[27.4, 25.0]), "h1.inlet", Severity.MEDIUM),
    "a hot hall": (lambda s: halls(s, worst_inlet_c=[29.4, 25.0]), "h1.inlet", Severity.HIGH),
    "a burning hall": (lambda s: halls(s, worst_inlet_c=[25.0, 32.1]), "h2.inlet", Severity.CRITICAL),
    "a tenth of the racks silent": (lambda s: silent(s, "h1-r*", 0.11), "h1.sensors", Severity.MEDIUM),
    "one gateway of the plant silent": (lambda s: silent(s, "ch-2/*"), "plant.sensors", Severity.MEDIUM),
    "one air handler's gateway silent": (lambda s: silent(s, "h2-crah-03/*"), "h2.sensors", Severity.LOW),
    "the weather station silent": (
        lambda s: believing(silent(s, "outdoor/*"), missing=("outdoor/wet_bulb_c",)),
        "outdoor.sensors",
        Severity.HIGH,
    ),
    "the meters silent": (lambda s: silent(s, "meter/*"), "meter.sensors", Severity.MEDIUM),
    "everything silent": (lambda s: silent(s, "*"), "site.sensors", Severity.HIGH),
    "doubtful inlets": (lambda s: halls(s, quorum_frac=[1.0, 0.7]), "h2.quorum", Severity.HIGH),
    "a drifting sensor": (lambda s: doubted(s, "h1-r007/inlet_c"), "h1.doubtful", Severity.LOW),
    "a sensor in another unit": (
        lambda s: doubted(s, "h1-r007/inlet_c", fault=SensorFault.COMMISSIONING),
        "h1.doubtful",
        Severity.MEDIUM,
    ),
    "no value for an input": (lambda s: believing(s, missing=("plant/chws_c",)), "plant.inputs", Severity.HIGH),
    "a setpoint that is not followed": (
        lambda s: blocked(s, H1, "wrote 23, the plant reads 22 degC"),
        "h1.supply_air_sp_c.not-followed",
        Severity.HIGH,
    ),
    "a receiver that does not answer": (
        lambda s: blocked(s, H1, "the receiver does not answer, and the plant stays at 22 degC"),
        "h1.supply_air_sp_c.not-followed",
        Severity.HIGH,
    ),
    "a setpoint that moves nothing": (
        lambda s: halls(s, supply_air_c=[25.1, 22.0]),
        "h1.supply_air_sp_c.no-effect",
        Severity.MEDIUM,
    ),
    "a newer master": (
        lambda s: blocked(s, H1, "the receiver follows a newer master: epoch 9"),
        "h1.supply_air_sp_c.foreign",
        Severity.HIGH,
    ),
    "a refusal of the second checker": (
        lambda s: blocked(s, H1, "the second checker refused it: 25.5 is outside 18 to 25"),
        "h1.supply_air_sp_c.checker",
        Severity.CRITICAL,
    ),
    "no chiller": (lambda s: reading(s, "ch-*/running", 0.0), "plant.chillers", Severity.CRITICAL),
    "warm water": (lambda s: plant(s, chws_c=13.0), "plant.chilled-water", Severity.HIGH),
    "one air handler": (lambda s: reading(s, "h1-crah-01/running", 0.0), "h1.crah", Severity.MEDIUM),
    "three air handlers": (lambda s: reading(s, "h1-crah-0[123]/running", 0.0), "h1.crah", Severity.HIGH),
    "one side on battery": (lambda s: reading(s, "ups-a/on_generator", 1.0), "ups-a.ups-source", Severity.HIGH),
    "the mains": (lambda s: reading(s, "ups-*/on_generator", 1.0), "site.mains", Severity.CRITICAL),
    "a low battery": (lambda s: reading(s, "ups-b/battery_frac", 0.4), "ups-b.battery", Severity.HIGH),
    "an empty battery": (lambda s: reading(s, "ups-b/battery_frac", 0.1), "ups-b.battery", Severity.CRITICAL),
    "no link": (lambda s: faring(s, connected=False), "site.link", Severity.HIGH),
    "a lost session": (lambda s: faring(s, sessions_lost=1), "site.session", Severity.MEDIUM),
    "a full disk": (lambda s: faring(s, disk="No space left on device"), "site.disk", Severity.HIGH),
    "a server that refuses": (lambda s: faring(s, sinks=(("influx", "401"),)), "influx.sink", Severity.MEDIUM),
    "a twin that is wrong": (
        lambda s: believing(s, residual_w=0.3 * s.state.facility_w),
        "twin.residual",
        Severity.MEDIUM,
    ),
}


def raised(spoil: Spoil, minutes: float = 40) -> list[Alarm]:
    days = awake()
    days.run(spoil(calm()), minutes)
    return list(days.kept.values())


@pytest.mark.parametrize("name", CAUSES)
def test_each_cause_is_one_alarm_with_reading_and_action(name: str) -> None:
    spoil, alarm_id, severity = CAUSES[name]
    (alarm,) = raised(spoil)
    assert (alarm.id, alarm.severity) == (alarm_id, severity)
    assert alarm.cause
    assert alarm.reading
    assert alarm.described.action
    assert alarm.since_ns > 0
    assert re.fullmatch(r"[A-Za-z0-9_.-]+", alarm.id)  # it becomes a topic


def test_every_kind_of_alarm_is_among_them_but_a_lost_ups_side() -> None:
    kinds = {raised_kind.rpartition(".")[2] for _, raised_kind, _ in CAUSES.values()}
    assert set(KINDS) - kinds == {"ups-lost"}
    (alarm,) = raised(lambda s: believing(s, ups=_dead_side(s)))
    assert alarm.id == "ups-a.ups-lost"


def _dead_side(signs: Signs) -> object:
    return replace(signs.state.ups, output_w=np.array([0.0, signs.state.it_w]))


def test_a_calm_night_has_none() -> None:
    days = Days()
    assert days.run(calm(), 24 * 60, step=5.0) == []


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_alarm_says_what_to_do_in_the_operators_words(kind: Kind) -> None:
    """A sentence that begins with what to look at or do, long enough to act on, short enough to be read."""
    assert kind.action.endswith(".")
    assert 60 <= len(kind.action) <= 260
    jargon = {"quality", "enum", "NaN", "snapshot", "epoch", "callback", "exception", "None", "payload"}
    assert not jargon & set(re.findall(r"\w+", kind.action))
    verbs = r"\b(Check|Go|Mend|Read|Restore|Start|Find|Set|Follow|Make|Give|Compare|Look|look|map|Keep|see)\b"
    assert re.search(verbs, kind.action), kind.action


def test_every_kind_waits_and_is_slow_to_go() -> None:
    for kind in KINDS.values():
        assert kind.off_s >= 60.0, kind.name
        assert kind.on_s <= 1800.0, kind.name


def test_what_hides_and_what_is_hidden_are_kinds() -> None:
    assert set(BEHIND) <= set(KINDS)
    assert {kind for behind in BEHIND.values() for kind in behind} <= set(KINDS)


def test_a_hall_names_its_warmest_rack_and_an_area_its_silent_gateways() -> None:
    warm = reading(halls(calm(), worst_inlet_c=[27.4, 25.0]), "h1-r042/inlet_c", 27.4)
    (alarm,) = raised(lambda _: warm)
    assert alarm.reading == "27.4 degC, warmest h1-r042"
    (quiet,) = raised(lambda s: silent(silent(s, "h1-r00*"), "h1-r01*"))
    assert "row-01/telemetry" in quiet.cause
    assert quiet.reading == "38 of 200 points"


def test_machines_that_stand_are_named() -> None:
    (alarm,) = raised(lambda s: reading(s, "h1-crah-0[47]/running", 0.0))
    assert alarm.cause == "stopped: h1-crah-04, h1-crah-07"
    assert alarm.reading == "10 of 12 run, 10 are needed"


def test_a_chiller_that_is_staged_off_is_no_alarm() -> None:
    days = awake()
    eased = reading(calm(), "ch-*/load_frac", 0.6)
    one_less = reading(eased, "ch-2/running", 0.0)
    assert days.run(one_less, 60) == []


def test_a_chiller_that_stops_under_load_is_one() -> None:
    days = awake()
    strained = reading(reading(calm(), "ch-2/running", 0.0), "ch-*/load_frac", 1.0)
    assert days.run(strained, 5) == ["raised plant.chillers"]
    assert days.kept["plant.chillers"].cause == "stopped: ch-2"


def test_an_air_handler_that_another_one_replaces_is_no_alarm() -> None:
    days = Days()
    turn = reading(calm(), "h1-crah-12/running", 0.0)
    days.run(turn, 10)
    assert days.run(reading(reading(calm(), "h1-crah-12/running", 1.0), "h1-crah-01/running", 0.0), 60) == []


def test_a_flag_that_cannot_be_read_is_no_machine_that_stopped() -> None:
    days = awake()
    told = days.run(silent(calm(), "h1-crah-0[12]/running"), 60)
    assert [line for line in told if "crah" in line.rpartition(".")[2]] == []


def test_a_machine_that_cannot_be_read_is_not_named_with_those_that_stopped() -> None:
    (alarm,) = [
        alarm
        for alarm in raised(lambda s: silent(reading(s, "h1-crah-0[123]/running", 0.0), "h1-crah-07/running"))
        if alarm.kind == "crah"
    ]
    assert alarm.cause == "stopped: h1-crah-01, h1-crah-02, h1-crah-03"


def test_somebody_elses_commands_are_an_alarm_for_as_long_as_they_are_news() -> None:
    days = awake()
    assert days.run(replace(calm(), strangers=(H1,)), 5) == ["raised h1.supply_air_sp_c.foreign"]
    assert days.run(calm(), 29) == []
    assert days.run(calm(), 5) == ["cleared h1.supply_air_sp_c.foreign"]
