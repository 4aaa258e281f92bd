"""site.toml -> `Facility`, and the list of assets that points may belong to."""

from __future__ import annotations

from collections.abc import Iterable

from twin.domain.facility import (
    ChillerBank,
    CrahGroup,
    DxCoil,
    Facility,
    Hall,
    OutsideAir,
    Pumps,
    Rack,
    RearDoors,
    ServerFleet,
    TowerBank,
    WaterEconomiser,
    WaterPlant,
)
from twin.sitefile.assets import MAX_ASSETS, Asset, Assets
from twin.sitefile.checks import check_hall, check_plant, check_power, check_where
from twin.sitefile.checks_liquid import check_liquid
from twin.sitefile.liquid_part import liquid_of
from twin.sitefile.locate import KeyPath
from twin.sitefile.named import FLEETS
from twin.sitefile.own_curve import NAME, own_curve
from twin.sitefile.power_part import curve_of, power_of
from twin.sitefile.problems import Problems
from twin.sitefile.schema_site import CracTable, FleetTable, HallTable, PumpTable, SiteFile

__all__ = ["MAX_ASSETS", "Asset", "Topology", "curve_of", "fleet_of"]

FILE = "site.toml"
_JOULES_PER_M3_K_AIR = 1200.0
_JOULES_PER_M3_K_WATER = 998.0 * 4186.0
_COUNTED = {"count", "first", "id"}


class Topology:
    """The facility under construction."""

    def __init__(self, file: SiteFile, problems: Problems) -> None:
        self._file, self._problems = file, problems
        self._assets = Assets(file.site.id, problems)
        for singleton in ("outdoor", "plant", "meter"):
            self._assets.add(singleton, singleton, "", (), {"n": 1})

    @property
    def assets(self) -> list[Asset]:
        """Everything that has an id, in the order of the file."""
        return self._assets.all

    def build(self) -> Facility | None:
        """The facility, or None when it was refused."""
        file, problems = self._file, self._problems
        before = len(problems)
        placed = [
            (("halls", i), hall) for i, table in enumerate(file.halls) for hall in self._halls(table, ("halls", i))
        ]
        halls = tuple(hall for _, hall in placed)
        plant, power = self._plant(), power_of(file.power, self._assets)
        liquid = liquid_of(file.liquid, [hall.id for hall in halls], self._assets, problems)
        if len(problems) > before:
            return None
        for i, table in enumerate(file.halls):
            check_hall(table, ("halls", i), problems)
        check_plant(file.plant, problems)
        check_power(file.power, sum(hall.rated_it_w for hall in halls), problems)
        check_liquid(file.liquid, placed, problems)
        site = file.site
        check_where(site, file.power, problems)
        return Facility(
            site.id,
            site.name,
            site.altitude_m,
            halls,
            plant,
            power,
            liquid,
            site.latitude_deg or 0.0,
            site.longitude_deg or 0.0,
        )

    def _halls(self, table: HallTable, path: KeyPath) -> Iterable[Hall]:
        for hall in self._assets.ids(table, "hall", path):
            racks = tuple(
                Rack(rack, group.rated_w)
                for j, group in enumerate(table.racks)
                for rack in self._assets.ids(group, "rack", (*path, "racks", j), hall)
            )
            crah = self._air_handlers(table, path, hall)
            if crah is None:
                return
            outside, doors = table.outside_air, table.rear_doors
            yield Hall(
                id=hall,
                racks=racks,
                fleet=fleet_of(table.fleet),
                crah=crah,
                air_capacity_j_k=table.air_volume_m3 * _JOULES_PER_M3_K_AIR,
                metal_capacity_j_k=table.metal_j_k_per_rack * len(racks),
                outside_air=None if outside is None else OutsideAir(**outside.model_dump()),
                rear_doors=None if doors is None else RearDoors(**doors.model_dump()),
                **table.model_dump(
                    include={
                        "metal_to_air_ua_ratio",
                        "envelope_ua_w_k",
                        "lights_w",
                        "bypass_frac",
                        "flow_margin_ratio",
                        "liquid_frac",
                    }
                ),
            )

    def _air_handlers(self, table: HallTable, path: KeyPath, hall: str) -> CrahGroup | None:
        """The air handlers of one hall; direct-expansion units are of the same class, so the same points fit them."""
        if table.crah is not None and table.crac is not None:
            message = "a hall has either [halls.crah] or [halls.crac], here are both"
            self._problems.add(FILE, (*path, "crac"), message, "keep crah on chilled water, crac for direct expansion")
        elif table.crah is not None:
            ids = self._assets.ids(table.crah, "crah", (*path, "crah"), hall)
            return CrahGroup(ids=ids, **table.crah.model_dump(exclude=_COUNTED))
        elif table.crac is not None:
            ids = self._assets.ids(table.crac, "crah", (*path, "crac"), hall)
            return _direct_expansion(table.crac, ids)
        else:
            message = "the hall has no air handlers: both [halls.crah] and [halls.crac] are missing"
            self._problems.add(FILE, path, message, "add crah on chilled water, or crac for direct expansion")
        return None

    def _plant(self) -> WaterPlant:
        plant = self._file.plant
        chillers, towers, economiser = plant.chillers, plant.towers, plant.economiser
        return WaterPlant(
            chillers=ChillerBank(
                ids=self._assets.ids(chillers, "chiller", ("plant", "chillers")),
                curve=chillers.curve if isinstance(chillers.curve, str) else NAME,
                own_curve=own_curve(chillers.curve),
                **chillers.model_dump(exclude={*_COUNTED, "curve"}),
            ),
            chw_pumps=_pumps(plant.chw_pumps),
            cw_pumps=_pumps(plant.cw_pumps),
            towers=TowerBank(
                ids=self._assets.ids(towers, "tower", ("plant", "towers")),
                basin_j_k=towers.basin_m3 * _JOULES_PER_M3_K_WATER,
                **towers.model_dump(exclude={*_COUNTED, "basin_m3"}),
            ),
            buffer_m3=plant.buffer_m3,
            loop_m3=plant.loop_m3,
            economiser=None if economiser is None else WaterEconomiser(**economiser.model_dump()),
        )


def _direct_expansion(table: CracTable, ids: tuple[str, ...]) -> CrahGroup:
    coil = {"cop_rated", "least_speed_frac", "economiser_cop", "economiser_full_c", "economiser_off_c"}
    return CrahGroup(
        ids=ids,
        dx=DxCoil(**table.model_dump(include=coil)),
        # of a coil that is not there
        design_chw_in_c=15.0,
        design_chw_out_c=21.0,
        air_to_water_ha_ratio=0.5,
        **table.model_dump(exclude={*_COUNTED, *coil}),
    )


def _pumps(table: PumpTable) -> Pumps:
    return Pumps(**table.model_dump())


def fleet_of(given: FleetTable | str) -> ServerFleet:
    """A fleet by name, or the site's own."""
    return FLEETS[given] if isinstance(given, str) else ServerFleet(name="own", **given.model_dump())
