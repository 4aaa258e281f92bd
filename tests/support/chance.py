"""Sites drawn from a seed: any readings, or none; setpoints anywhere; any rights. Drawing each value is too slow."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from controllers.api import Authority, Grant
from controllers.guard.memory import GuardMemory
from tests.support.states import CHW, CW, H1, H2, POINTS, T0_NS, UPS_A, UPS_B, Scene, a_scene, control_settings
from twin.domain.actuators import Actuator, Kind, Mode
from twin.domain.clock import NS_PER_S

CALM = a_scene()
ACTUATORS = CALM.limits.actuators.actuators
NAN = math.nan


class Chance:
    """Draws from a seed: readings that may be missing, setpoints that may stand anywhere."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)

    def between(self, low: float, high: float) -> float:
        return float(self.random.uniform(low, high))

    def one_of(self, *choices: float) -> float:
        return choices[int(self.random.integers(len(choices)))]

    def often(self, frac: float = 0.75) -> bool:
        return bool(self.random.random() < frac)

    def reading(self, low: float, high: float) -> float:
        """A reading, or none."""
        return self.between(low, high) if self.often(0.85) else NAN

    def two(self, low: float, high: float) -> list[float]:
        return [self.reading(low, high), self.reading(low, high)]

    def stands(self, actuator: Actuator) -> float:
        """Where a setpoint may be found: mostly on its grid inside the limits, now and then anywhere."""
        if actuator.kind is Kind.UPS_MODE:
            return self.one_of(0.0, 1.0)
        if self.often():
            steps = round((actuator.high - actuator.low) / actuator.step)
            return round(actuator.low + int(self.random.integers(steps + 1)) * actuator.step, 6)
        return self.between(actuator.low - 5.0, actuator.high + 5.0)

    def grant(self, actuator: Actuator) -> Grant:
        if self.often():
            return Grant(Mode.CONTROL, None, False, "")
        fixed = round(self.between(actuator.low, actuator.high), 0 if actuator.kind is Kind.UPS_MODE else 3)
        mode = tuple(Mode)[int(self.random.integers(3))]
        return Grant(mode, fixed if self.often(0.5) else None, self.often(0.3), "a reason")


def a_site(seed: int) -> Scene:
    """Any state of the site, of what is known of it, and of who may do what."""
    chance = Chance(seed)
    scene = CALM.halls(
        it_w=chance.two(0.0, 1.2e6),
        supply_air_c=chance.two(15.0, 30.0),
        worst_inlet_c=chance.two(18.0, 27.0) if chance.often() else chance.two(18.0, 40.0),
        inlet_offset_k=chance.two(-1.0, 10.0),
        inlet_sd_k=chance.two(0.1, 0.9),
        quorum_frac=[chance.one_of(1.0, 1.0, 1.0, 0.85, 0.5, 0.0, NAN), 1.0],
        dew_point_c=chance.two(0.0, 26.0),
        crah_running=[float(chance.random.integers(13)), 12.0],
    )
    scene = scene.plant(
        outdoor_c=chance.reading(-20.0, 45.0),
        wet_bulb_c=chance.reading(-20.0, 30.0),
        chws_c=chance.reading(4.0, 25.0),
        chillers_running=int(chance.random.integers(4)),
    )
    scene = scene.ups(
        output_w=chance.two(0.0, 1.5e6),
        battery_frac=[1.0, chance.one_of(1.0, 1.0, 0.95, 0.5, NAN)],
        mains_deviation_frac=[0.0, chance.one_of(0.0, 0.02, 0.02, -0.1, NAN)],
        thd_frac=[0.02, chance.one_of(0.02, 0.02, 0.02, 0.2, NAN)],
        on_generator=[0.0, chance.one_of(0.0, 0.0, 0.0, 1.0)],
    )
    scene = scene.believing(
        missing=() if chance.often() else ("outdoor/wet_bulb_c",),
        setpoint_quality=np.array([0 if chance.often(0.9) else chance.random.integers(5) for _ in POINTS], np.uint8),
    )
    for actuator in ACTUATORS:
        rested_s = chance.between(0.0, 7200.0) if chance.often() else chance.between(0.0, 130.0)
        scene = scene.standing({actuator.point: chance.stands(actuator)}, since_s=rested_s)
    return replace(scene, authority=Authority(tuple(chance.grant(actuator) for actuator in ACTUATORS)))


def a_likely_site(seed: int) -> Scene:
    """A drawn working point such as a healthy site has, everything known."""
    chance = Chance(seed)
    supply_c, offset_k = [chance.between(19.0, 24.0) for _ in "12"], [chance.between(1.0, 4.0) for _ in "12"]
    scene = a_scene().halls(
        it_w=[chance.between(300e3, 700e3), chance.between(300e3, 700e3)],
        supply_air_c=supply_c,
        inlet_offset_k=offset_k,
        worst_inlet_c=[supply + offset for supply, offset in zip(supply_c, offset_k, strict=True)],
        dew_point_c=chance.between(5.0, 15.0),
    )
    wet_bulb_c = chance.between(2.0, 19.0)
    scene = scene.plant(wet_bulb_c=wet_bulb_c, outdoor_c=wet_bulb_c + chance.between(0.0, 12.0))
    stands = {H1: supply_c[0], H2: supply_c[1], CHW: chance.between(8.0, 12.0), CW: chance.between(24.0, 27.0)}
    scene = scene.standing({point: round(value, 1) for point, value in stands.items()})
    if chance.often(0.5):
        scene = scene.allowed(UPS_A, Mode.SHADOW).allowed(UPS_B, Mode.SHADOW)  # else their saving outweighs all others
    return replace(scene, control=control_settings(min_saving_frac=chance.one_of(0.0, 0.005, 0.02, 0.5)))


def a_memory(seed: int) -> GuardMemory:
    chance = Chance(seed)
    changes = {
        point: tuple(T0_NS - int(age_s) * NS_PER_S for age_s in chance.random.integers(0, 90_000, size=3))
        for point in POINTS[4:]
    }
    reverting = (("h1",), ("h1", "h2"))[int(chance.random.integers(2))] if not chance.often() else ()
    return GuardMemory(reverting, changes, {"ups-b": T0_NS - int(chance.between(0.0, 30_000.0)) * NS_PER_S})
