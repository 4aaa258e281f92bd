"""A site of ten thousand racks and two hundred setpoints, read from site files as any other, and scenes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

import numpy as np

from controllers.api import Authority, Grant, Previous
from controllers.guard.checker import Checker
from controllers.guard.draft import GuardInput
from controllers.guard.memory import GuardMemory
from controllers.publish.leases import Lease, Ledger
from twin.domain.actuators import Actuator, Kind, Mode
from twin.domain.arrays import Floats
from twin.domain.clock import NS_PER_S
from twin.domain.decisions import Candidate, Plan
from twin.domain.site import Site
from twin.domain.state import Forecast, HallState, PlantState, State, UpsState
from twin.model.compiled import CompiledSite
from twin.model.warm import warm
from twin.shipped import shipped_config
from twin.sitefile.load import load_site

NOW_NS = 1_784_116_800 * NS_PER_S
EPOCH = 3
_TABLE_HALLS = 64  # the most that one table of the file may stand for
_RACKS = 51
_RACK_W = 7500.0


def _hall(first: int, count: int, racks: int) -> str:
    units = racks * _RACK_W / 100e3
    return f"""
[[halls]]
count = {count}
first = {first}
id = "h{{n}}"
air_volume_m3 = {24 * racks}
envelope_ua_w_k = {5 * racks}
lights_w = {50 * racks}
bypass_frac = 0.05
[[halls.racks]]
count = {racks}
id = "{{hall}}-r{{n:03}}"
rated_w = {_RACK_W}
[halls.crah]
count = {int(units) + 3}
needed = {int(units) + 1}
design_w = 100e3
design_flow_m3_s = 7.14
design_fan_w = 5900
design_return_c = 35
design_supply_c = 23
design_chw_in_c = 15
design_chw_out_c = 21
"""


def _site_file(racks: int, halls: int) -> str:
    """So many racks in so many halls of which the last takes what is left over."""
    usual, last = _RACKS, racks - (halls - 1) * _RACKS
    it_w = racks * _RACK_W
    tables = [
        _hall(first, min(_TABLE_HALLS, halls - first), usual) for first in range(1, halls, _TABLE_HALLS) if halls > 1
    ]
    return f"""
[site]
id = "large"
name = "Ten thousand racks"
altitude_m = 100
{"".join(tables)}{_hall(halls, 1, last)}
[plant]
buffer_m3 = {1e-5 * it_w:g}
loop_m3 = {0.7e-5 * it_w:g}
[plant.chillers]
count = 12
needed = 10
id = "ch-{{n}}"
curve = "carrier-19xr-1234kw"
capacity_w = {0.13 * it_w:g}
cop_rated = 5.39
auxiliary_w = {1e-3 * it_w:g}
restart_s = 240
[plant.chw_pumps]
head_pa = 250e3
efficiency_frac = 0.70
design_range_k = 6
[plant.cw_pumps]
head_pa = 200e3
efficiency_frac = 0.75
design_range_k = 5.56
[plant.towers]
count = 12
needed = 10
id = "ct-{{n}}"
design_w = {0.14 * it_w:g}
design_in_c = 35
design_out_c = 29.44
design_wet_bulb_c = 25.55
fan_w = {2e-3 * it_w:g}
basin_m3 = {2.4e-4 * it_w:g}
[power]
transformers = 4
transformer_va = {0.5 * it_w:g}
transformer_no_load_w = {3e-4 * it_w:g}
transformer_load_loss_w = {2e-3 * it_w:g}
[[power.ups]]
count = 2
id = "ups-{{letter}}"
modules = 40
module_w = {0.035 * it_w:g}
"""


def large_site(racks: int, halls: int) -> Site:
    """The site, through the loader; topic map, envelope and tariff are those of the demo site."""
    with TemporaryDirectory() as room:
        for name in ("points.toml", "limits.toml", "control.toml", "tariff.toml"):
            copyfile(shipped_config("demo") / name, Path(room) / name)
        (Path(room) / "site.toml").write_text(_site_file(racks, halls), encoding="utf-8")
        return load_site(Path(room))


@dataclass(frozen=True, slots=True)
class Case:
    """All that one cycle hands to the guard and to what stands behind it."""

    given: GuardInput
    plan: Plan
    memory: GuardMemory
    ledger: Ledger


class Scenes:
    """Cycles of a large site: calm ones that rise everywhere, hot ones, blind ones, ones without authority."""

    def __init__(self, racks: int, halls: int) -> None:
        self.site = large_site(racks, halls)
        self.compiled: CompiledSite = warm(self.site.facility)
        self.checker = Checker((shipped_config("demo") / "limits.toml").read_bytes(), self.site.topics.root)

    def cases(self, count: int, seed: int) -> Iterator[Case]:
        """So many cycles, drawn from a seed; the same in every run."""
        for n in range(count):
            yield self._case(np.random.default_rng((seed, n)))

    def _case(self, chance: np.random.Generator) -> Case:
        n, rated_w = len(self.compiled.hall_ids), self.compiled.halls.rated_w
        hot, blind, strict = chance.random() < 0.1, chance.random() < 0.1, chance.random() < 0.1
        load = chance.uniform(0.3, 0.8)
        supply_c = np.round(chance.uniform(20.0, 23.5, n), 1)
        offset_k = chance.uniform(1.0, 3.0, n)
        worst_c = supply_c + offset_k + (chance.uniform(0.0, 12.0, n) if hot else 0.0)
        halls = HallState(
            it_w=load * rated_w * chance.uniform(0.9, 1.1, n),
            zone_air_c=supply_c + 11.0,
            zone_metal_c=supply_c + 22.0,
            supply_air_c=supply_c + chance.normal(0.0, 0.1, n),
            return_air_c=supply_c + 11.0,
            worst_inlet_c=worst_c,
            inlet_offset_k=offset_k,
            inlet_sd_k=chance.uniform(0.1, 0.8 if strict else 0.5, n),
            quorum_frac=np.where(chance.random(n) < (0.2 if strict else 0.0), 0.5, 1.0),
            dew_point_c=chance.uniform(8.0, 14.0, n),
            fan_frac=np.full(n, 0.7),
            valve_frac=np.full(n, 0.5),
            crah_running=self.compiled.halls.crah_count.astype(np.int64) - (chance.random(n) < 0.05),
        )
        chws_c, cws_c = chance.uniform(9.0, 12.0), chance.uniform(24.0, 27.0)
        wet_bulb_c = chance.uniform(5.0, 18.0)
        it_w = float(np.sum(halls.it_w))
        actuators = self.site.limits.actuators.actuators
        previous = self._previous(actuators, supply_c, chws_c, cws_c, chance)
        state = State(
            cycle=int(chance.integers(1, 10**6)),
            now_ns=NOW_NS,
            mono_s=1e5,
            halls=halls,
            plant=PlantState(chws_c, chws_c + 6.0, cws_c, 9, wet_bulb_c + 6.0, wet_bulb_c, 0.2 * it_w),
            ups=UpsState(
                output_w=np.full(2, 0.51 * it_w),
                loss_w=np.full(2, 0.02 * it_w),
                battery_frac=np.ones(2),
                mains_deviation_frac=chance.uniform(-0.04, 0.04, 2),
                thd_frac=np.full(2, 0.02),
                on_generator=np.zeros(2, dtype=np.uint8),
            ),
            facility_w=1.3 * it_w,
            it_w=it_w,
            setpoint=previous.value,
            setpoint_quality=np.zeros(len(actuators), dtype=np.uint8),
            setpoint_ns=np.full(len(actuators), NOW_NS - 5 * NS_PER_S, dtype=np.int64),
            held_by_operator=np.zeros(len(actuators), dtype=np.uint8),
            missing=("outdoor/wet_bulb_c",) if blind else (),
            input_quality=(("outdoor/wet_bulb_c", "good"), ("h1 rack inlets", "100% good")),
            residual_w=0.0,
            residual_sd_w=1e-3 * it_w,
        )
        forecast = Forecast(halls.it_w, wet_bulb_c, wet_bulb_c + 6.0, 0.2, 0.15, 0.35)
        grants = tuple(self._grant(strict, chance) for _ in actuators)
        given = GuardInput(
            self.compiled, self.site.facility, self.site.limits, self.site.control, state, forecast, Authority(grants),
            previous,
        )  # fmt: skip
        wish = previous.value + chance.choice([0.1, 0.1, 0.1, 0.05, -0.1, -0.3], len(actuators))
        plan = self._plan(actuators, previous.value, wish)
        return Case(given, plan, GuardMemory(), self._ledger(actuators, previous))

    @staticmethod
    def _previous(
        actuators: tuple[Actuator, ...], supply_c: Floats, chws_c: float, cws_c: float, chance: np.random.Generator
    ) -> Previous:
        value = np.array([a.local for a in actuators])
        row = 0
        for actuator in actuators:
            match actuator.kind:
                case Kind.SUPPLY_AIR:
                    value[actuator.index] = supply_c[row]
                    row += 1
                case Kind.CHILLED_WATER:
                    value[actuator.index] = round(chws_c, 1)
                case Kind.CONDENSER_WATER:
                    value[actuator.index] = round(cws_c, 1)
                case Kind.UPS_MODE:
                    value[actuator.index] = 0.0
        n = len(actuators)
        age_s = chance.integers(60, 3600, n)
        return Previous(value, NOW_NS - age_s * NS_PER_S, np.ones(n, dtype=np.bool_), np.ones(n, dtype=np.bool_))

    @staticmethod
    def _grant(strict: bool, chance: np.random.Generator) -> Grant:
        if not strict or chance.random() < 0.6:
            return Grant(Mode.CONTROL, None, False, "")
        return Grant(Mode.ADVISE, None, chance.random() < 0.5, "mode is advise")

    @staticmethod
    def _plan(actuators: tuple[Actuator, ...], before: Floats, wish: Floats) -> Plan:
        wish = wish.copy()
        for actuator in actuators:
            if actuator.kind is Kind.UPS_MODE:
                wish[actuator.index] = 1.0
        chosen = Candidate("search", wish, 100.0, 1.2e6, 2e5, 25.0, True, "")
        hold = Candidate("hold", before, 101.0, 1.21e6, 2.1e5, 25.0, True, "")
        n = len(actuators)
        return Plan("predictive", chosen, hold, hold, ("cheaper",) * n, ("worst inlet",) * n, 1e3)

    @staticmethod
    def _ledger(actuators: tuple[Actuator, ...], previous: Previous) -> Ledger:
        """Every lease is past its half: what is granted is sent."""
        leases = {
            a.point: Lease(
                float(previous.value[a.index]), int(previous.since_ns[a.index]), active=True, number=4, seq=9,
                issued_ns=NOW_NS - 120 * NS_PER_S, expires_ns=NOW_NS + 60 * NS_PER_S, decision=f"{EPOCH}-1-{a.index}",
            )
            for a in actuators
        }  # fmt: skip
        return Ledger(EPOCH, leases)
