"""tariff.toml -> `Tariff`, control.toml -> `ControlSettings`."""

from __future__ import annotations

from twin.domain.actuators import Mode
from twin.domain.facility import Tariff, TariffBand
from twin.domain.site import ControlSettings
from twin.sitefile.problems import Problems
from twin.sitefile.schema_limits import BandTable, ControlFile, TariffFile

FILE = "tariff.toml"
_DAY_H = 24.0


def _windows(band: BandTable) -> list[tuple[float, float]]:
    """The band's part of one day; a band over midnight has two."""
    if band.start_hour < band.end_hour:
        return [(band.start_hour, band.end_hour)]
    parts = [(band.start_hour, _DAY_H), (0.0, band.end_hour)]
    return [(start, end) for start, end in parts if start < end]


def tariff_of(file: TariffFile, problems: Problems) -> Tariff | None:
    """The tariff, or None when bands overlap. The last band is the rest of the day."""
    before = len(problems)
    bands: list[TariffBand] = []
    for i, band in enumerate(file.bands):
        if band.start_hour == band.end_hour:
            problems.add(FILE, ("bands", i, "end_hour"), "the band has no length", "end_hour differs from start_hour")
            continue
        windows = _windows(band)
        for other in bands:
            if any(start < other.end_hour and other.start_hour < end for start, end in windows):
                problems.add(
                    FILE,
                    ("bands", i, "start_hour"),
                    f'band "{band.name}" overlaps "{other.name}" ({other.start_hour:g}..{other.end_hour:g} h)',
                    "let each hour belong to one band; hours of no band cost what [rest] says",
                )
                break
        bands += [TariffBand(band.name, start, end, band.price_per_kwh) for start, end in windows]
    if len(problems) > before:
        return None
    rest = TariffBand(file.rest.name, 0.0, _DAY_H, file.rest.price_per_kwh)
    return Tariff(
        file.currency, file.utc_offset_h, (*bands, rest), file.demand_charge_per_kw_month, file.carbon_kg_per_kwh
    )


def control_of(file: ControlFile) -> ControlSettings:
    """Periods, weights and the controller."""
    return ControlSettings(mode=Mode(file.mode), **file.model_dump(exclude={"mode"}))
