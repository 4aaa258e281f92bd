"""What a simulated site lives through: when, which draw, which weather, load and faults. Plain values, as asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from twin.domain.site import Site
from twin.domain.timestamps import ns_of_iso
from twin.simulator.faults import read_faults
from twin.simulator.load import load_from
from twin.simulator.site import SimulatedSite
from twin.simulator.weather import weather_from

SPRING_DAY_NS = ns_of_iso("2026-05-19T00:00:00Z")  # a working day between free cooling and full summer


@dataclass(frozen=True, slots=True)
class Scene:
    """`weather` is a climate's name or a CSV file, `load` is "" for the built-in shape or a CSV file."""

    seed: int | None = None  # the site's own when None
    start_ns: int = SPRING_DAY_NS
    weather: str = "temperate"
    load: str = ""
    faults: Path | None = None

    def of(self, site: Site, *, never_ahead: bool = True) -> SimulatedSite:
        """The simulated site at its start. Raises: TwinError: no such weather, load or faults."""
        offset_h, seed = site.tariff.utc_offset_h, site.seed if self.seed is None else self.seed
        return SimulatedSite(
            site,
            start_ns=self.start_ns,
            seed=seed,
            weather=weather_from(self.weather, altitude_m=site.facility.altitude_m, utc_offset_h=offset_h, seed=seed),
            load=load_from(self.load, len(site.facility.halls), utc_offset_h=offset_h, seed=seed),
            faults=read_faults(self.faults) if self.faults else (),
            never_ahead=never_ahead,
        )
