"""Snapshot to State: what the site is believed to do now. Pure: the same snapshot and memory give the same state."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from twin.domain.actuators import ActuatorTable
from twin.domain.arrays import Flags, Floats, frozen
from twin.domain.facility import Facility
from twin.domain.points import Quality
from twin.domain.snapshot import Snapshot
from twin.domain.state import HallState, PlantState, State, UpsState
from twin.estimate.inlets import doubted_sd_k, track
from twin.estimate.layout import HallLayout, Layout
from twin.estimate.memory import EstimateMemory
from twin.estimate.readings import Readings, first_known, mean_of
from twin.model.compiled import CompiledSite
from twin.model.compiled_halls import AIR_J_KG_K
from twin.model.steady import Candidates, Conditions, steady_state
from twin.model.transient import HallDrive, advanced, settled

LONGEST_STEP_S = 3600.0  # after a longer silence the hidden temperatures start anew
AIR_GAIN = 0.3  # share of the return-air error that a cycle corrects
RESIDUAL_TAU_S = 1800.0
FIRST_RESIDUAL_SD_FRAC = 0.02
LEAST_POWER_SHARE = 0.5  # of the racks must report before their sum is scaled up


@dataclass(frozen=True, slots=True)
class Estimator:
    """All that estimating needs to know of a site."""

    facility: Facility
    site: CompiledSite
    actuators: ActuatorTable
    layout: Layout
    write_priority: int = 12  # what stands at a lower one is somebody else's


def _held(known: Estimator, seen: Readings) -> Flags:
    """Setpoints that somebody at the plant has: by a switch, or by a stronger priority than ours."""
    held: Flags = seen.many(known.layout.held) >= 0.5
    stronger: Flags = seen.many(known.layout.priority) < known.write_priority
    return held | stronger


def estimate(known: Estimator, snapshot: Snapshot, memory: EstimateMemory) -> tuple[State, EstimateMemory]:
    """The state of this cycle, and what to remember for the next."""
    seen = Readings(snapshot)
    if (len(memory.rack_offset_k), len(memory.air_c)) != (known.layout.racks, len(known.facility.halls)):
        memory = EstimateMemory()  # a first cycle, or the site file has changed since
    dt_s = snapshot.mono_s - memory.mono_s
    going_on = memory.mono_s >= 0.0 and 0.0 <= dt_s <= LONGEST_STEP_S
    halls, memory = _halls(known, seen, memory, dt_s if going_on else -1.0)
    plant = _plant(known, seen)
    ups = _ups(known, seen)
    facility_w, it_w = seen.one(known.layout.facility_power), _metered_it_w(known, seen)
    setpoint = seen.many(known.layout.setpoint)
    residual_w, residual_var = _residual(known, halls, plant, setpoint, facility_w, memory, dt_s if going_on else -1.0)
    state = State(
        cycle=snapshot.cycle,
        now_ns=snapshot.now_ns,
        mono_s=snapshot.mono_s,
        halls=halls,
        plant=plant,
        ups=ups,
        facility_w=facility_w,
        it_w=it_w,
        setpoint=setpoint,
        setpoint_quality=np.array([int(seen.quality(int(i))) for i in known.layout.setpoint], dtype=np.uint8),
        setpoint_ns=seen.source_ns(known.layout.setpoint),
        held_by_operator=_held(known, seen).astype(np.uint8),
        missing=_missing(known, halls, plant),
        input_quality=_cited(known, snapshot, seen),
        residual_w=residual_w,
        residual_sd_w=math.sqrt(residual_var),
    )
    for array in (state.setpoint, state.setpoint_quality, state.setpoint_ns, state.held_by_operator):
        frozen(array)
    return state, EstimateMemory(
        mono_s=snapshot.mono_s,
        rack_offset_k=memory.rack_offset_k,
        inlet_var_k2=memory.inlet_var_k2,
        air_c=memory.air_c,
        metal_c=memory.metal_c,
        residual_w=residual_w,
        residual_var_w2=residual_var,
    )


def _halls(known: Estimator, seen: Readings, memory: EstimateMemory, dt_s: float) -> tuple[HallState, EstimateMemory]:
    layout, n = known.layout, len(known.facility.halls)
    it_w, supply_c, return_c = np.full(n, np.nan), np.full(n, np.nan), np.full(n, np.nan)
    worst_c, offset_k, sd_k, quorum = (np.full(n, np.nan) for _ in range(4))
    dew_c, fan, valve = (np.full(n, np.nan) for _ in range(3))
    running = np.zeros(n, dtype=np.int64)
    racks_k = np.asarray(memory.rack_offset_k or [math.nan] * layout.racks)
    variances = list(memory.inlet_var_k2 or [-1.0] * n)
    for h, points in enumerate(layout.halls):
        on = seen.many(points.crah_running) >= 0.5
        running[h] = int(np.count_nonzero(on))
        fan[h] = mean_of(seen.many(points.crah_fan)[on])
        valve[h] = mean_of(seen.many(points.crah_valve)[on])
        supply_c[h] = first_known(seen.one(points.supply_air), mean_of(seen.many(points.crah_supply)[on]))
        return_c[h] = first_known(seen.one(points.return_air), mean_of(seen.many(points.crah_return)[on]))
        dew_c[h] = seen.one(points.dew_point)
        it_w[h] = _hall_it_w(points, seen)
        quorum[h] = seen.good_frac(points.inlet)
        part = slice(points.first_rack, points.first_rack + len(points.inlet))
        before_k = np.where(seen.disowned(points.inlet), np.nan, racks_k[part])
        inlets, variances[h] = track(seen.many(points.inlet), float(supply_c[h]), before_k, variances[h], dt_s)
        racks_k[part] = inlets.offsets_k
        worst_c[h], offset_k[h] = inlets.worst_c, inlets.offset_k
        sd_k[h] = inlets.sd_k + doubted_sd_k(float(quorum[h]))
    air_c, metal_c = _zones(known, seen, memory, (it_w, supply_c, return_c, fan, running.astype(np.float64)), dt_s)
    state = HallState(
        it_w=it_w,
        zone_air_c=air_c,
        zone_metal_c=metal_c,
        supply_air_c=supply_c,
        return_air_c=return_c,
        worst_inlet_c=worst_c,
        inlet_offset_k=offset_k,
        inlet_sd_k=sd_k,
        quorum_frac=quorum,
        dew_point_c=dew_c,
        fan_frac=fan,
        valve_frac=valve,
        crah_running=running,
    )
    for array in (
        it_w,
        air_c,
        metal_c,
        supply_c,
        return_c,
        worst_c,
        offset_k,
        sd_k,
        quorum,
        dew_c,
        fan,
        valve,
        running,
    ):
        frozen(array)
    return state, EstimateMemory(
        mono_s=memory.mono_s,
        rack_offset_k=tuple(racks_k.tolist()),
        inlet_var_k2=tuple(variances),
        air_c=tuple(air_c.tolist()),
        metal_c=tuple(metal_c.tolist()),
        residual_w=memory.residual_w,
        residual_var_w2=memory.residual_var_w2,
    )


def _hall_it_w(points: HallLayout, seen: Readings) -> float:
    """Sum over the racks, scaled up for the few that are silent; else the hall's own meter."""
    powers = seen.many(points.rack_power)
    there = powers[~np.isnan(powers)]
    if len(there) > LEAST_POWER_SHARE * len(powers):
        return float(there.sum()) * len(powers) / len(there)
    return seen.one(points.it_power)


def _zones(
    known: Estimator,
    seen: Readings,
    memory: EstimateMemory,
    drive: tuple[Floats, Floats, Floats, Floats, Floats],
    dt_s: float,
) -> tuple[Floats, Floats]:
    """Air and metal of each hall: predicted by the zone model, the air pulled towards the measured return air."""
    it_w, supply_c, return_c, fan, running = drive
    outdoor_c = seen.one(known.layout.dry_bulb)
    inputs = HallDrive(
        flow_w_k=fan * running * known.site.halls.air0_kg_s * AIR_J_KG_K,
        supply_air_c=supply_c,
        it_w=it_w,
        room_w=known.site.halls.lights_w + it_w * known.site.plant.pdu_loss_frac,
        outdoor_c=outdoor_c,
    )
    air_c, metal_c = settled(known.site, inputs)
    if dt_s >= 0.0 and memory.air_c:
        before_air_c, before_metal_c = np.asarray(memory.air_c), np.asarray(memory.metal_c)
        moved_air_c, moved_metal_c = advanced(known.site, before_air_c, before_metal_c, inputs, dt_s)
        sound = np.isfinite(moved_air_c) & np.isfinite(moved_metal_c)
        air_c, metal_c = np.where(sound, moved_air_c, air_c), np.where(sound, moved_metal_c, metal_c)
    error_k = return_c - air_c
    return np.where(np.isnan(error_k), air_c, air_c + AIR_GAIN * error_k), metal_c


def _plant(known: Estimator, seen: Readings) -> PlantState:
    layout = known.layout
    running = seen.many(layout.chiller_running)
    return PlantState(
        chws_c=seen.one(layout.chws),
        chwr_c=seen.one(layout.chwr),
        cws_c=seen.one(layout.cws),
        chillers_running=int(np.count_nonzero(running >= 0.5)),
        outdoor_c=seen.one(layout.dry_bulb),
        wet_bulb_c=seen.one(layout.wet_bulb),
        cooling_w=seen.one(layout.cooling),
    )


def _ups(known: Estimator, seen: Readings) -> UpsState:
    layout = known.layout
    output_w = seen.many(layout.ups_output)
    generator = seen.many(layout.ups_generator)
    return UpsState(
        output_w=output_w,
        loss_w=seen.many(layout.ups_input) - output_w,
        battery_frac=seen.many(layout.ups_battery),
        mains_deviation_frac=seen.many(layout.ups_mains),
        thd_frac=seen.many(layout.ups_thd),
        on_generator=(~(generator < 0.5)).astype(np.uint8),  # unknown counts as on a generator
    )


def _metered_it_w(known: Estimator, seen: Readings) -> float:
    """IT power at the UPS outputs: the meter, else the sum of the sides."""
    sides_w = seen.many(known.layout.ups_output)
    return first_known(seen.one(known.layout.it_power), float(sides_w.sum()))


def _residual(
    known: Estimator,
    halls: HallState,
    plant: PlantState,
    setpoint: Floats,
    facility_w: float,
    memory: EstimateMemory,
    dt_s: float,
) -> tuple[float, float]:
    """(metered minus predicted facility power W, variance W2) at the present operating point, filtered."""
    now = Conditions(
        it_w=halls.it_w,
        supply_air_c=halls.supply_air_c,
        mean_offset_k=0.5 * halls.inlet_offset_k,
        inlet_offset_k=halls.inlet_offset_k,
        crah_running=halls.crah_running,
        chillers_running=plant.chillers_running,
        chillers_available=known.site.chillers,
        outdoor_c=plant.outdoor_c,
        wet_bulb_c=plant.wet_bulb_c,
    )
    candidates = Candidates.from_setpoints(known.actuators, setpoint.reshape(1, -1), known.site)
    error_w = facility_w - float(steady_state(known.site, now, candidates).facility_w[0])
    if math.isnan(error_w):
        return memory.residual_w, memory.residual_var_w2 if memory.residual_var_w2 >= 0.0 else 0.0
    if memory.residual_var_w2 < 0.0 or dt_s < 0.0:
        return error_w, (FIRST_RESIDUAL_SD_FRAC * facility_w) ** 2
    keep = math.exp(-dt_s / RESIDUAL_TAU_S)
    residual_w = keep * memory.residual_w + (1.0 - keep) * error_w
    return residual_w, keep * memory.residual_var_w2 + (1.0 - keep) * (error_w - residual_w) ** 2


def _missing(known: Estimator, halls: HallState, plant: PlantState) -> tuple[str, ...]:
    """Inputs that deciding cannot do without and that are not usable now, by point id."""
    needed = [
        ("outdoor/dry_bulb_c", plant.outdoor_c),
        ("outdoor/wet_bulb_c", plant.wet_bulb_c),
        ("plant/chws_c", plant.chws_c),
    ]
    for h, hall in enumerate(known.facility.halls):
        needed += [
            (f"{hall.id}/supply_air_c", float(halls.supply_air_c[h])),
            (f"{hall.id}/it_w", float(halls.it_w[h])),
            (f"{hall.id}/worst_inlet_c", float(halls.worst_inlet_c[h])),
        ]
    return tuple(name for name, value in needed if math.isnan(value))


def _cited(known: Estimator, snapshot: Snapshot, seen: Readings) -> tuple[tuple[str, str], ...]:
    """The inputs that a decision rests on, each with its quality; of a hall's racks the share that is good."""
    layout = known.layout
    singles = [layout.dry_bulb, layout.wet_bulb, layout.chws, layout.cws, layout.facility_power]
    singles += [i for hall in layout.halls for i in (hall.supply_air, hall.dew_point)]
    cited = [(snapshot.points.points[i].id, Quality(seen.quality(i)).name.lower()) for i in singles if i >= 0]
    for hall, points in zip(known.facility.halls, layout.halls, strict=True):
        cited.append((f"{hall.id} rack inlets", f"{seen.good_frac(points.inlet):.0%} good"))
    return tuple(cited)
