"""How fast the physics is on this machine, and how near that is to what the machine can do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from twin.domain.arrays import Floats
from twin.domain.clock import SystemClock
from twin.domain.facility import CoolantUnits, Coolers, Facility, LiquidCooling
from twin.kernels.machine import FLOPS_A_VALUE, most_arithmetic, most_traffic
from twin.kernels.racks import inlets_dense
from twin.model.compiled import CompiledSite, compile_site
from twin.model.drive import Drive
from twin.model.rollout import Horizon, Plans, Rollout
from twin.model.simulate import first_state, run
from twin.shipped import shipped_config
from twin.sitefile.load import load_site
from twin.study.rack_room import RackRoom

_CLOCK = SystemClock()
SUB_STEP_FLOPS = 18.0  # of one lane, multiplications and additions
SUB_STEP_BYTES = 12.0 * 8.0  # eight numbers read and four written, from the first cache
RACK_FLOPS = 24.0 + 30.0  # twelve neighbours mixed; server law, metal and outlet
DENSE_RACKS = 2000


@dataclass(frozen=True, slots=True)
class Roof:
    """The machine: arithmetic on one core, and an array times a number in the first cache and in memory."""

    flop_s: float
    cache_byte_s: float
    memory_byte_s: float


@dataclass(frozen=True, slots=True)
class Speed:
    """One kind of work: seconds for each item, and the arithmetic and traffic of one, 0 where nobody counted."""

    name: str
    item: str
    seconds: float
    flops: float = 0.0
    bytes: float = 0.0

    @property
    def flop_s(self) -> float:
        return self.flops / self.seconds

    def of_roof(self, roof: Roof, byte_s: float) -> float:
        """Share of the most that arithmetic and a traffic of `byte_s` allow, 0..1."""
        return max(self.flop_s / roof.flop_s, self.bytes / self.seconds / byte_s)


def timed(job: Callable[[], object], least_s: float = 0.05, repetitions: int = 5) -> float:
    """Seconds of one call: the median of several repetitions, each of as many calls as fill `least_s`."""
    job()
    began = _CLOCK.monotonic_s()
    job()
    calls = max(1, int(least_s / max(_CLOCK.monotonic_s() - began, 1e-7)))
    took = []
    for _ in range(repetitions):
        began = _CLOCK.monotonic_s()
        for _ in range(calls):
            job()
        took.append((_CLOCK.monotonic_s() - began) / calls)
    return median(took)


def roof() -> Roof:
    """Measured on one core, now."""
    values, rounds = np.full(1024, 0.5), 200
    arithmetic_s = timed(lambda: most_arithmetic(values, rounds))
    small, large = np.ones(1_024), np.ones(8_000_000)
    there = np.empty_like(small), np.empty_like(large)
    small_s = timed(lambda: most_traffic(small, there[0], 1000)) / 1000
    large_s = timed(lambda: most_traffic(large, there[1], 1))
    return Roof(
        FLOPS_A_VALUE * values.size * rounds / arithmetic_s, 2 * small.nbytes / small_s, 2 * large.nbytes / large_s
    )


# --- scenes
def reference() -> Facility:
    """The shipped demo site: two halls, chilled water, towers, two UPS sides."""
    return load_site(shipped_config("demo")).facility


def with_everything() -> Facility:
    """The shipped site that has every system."""
    return load_site(shipped_config("site.full")).facility


def many_halls(n: int) -> Facility:
    """The demo site with `n` halls, its plant and power grown alike."""
    site = reference()
    k, plant, power = n / len(site.halls), site.plant, site.power
    cw_kg_s = plant.cw_pumps.fixed_flow_kg_s
    return replace(
        site,
        halls=tuple(replace(site.halls[0], id=f"h{h}") for h in range(n)),
        plant=replace(
            plant,
            chillers=replace(plant.chillers, capacity_w=k * plant.chillers.capacity_w),
            cw_pumps=replace(plant.cw_pumps, fixed_flow_kg_s=k * cw_kg_s),
            towers=replace(
                plant.towers,
                design_w=k * plant.towers.design_w,
                fan_w=k * plant.towers.fan_w,
                basin_j_k=k * plant.towers.basin_j_k,
            ),
            buffer_m3=k * plant.buffer_m3,
            loop_m3=k * plant.loop_m3,
        ),
        power=replace(
            power,
            ups=tuple(replace(side, module_w=k * side.module_w) for side in power.ups),
            transformer_va=k * power.transformer_va,
        ),
    )


def coolant_units(n: int) -> Facility:
    """One hall of racks on cold plates, three to a coolant unit, with facility water and towers of its own."""
    site, unit_w = reference(), 400e3
    hall = replace(
        site.halls[0], racks=tuple(replace(site.halls[0].racks[0], rated_w=unit_w / 3) for _ in range(3 * n))
    )
    units = CoolantUnits(
        ids=tuple(f"cdu-{i}" for i in range(n)), hall=hall.id, is_tank=False, design_w=0.9 * unit_w, facility_in_c=32.0,
        facility_out_c=42.0, coolant_supply_c=36.0, coolant_return_c=46.0, volume_j_k=0.84 * unit_w, pump_w=8473.0,
        fouling_frac=0.0, dew_margin_k=2.0, setpoint_c=36.0,
    )  # fmt: skip
    towers = Coolers(
        ids=tuple(f"ct-{i}" for i in range(5)), design_w=0.24 * n * unit_w, design_in_c=42.0, design_out_c=32.0,
        design_air_c=25.0, fan_w=0.004 * n * unit_w, pad_frac=0.0, pad_above_c=20.0,
    )  # fmt: skip
    return replace(
        many_halls(max(2, n // 2)),
        halls=(replace(hall, liquid_frac=0.9),),
        liquid=LiquidCooling((units,), "towers", towers, 2.0 * n, 200e3, 0.75, 32.0),
    )


def a_year(site: CompiledSite, *, steps: int, step_s: float) -> Floats:
    """Inputs over the seasons and the hours of the day, shape (steps, n_u)."""
    hours = np.arange(steps) * step_s / 3600.0
    season, day = np.sin(hours * 2 * np.pi / 8760.0), np.sin(hours * 2 * np.pi / 24.0)
    chance = np.random.default_rng(1)
    load = 0.75 + 0.1 * day + 0.01 * chance.standard_normal(steps)
    drive = Drive(
        outdoor_c=14.0 + 12.0 * season + 5.0 * day,
        wet_bulb_c=9.0 + 9.0 * season + 1.5 * day,
        load_w=load[:, None] * site.halls.rated_w,
        charge_w=200e3 * np.sign(day)[:, None],
        plane_w_m2=np.maximum(900.0 * day, 0.0)[:, None],
        n=steps,
    )
    return drive.rows(site)


def steps_s(site: CompiledSite, u: Floats, step_s: float, repetitions: int = 5) -> float:
    """Seconds of one step, one core, every output kept."""
    x = first_state(site, u[0])
    return timed(lambda: run(site, x, u, step_s), repetitions=repetitions) / len(u)


def plans_s(halls: int, plans: int, steps: int, *, threads: int = 0, repetitions: int = 7) -> float:
    """Seconds in which `plans` plans of `steps` steps of five minutes are rolled out in ten sub-steps each."""
    site, chance = compile_site(many_halls(halls)), np.random.default_rng(1)

    def walks(low: float, high: float, by: float, *shape: int) -> Floats:
        moved = chance.uniform(low, high, shape[1:]) + np.cumsum(chance.normal(0.0, by, shape), axis=0)
        return np.clip(moved, low, high)

    ahead = Horizon(
        dt_s=300.0,
        outdoor_c=np.full(steps, 28.0),
        wet_bulb_c=np.full(steps, 20.0),
        load_w=np.asarray(site.halls.rated_w) * chance.uniform(0.6, 0.9, (steps, halls)),
        crah_running=np.asarray(site.halls.crah_count).copy(),
        inlet_offset_k=np.zeros(halls),
        spread_k=np.full(halls, 2.0),
        chillers_available=float(site.chillers),
        ups_eco=np.zeros(len(site.ups_ids)),
    )
    many = Plans(
        walks(20.0, 24.0, 0.1, steps, halls, plans),
        walks(9.0, 13.0, 0.1, steps, plans),
        walks(23.0, 27.0, 0.2, steps, plans),
    )
    x = first_state(site, Drive(28.0, 20.0, ahead.load_w[0]).rows(site)[0])
    rollout = Rollout(site)
    return timed(lambda: rollout.plans(x, ahead, many, threads=threads), repetitions=repetitions)


def kernels() -> Sequence[Speed]:
    """The physics by kind of work, on one core."""
    two, full = compile_site(reference()), compile_site(with_everything())
    room = RackRoom()
    dense = np.eye(DENSE_RACKS), np.full(DENSE_RACKS, 22.0), np.zeros((DENSE_RACKS, DENSE_RACKS)), np.ones(DENSE_RACKS)
    inlet_c = np.empty(DENSE_RACKS)
    sub_steps = 1024 * 48 * 40 * 10
    return (
        Speed("site step", "minute of the demo site", steps_s(two, a_year(two, steps=5000, step_s=60.0), 60.0)),
        Speed("everything", "minute of the full site", steps_s(full, a_year(full, steps=5000, step_s=60.0), 60.0)),
        Speed(
            "rollout", "sub-step of a hall and plan", plans_s(40, 1024, 48, threads=1) / sub_steps,
            SUB_STEP_FLOPS, SUB_STEP_BYTES,
        ),
        Speed(
            "racks", "rack with 12 neighbours", timed(lambda: room.steps(1)) / room.racks,
            RACK_FLOPS, room.bytes_moved / room.racks,
        ),
        Speed(
            "heat matrix", f"product of {DENSE_RACKS} racks", timed(lambda: inlets_dense(*dense, inlet_c)),
            4.0 * DENSE_RACKS**2, 16.0 * DENSE_RACKS**2,
        ),
    )  # fmt: skip
