"""The simulated site behind its gateways: step it, take its messages, hand it setpoints. No network, no clock."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twin.domain.actuators import Kind
from twin.domain.arrays import Floats
from twin.domain.clock import NS_PER_S
from twin.domain.facility import Facility
from twin.domain.site import Site
from twin.simulator.encode import Encoder
from twin.simulator.faults import Fault, FaultSchedule
from twin.simulator.hidden import Hidden, draw
from twin.simulator.load import Load, ShapedLoad
from twin.simulator.plant import Plant, Setpoints
from twin.simulator.ratings import rate
from twin.simulator.readings import point_ids, true_values
from twin.simulator.receiver import ReceiverLike, load_receiver
from twin.simulator.sensors import Sensors, clock_skew_ns
from twin.simulator.truth import Truth
from twin.simulator.weather import ShapedWeather, Weather

MODES = (0.0, 1.0)


class SimulatedSite:
    """A plant with hidden truth, faulty sensors and the topics of a site's own topic map.

    Args:
        site: The loaded site directory; only its files are known to the twin.
        start_ns: UTC of the first instant; the plant has settled by then.
        seed: Draws the plant, its sensors, load noise and which targets a fault hits; the site's own by default.
        weather: Outdoor air; a temperate climate by default.
        load: Computing load; the built-in shape by default.
        faults: What goes wrong, counted from `start_ns`.
        hidden: Instead of a drawn plant.
        never_ahead: No sensor clock runs ahead; needed when source time drives the daemon.
    Raises: TwinError: a fault without target, or topics that no message can satisfy.
    """

    def __init__(
        self,
        site: Site,
        *,
        start_ns: int,
        seed: int | None = None,
        weather: Weather | None = None,
        load: Load | None = None,
        faults: Sequence[Fault] = (),
        hidden: Hidden | None = None,
        never_ahead: bool = True,
    ) -> None:
        self.site, self.now_ns, self._start_ns = site, start_ns, start_ns
        self.seed = site.seed if seed is None else seed
        facility, tariff = site.facility, site.tariff
        self._weather: Weather = weather or ShapedWeather(
            "temperate", altitude_m=facility.altitude_m, utc_offset_h=tariff.utc_offset_h, seed=self.seed
        )
        self._load: Load = load or ShapedLoad(len(facility.halls), utc_offset_h=tariff.utc_offset_h, seed=self.seed)
        ratings = rate(facility)
        self.plant = Plant(ratings, hidden or draw(ratings, self.seed), local_setpoints(site))
        self.held: set[str] = set()
        self._names = point_ids(self.plant)
        place = {name: i for i, name in enumerate(self._names)}
        known = [place.get(point.id, -1) for point in site.points]
        self._known = np.array(known, dtype=np.int64)
        unknown = [point.id for point, i in zip(site.points, known, strict=True) if i < 0]
        self.notes: tuple[str, ...] = (
            *self._weather.notes,
            *self._load.notes,
            *([f"{len(unknown)} points have no source in the simulation: {', '.join(unknown[:5])}"] if unknown else []),
        )
        self._sensors = Sensors(self._names, self.seed)
        self._faults = FaultSchedule(faults, assets=_asset_ids(facility), points=self._names, seed=self.seed)
        self._encoder = Encoder(site.topics, np.array([point.period_s for point in site.points]))
        assets = sorted({point.asset for point in site.points})
        skew = clock_skew_ns(assets, self.seed, never_ahead=never_ahead)
        self._skew_ns = [skew[point.asset] for point in site.points]
        self.truth = Truth(self.plant, site.limits, tariff)
        self._outdoor = self._weather.at(start_ns)
        self.plant.settle(self._load.at(start_ns), self._outdoor)

    def step_to(self, plant_ns: int) -> None:
        """Move the plant to an instant, in sub-steps of at most ten seconds; weather is read once a minute."""
        longest_ns = int(self.plant.sub_step_s * NS_PER_S)
        while self.now_ns < plant_ns:
            until_ns = min(self.now_ns + longest_ns, plant_ns)
            if self.now_ns // (60 * NS_PER_S) != until_ns // (60 * NS_PER_S):
                self._outdoor = self._weather.at(until_ns)
            self._faults.break_plant(self.plant, (until_ns - self._start_ns) / NS_PER_S)
            dt_s = (until_ns - self.now_ns) / NS_PER_S
            self.plant.sub_step(dt_s, self._load.at(until_ns), self._outdoor)
            self.now_ns = until_ns
            self.truth.add(until_ns, dt_s)

    def messages(self, plant_ns: int) -> list[tuple[str, bytes]]:
        """What the gateways say at an instant: (topic, payload) of every topic that is due since the last call."""
        seen = self._sensors.read(true_values(self.plant, self._outdoor, self.held), plant_ns)
        seen = self._faults.disturb(seen, (plant_ns - self._start_ns) / NS_PER_S, plant_ns)
        values: Floats = np.where(self._known >= 0, seen[self._known], np.nan)
        return self._encoder.messages(values, plant_ns, self._skew_ns)

    @property
    def readings(self) -> int:
        """Values said in messages so far."""
        return self._encoder.readings

    def true_value(self, point: str) -> float:
        """The truth behind a point, for tests and reports. Raises: ValueError: no such point."""
        return float(true_values(self.plant, self._outdoor, self.held)[self._names.index(point)])

    def apply(self, point: str, value: float) -> None:
        """Hand a setpoint to the local loops, as the receiver does. Raises: ValueError: refused by the gateway."""
        asset, name = point.rsplit("/", 1)
        facility = self.site.facility
        halls = [hall.id for hall in facility.halls]
        sides = {side.rating.id: side for side in self.plant.ups}
        if asset in halls and name == "supply_air_sp_c":
            self.plant.air.supply_sp_c[halls.index(asset)] = value
        elif point == "plant/chws_sp_c":
            self.plant.water.chws_sp_c = value
        elif point == "plant/cws_sp_c":
            self.plant.water.cws_sp_c = value
        elif asset in sides and name == "mode":
            if value not in MODES:
                raise ValueError(f"{value:g} is no UPS mode")
            sides[asset].wanted = value
        else:
            raise ValueError("the plant has no such setpoint")
        self.truth.setpoint_applied(self.now_ns, point, value)

    def receiver(self, heartbeat_timeout_s: float = 30.0) -> ReceiverLike:
        """The shipped receiver in front of this plant, with the operator's limits as its own."""
        actuators = self.site.limits.actuators
        made = load_receiver(
            self.site.topics.root,
            {actuator.point: actuator.local for actuator in actuators},
            {actuator.point: (actuator.low, actuator.high) for actuator in actuators},
            self.apply,
            heartbeat_timeout_s,
        )
        self.held = made.held
        return made

    def holds(self) -> dict[str, float]:
        """Points that the fault schedule's local operator holds now, and the values."""
        return self._faults.holds((self.now_ns - self._start_ns) / NS_PER_S)

    def summary(self) -> dict[str, float]:
        """Truth so far: energy by end use, cost, carbon, temperatures, limits broken."""
        return self.truth.summary()


def local_setpoints(site: Site) -> Setpoints:
    """The site's own setpoints, as its limits file has them; design values for what it leaves out."""
    facility = site.facility
    local = {actuator.point: actuator.local for actuator in site.limits.actuators}
    plant = next((a.local for a in site.limits.actuators.of_kind(Kind.CHILLED_WATER)), None)
    return Setpoints(
        supply_air_c=np.array(
            [local.get(f"{hall.id}/supply_air_sp_c", hall.crah.design_supply_c) for hall in facility.halls]
        ),
        chws_c=facility.halls[0].crah.design_chw_in_c if plant is None else plant,
        cws_c=local.get("plant/cws_sp_c", 24.0),
        ups_mode=np.array([local.get(f"{ups.id}/mode", 0.0) for ups in facility.power.ups]),
    )


def _asset_ids(facility: Facility) -> list[str]:
    crahs = [crah for hall in facility.halls for crah in hall.crah.ids]
    return [*facility.plant.chillers.ids, *facility.plant.towers.ids, *crahs, *(ups.id for ups in facility.power.ups)]
