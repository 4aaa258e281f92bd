"""site.toml -> `Facility`, and the list of assets that points may belong to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from twin.domain.facility import (
    ChillerBank,
    CrahGroup,
    Facility,
    Hall,
    PowerChain,
    Pumps,
    Rack,
    ServerFleet,
    TowerBank,
    Ups,
    UpsCurve,
    WaterPlant,
)
from twin.sitefile.checks import check_hall, check_plant, check_power
from twin.sitefile.locate import KeyPath
from twin.sitefile.named import FLEETS, UPS_CURVES
from twin.sitefile.problems import Problems
from twin.sitefile.schema_site import (
    ChillerTable,
    CrahTable,
    FleetTable,
    HallTable,
    PumpTable,
    RackGroup,
    SiteFile,
    TowerTable,
    UpsCurveTable,
    UpsTable,
)
from twin.sitefile.templates import TemplateError, render

FILE = "site.toml"
_JOULES_PER_M3_K_AIR = 1200.0
_JOULES_PER_M3_K_WATER = 998.0 * 4186.0
# a site beyond this would not fit one daemon; stops a slip of the keyboard from filling the memory
MAX_ASSETS = 50_000


@dataclass(frozen=True, slots=True)
class Asset:
    """Something that can have points. `fields` fill the templates of topics and paths."""

    id: str
    asset_class: str
    hall: str
    fields: dict[str, str | int]


class Topology:
    """The facility under construction: hands out ids, and notices one given twice."""

    def __init__(self, file: SiteFile, problems: Problems) -> None:
        self._file, self._problems = file, problems
        self._site = file.site.id
        self.assets: list[Asset] = []
        self._taken: dict[str, KeyPath] = {}
        for singleton in ("outdoor", "plant", "meter"):
            self._add(singleton, singleton, "", (), {"n": 1})

    def build(self) -> Facility | None:
        """The facility, or None when it was refused."""
        before = len(self._problems)
        halls = tuple(hall for i, table in enumerate(self._file.halls) for hall in self._halls(table, ("halls", i)))
        plant, power = self._plant(), self._power()
        if len(self._problems) > before:
            return None
        for i, table in enumerate(self._file.halls):
            check_hall(table, ("halls", i), self._problems)
        check_plant(self._file.plant, self._problems)
        check_power(self._file.power, sum(hall.rated_it_w for hall in halls), self._problems)
        site = self._file.site
        return Facility(site.id, site.name, site.altitude_m, halls, plant, power)

    def _add(self, asset: str, asset_class: str, hall: str, path: KeyPath, fields: dict[str, str | int]) -> None:
        first = self._taken.get(asset)
        if first is not None:
            self._problems.add(FILE, path, f'id "{asset}" is given twice', "use {n} or another first in the id")
            return
        self._taken[asset] = path
        short = asset.removeprefix(f"{hall}-") if hall else asset
        known: dict[str, str | int] = {"site": self._site, "asset": asset, asset_class: short, **fields}
        if hall:
            known["hall"] = hall
        self.assets.append(Asset(asset, asset_class, hall, known))

    def _ids(
        self,
        table: RackGroup | CrahTable | ChillerTable | TowerTable | UpsTable | HallTable,
        asset_class: str,
        path: KeyPath,
        hall: str = "",
    ) -> tuple[str, ...]:
        """Ids of a counted group, noted as assets."""
        if len(self.assets) + table.count > MAX_ASSETS:
            self._problems.add(FILE, (*path, "count"), f"more than {MAX_ASSETS} assets", "split the site")
            return ()
        ids: list[str] = []
        per_row = table.per_row if isinstance(table, RackGroup) else 1
        for n in range(table.first, table.first + table.count):
            fields: dict[str, str | int] = {"n": n, "row": max(0, n - 1) // per_row + 1}
            given: dict[str, str | int] = {"site": self._site, **fields}
            if hall:
                given["hall"] = hall
            if n <= 26:
                given["letter"] = fields["letter"] = "abcdefghijklmnopqrstuvwxyz"[max(0, n - 1)]
            try:
                asset = render(table.id, given)
            except TemplateError as error:
                self._problems.add(FILE, (*path, "id"), str(error), error.fix)
                return ()
            before = len(self._problems)
            self._add(asset, asset_class, asset if asset_class == "hall" else hall, (*path, "id"), fields)
            if len(self._problems) > before:
                return tuple(ids)
            ids.append(asset)
        return tuple(ids)

    def _halls(self, table: HallTable, path: KeyPath) -> Iterable[Hall]:
        for hall in self._ids(table, "hall", path):
            racks = tuple(
                Rack(rack, group.rated_w)
                for j, group in enumerate(table.racks)
                for rack in self._ids(group, "rack", (*path, "racks", j), hall)
            )
            crah = self._ids(table.crah, "crah", (*path, "crah"), hall)
            yield Hall(
                id=hall,
                racks=racks,
                fleet=fleet_of(table.fleet),
                crah=CrahGroup(ids=crah, **table.crah.model_dump(exclude={"count", "first", "id"})),
                air_capacity_j_k=table.air_volume_m3 * _JOULES_PER_M3_K_AIR,
                metal_capacity_j_k=table.metal_j_k_per_rack * len(racks),
                **table.model_dump(
                    include={
                        "metal_to_air_ua_ratio",
                        "envelope_ua_w_k",
                        "lights_w",
                        "bypass_frac",
                        "flow_margin_ratio",
                    }
                ),
            )

    def _plant(self) -> WaterPlant:
        plant = self._file.plant
        chillers, towers = plant.chillers, plant.towers
        return WaterPlant(
            chillers=ChillerBank(
                ids=self._ids(chillers, "chiller", ("plant", "chillers")),
                **chillers.model_dump(exclude={"count", "first", "id"}),
            ),
            chw_pumps=_pumps(plant.chw_pumps),
            cw_pumps=_pumps(plant.cw_pumps),
            towers=TowerBank(
                ids=self._ids(towers, "tower", ("plant", "towers")),
                basin_j_k=towers.basin_m3 * _JOULES_PER_M3_K_WATER,
                **towers.model_dump(exclude={"count", "first", "id", "basin_m3"}),
            ),
            buffer_m3=plant.buffer_m3,
            loop_m3=plant.loop_m3,
        )

    def _power(self) -> PowerChain:
        power = self._file.power
        sides = tuple(
            Ups(
                ups,
                table.modules,
                table.module_w,
                curve_of(table.double_conversion),
                curve_of(table.eco),
                table.autonomy_s,
            )
            for i, table in enumerate(power.ups)
            for ups in self._ids(table, "ups", ("power", "ups", i))
        )
        return PowerChain(ups=sides, **power.model_dump(exclude={"ups"}))


def _pumps(table: PumpTable) -> Pumps:
    return Pumps(**table.model_dump())


def fleet_of(given: FleetTable | str) -> ServerFleet:
    """A fleet by name, or the site's own."""
    return FLEETS[given] if isinstance(given, str) else ServerFleet(name="own", **given.model_dump())


def curve_of(given: UpsCurveTable | str) -> UpsCurve:
    """A UPS curve by name, or the site's own."""
    return UPS_CURVES[given] if isinstance(given, str) else UpsCurve(given.a, given.b, given.c)
