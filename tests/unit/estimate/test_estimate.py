"""Snapshot to state: what is used when readings are missing, what is named, and what is remembered."""

from __future__ import annotations

import math
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from tests.support.facilities import reference_tariff
from tests.support.states import T0_NS, control_settings
from tests.unit.estimate.builders import CRAHS, GOOD_READINGS, INLETS, POINTS, POWERS, Picture, a_point, an_estimator
from twin.domain.clock import NS_PER_S
from twin.domain.points import PointTable, Quality
from twin.domain.state import State
from twin.estimate.estimate import FIRST_RESIDUAL_SD_FRAC, LONGEST_STEP_S, estimate
from twin.estimate.forecast import persistence
from twin.estimate.memory import EstimateMemory
from twin.estimate.readings import first_known, mean_of

UNUSABLE = (Quality.BAD, Quality.STALE, Quality.MISSING)


def test_a_good_picture_is_taken_as_it_is() -> None:
    state = Picture().state()
    halls, plant = state.halls, state.plant
    assert halls.it_w.tolist() == [50e3]
    assert halls.supply_air_c.tolist() == [22.0]
    assert halls.return_air_c.tolist() == [34.0]
    assert halls.worst_inlet_c.tolist() == [pytest.approx(23.9)]
    assert halls.inlet_offset_k.tolist() == [pytest.approx(1.9)]
    assert halls.quorum_frac.tolist() == [1.0]
    assert halls.crah_running.tolist() == [2]
    assert halls.fan_frac.tolist() == [pytest.approx(0.7)]  # of the two that run
    assert halls.valve_frac.tolist() == [pytest.approx(0.5)]
    assert (plant.chws_c, plant.cws_c, plant.wet_bulb_c, plant.chillers_running) == (10.0, 24.0, 18.0, 1)
    assert state.ups.loss_w.tolist() == [4e3, 4e3]
    assert (state.facility_w, state.it_w) == (70e3, 52e3)
    assert state.missing == ()


# --- missing, stale and bad readings
@pytest.mark.parametrize("quality", UNUSABLE)
def test_an_unusable_reading_is_never_used(quality: Quality) -> None:
    absurd = Picture().having({"plant/chws_c": 99.0}).spoilt(["plant/chws_c"], quality)
    assert math.isnan(absurd.state().plant.chws_c)


def test_a_suspect_reading_is_used_but_is_not_good() -> None:
    state = Picture().spoilt(INLETS[:3], Quality.SUSPECT).state()
    assert state.halls.quorum_frac.tolist() == [pytest.approx(0.7)]
    assert state.halls.worst_inlet_c.tolist() == [pytest.approx(23.9)]


@pytest.mark.parametrize(
    ("lost", "missing"),
    [
        (["outdoor/dry_bulb_c"], ("outdoor/dry_bulb_c",)),
        (["outdoor/wet_bulb_c"], ("outdoor/wet_bulb_c",)),
        (["plant/chws_c"], ("plant/chws_c",)),
        (INLETS, ("h1/worst_inlet_c",)),
        ([*POWERS, "h1/it_w"], ("h1/it_w",)),
        (
            ["h1/supply_air_c", *(f"{crah}/supply_c" for crah in CRAHS)],
            ("h1/supply_air_c", "h1/worst_inlet_c"),  # an inlet is told as its distance from supply air
        ),
        (
            GOOD_READINGS,
            (
                "outdoor/dry_bulb_c",
                "outdoor/wet_bulb_c",
                "plant/chws_c",
                "h1/supply_air_c",
                "h1/it_w",
                "h1/worst_inlet_c",
            ),
        ),
    ],
)
@pytest.mark.parametrize("quality", UNUSABLE)
def test_what_deciding_cannot_do_without_is_named(lost: list[str], missing: tuple[str, ...], quality: Quality) -> None:
    assert Picture().spoilt(lost, quality).state().missing == missing


@pytest.mark.parametrize(
    "lost",
    ["h1/return_air_c", "h1/dew_point_c", "plant/cws_c", "plant/chwr_c", "meter/it_w", "meter/facility_w", INLETS[9]],
)
def test_what_deciding_can_do_without_is_not_named(lost: str) -> None:
    assert Picture().spoilt([lost], Quality.STALE).state().missing == ()


def test_a_site_that_has_no_such_point_reads_it_as_missing() -> None:
    fewer = PointTable(tuple(a_point(i, p) for i, p in enumerate(p for p in GOOD_READINGS if p != "h1/dew_point_c")))
    state, _ = estimate(an_estimator(fewer), Picture().snapshot(points=fewer), EstimateMemory())
    assert math.isnan(state.halls.dew_point_c[0])
    assert state.halls.supply_air_c.tolist() == [22.0]


# --- what stands in for what
def test_without_the_halls_own_sensor_supply_air_is_the_mean_of_the_running_air_handlers() -> None:
    state = Picture().spoilt(["h1/supply_air_c"], Quality.BAD).state()
    assert state.halls.supply_air_c.tolist() == [pytest.approx(22.15)]


def test_a_standing_air_handler_does_not_speak_for_the_hall() -> None:
    state = Picture().spoilt(["h1/supply_air_c", f"{CRAHS[0]}/supply_c", f"{CRAHS[1]}/supply_c"], Quality.STALE).state()
    assert math.isnan(state.halls.supply_air_c[0])  # the third reads 22.6, but it does not run


def test_an_air_handler_that_does_not_say_so_is_not_counted_as_running() -> None:
    state = Picture().spoilt([f"{CRAHS[0]}/running"], Quality.MISSING).state()
    assert state.halls.crah_running.tolist() == [1]


def test_a_few_silent_racks_are_scaled_up() -> None:
    state = Picture().having({POWERS[0]: 9e3}).spoilt(POWERS[6:], Quality.STALE).state()
    assert state.halls.it_w.tolist() == [pytest.approx((9e3 + 5 * 5e3) * 10 / 6)]


def test_with_half_of_the_racks_silent_the_halls_meter_is_believed() -> None:
    state = Picture().spoilt(POWERS[5:], Quality.STALE).state()
    assert state.halls.it_w.tolist() == [51e3]


def test_without_the_it_meter_the_ups_outputs_are_summed() -> None:
    assert Picture().spoilt(["meter/it_w"], Quality.BAD).state().it_w == 52e3
    lost = Picture().spoilt(["meter/it_w", "ups-a/output_w"], Quality.BAD).state()
    assert math.isnan(lost.it_w)  # half of the sides is no sum


@pytest.mark.parametrize("quality", UNUSABLE)
def test_an_unknown_generator_counts_as_running(quality: Quality) -> None:
    state = Picture().spoilt(["ups-b/on_generator"], quality).state()
    assert state.ups.on_generator.tolist() == [0, 1]


# --- setpoints
def test_setpoints_are_read_back_with_quality_and_source_time() -> None:
    state = Picture().read_at("h1/supply_air_sp_c", -42.0).spoilt(["plant/chws_sp_c"], Quality.STALE).state()
    assert state.setpoint[0] == 22.0
    assert math.isnan(state.setpoint[1])
    assert state.setpoint_quality.tolist() == [Quality.GOOD, Quality.STALE, Quality.GOOD]
    assert state.setpoint_ns[0] == T0_NS - 42 * NS_PER_S
    assert state.setpoint_ns[2] == T0_NS - NS_PER_S


def test_a_setpoint_without_a_point_was_never_read() -> None:
    fewer = PointTable(
        tuple(a_point(i, p) for i, p in enumerate(p for p in GOOD_READINGS if not p.startswith("ups-b/mode")))
    )
    state, _ = estimate(an_estimator(fewer), Picture().snapshot(points=fewer), EstimateMemory())
    assert math.isnan(state.setpoint[2])
    assert state.setpoint_quality[2] == Quality.MISSING
    assert state.setpoint_ns[2] == 0
    assert state.held_by_operator[2] == 0


@pytest.mark.parametrize(("flag", "held"), [(0.0, 0), (0.4, 0), (0.5, 1), (1.0, 1)])
def test_a_local_holder_is_seen(flag: float, held: int) -> None:
    assert Picture().having({"h1/supply_air_sp_held": flag}).state().held_by_operator.tolist() == [held, 0, 0]


@pytest.mark.parametrize(("priority", "held"), [(8.0, 1), (11.0, 1), (12.0, 0), (16.0, 0), (17.0, 0)])
def test_a_stronger_writer_on_bacnet_is_seen(priority: float, held: int) -> None:
    assert Picture().having({"plant/chws_sp_priority": priority}).state().held_by_operator.tolist() == [0, held, 0]


# --- from cycle to cycle
def test_the_same_snapshot_and_memory_give_the_same_state_to_the_bit() -> None:
    _, memory = Picture().estimated()
    warmer = Picture().having({INLETS[3]: 24.4})
    one, after_one = warmer.estimated(memory, 60.0)
    two, after_two = warmer.estimated(memory, 60.0)
    assert repr(one) == repr(two)
    assert msgspec.msgpack.encode(after_one) == msgspec.msgpack.encode(after_two)


def test_a_state_cannot_be_changed_by_whoever_reads_it() -> None:
    state = Picture().state()
    for array in (state.setpoint, state.setpoint_ns, state.held_by_operator, state.halls.it_w, state.halls.inlet_sd_k):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_inlet_uncertainty_grows_with_what_the_filter_cannot_follow() -> None:
    state, memory = Picture().estimated()
    before_k = float(state.halls.inlet_sd_k[0])
    for minute in range(1, 15):
        swing_k = 1.4 if minute % 2 else -1.4
        moved = Picture().having({INLETS[9]: 23.9 + swing_k})
        state, memory = moved.estimated(memory, 60.0 * minute)
    assert state.halls.inlet_sd_k[0] > before_k


def test_losing_the_warmest_sensor_does_not_make_the_hall_look_cooler() -> None:
    hot = Picture().having({INLETS[9]: 25.5})
    before, memory = hot.estimated()
    after, _ = hot.spoilt([INLETS[9]], Quality.STALE).estimated(memory, 60.0)
    assert after.halls.worst_inlet_c[0] >= before.halls.worst_inlet_c[0] - 1e-9
    assert after.halls.inlet_offset_k[0] >= before.halls.inlet_offset_k[0] - 1e-9
    assert after.halls.quorum_frac.tolist() == [pytest.approx(0.9)]


def test_a_point_that_turned_out_to_be_no_inlet_is_forgotten() -> None:
    wrong = Picture().having({INLETS[9]: 34.0})
    _, memory = wrong.estimated()
    after, _ = wrong.having({INLETS[9]: math.nan}).spoilt([INLETS[9]], Quality.BAD).estimated(memory, 60.0)
    assert after.halls.worst_inlet_c.tolist() == [pytest.approx(23.8)]


def test_doubtful_inlets_widen_the_doubt_of_their_hall() -> None:
    sure, memory = Picture().estimated()
    doubtful, _ = Picture().spoilt(INLETS[:2], Quality.SUSPECT).estimated(memory, 60.0)
    sure, _ = Picture().estimated(memory, 60.0)
    assert doubtful.halls.inlet_sd_k[0] == pytest.approx(sure.halls.inlet_sd_k[0] + 0.6)


def test_hidden_temperatures_go_on_from_the_last_cycle() -> None:
    first, memory = Picture().estimated()
    hotter = Picture().having(dict.fromkeys(POWERS, 7000.0) | {"h1/return_air_c": 37.0})
    soon, _ = hotter.estimated(memory, 60.0)
    anew, _ = hotter.estimated()
    assert first.halls.zone_metal_c[0] < soon.halls.zone_metal_c[0] < anew.halls.zone_metal_c[0]


@pytest.mark.parametrize("gap_s", [LONGEST_STEP_S + 1.0, -10.0])
def test_after_a_long_silence_or_a_step_back_they_start_anew(gap_s: float) -> None:
    _, memory = Picture().estimated()
    hotter = Picture().having(dict.fromkeys(POWERS, 7000.0))
    state, _ = hotter.estimated(memory, gap_s)
    anew, _ = hotter.estimated()
    assert state.halls.zone_metal_c[0] == pytest.approx(anew.halls.zone_metal_c[0])


def test_a_hall_that_cannot_be_read_for_a_while_recovers() -> None:
    _, memory = Picture().estimated()
    blind, memory = Picture().spoilt(GOOD_READINGS, Quality.MISSING).estimated(memory, 60.0)
    assert blind.missing
    state, _ = Picture().estimated(memory, 120.0)
    assert state.missing == ()
    assert np.isfinite(state.halls.zone_air_c).all()
    assert np.isfinite(state.halls.zone_metal_c).all()
    assert state.halls.worst_inlet_c.tolist() == [pytest.approx(23.9)]


def residual_of(state: State) -> tuple[float, float]:
    return state.residual_w, state.residual_sd_w


def test_the_first_residual_is_taken_as_it_is_with_two_per_cent_of_doubt() -> None:
    residual_w, sd_w = residual_of(Picture().state())
    more_w, _ = residual_of(Picture().having({"meter/facility_w": 71e3}).state())
    assert more_w - residual_w == pytest.approx(1e3)
    assert sd_w == pytest.approx(FIRST_RESIDUAL_SD_FRAC * 70e3)


def test_the_residual_is_filtered_and_its_doubt_grows_with_surprise() -> None:
    first, memory = Picture().estimated()
    calm, _ = Picture().estimated(memory, 600.0)
    surprise, _ = Picture().having({"meter/facility_w": 90e3}).estimated(memory, 600.0)
    assert calm.residual_w == pytest.approx(first.residual_w)
    assert first.residual_w < surprise.residual_w < first.residual_w + 20e3
    assert surprise.residual_sd_w > first.residual_sd_w > calm.residual_sd_w


def test_while_the_meter_is_silent_the_residual_stays() -> None:
    first, memory = Picture().estimated()
    silent = Picture().spoilt(["meter/facility_w"], Quality.STALE)
    assert residual_of(silent.estimated(memory, 60.0)[0]) == residual_of(first)
    assert residual_of(silent.state()) == (0.0, 0.0)  # and of nothing, nothing is claimed


def test_a_site_with_more_racks_or_halls_than_before_starts_its_filters_anew() -> None:
    _, memory = Picture().estimated()
    smaller = replace(
        memory,
        rack_offset_k=memory.rack_offset_k[:7],
        inlet_var_k2=(),
        air_c=(30.0, 30.0),
        metal_c=(40.0, 40.0),
    )
    state, after = Picture().estimated(smaller, 60.0)
    assert repr(state.halls) == repr(Picture().state().halls)
    assert len(after.rack_offset_k) == 10


def test_what_is_remembered_survives_a_restart_even_of_racks_never_read() -> None:
    _, memory = Picture().spoilt(INLETS[:2], Quality.MISSING).estimated()
    stored = msgspec.msgpack.encode(memory)
    assert math.isnan(memory.rack_offset_k[0])
    assert msgspec.msgpack.encode(msgspec.msgpack.decode(stored, type=EstimateMemory)) == stored


# --- what a decision cites
def test_the_inputs_of_a_decision_are_cited_with_their_quality() -> None:
    state = Picture().spoilt(["outdoor/wet_bulb_c"], Quality.STALE).spoilt(INLETS[:1], Quality.BAD).state()
    cited = dict(state.input_quality)
    assert cited["outdoor/wet_bulb_c"] == "stale"
    assert cited["outdoor/dry_bulb_c"] == "good"
    assert cited["h1 rack inlets"] == "90% good"


def test_labels_are_those_of_the_snapshot() -> None:
    state, memory = Picture().estimated(at_s=120.0)
    assert (state.cycle, state.now_ns, state.mono_s) == (3, T0_NS + 120 * NS_PER_S, 1120.0)
    assert memory.mono_s == 1120.0


# --- forecast and small parts
def test_the_next_period_is_expected_to_be_like_this_one_at_its_own_price() -> None:
    state = Picture().state()  # 12:00 UTC is 20:00 local: peak
    forecast = persistence(state, control_settings(), reference_tariff())
    assert forecast.it_w.tolist() == state.halls.it_w.tolist()
    assert (forecast.wet_bulb_c, forecast.outdoor_c) == (18.0, 25.0)
    assert (forecast.it_step_frac, forecast.price_per_kwh, forecast.carbon_kg_per_kwh) == (0.2, 1.2, 0.55)


def test_a_mean_is_of_what_is_there() -> None:
    assert mean_of(np.array([1.0, np.nan, 3.0])) == 2.0
    assert math.isnan(mean_of(np.array([np.nan])))
    assert math.isnan(mean_of(np.array([])))


def test_the_first_known_value_is_taken() -> None:
    assert first_known(math.nan, 0.0, 3.0) == 0.0
    assert math.isnan(first_known(math.nan))
    assert math.isnan(first_known())


def test_the_builders_points_are_all_that_the_layout_asks_for() -> None:
    layout = an_estimator().layout
    asked = [*layout.setpoint, *layout.held, *layout.chiller_running, *layout.ups_output, layout.dry_bulb]
    assert min(asked) >= 0
    assert len(POINTS) == len(GOOD_READINGS)
