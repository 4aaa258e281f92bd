"""The files of a site directory and what each must look like."""

from __future__ import annotations

from twin.sitefile.schema_base import FileModel
from twin.sitefile.schema_limits import ControlFile, LimitsFile, TariffFile
from twin.sitefile.schema_points import PointsFile
from twin.sitefile.schema_site import SiteFile

FILES: dict[str, type[FileModel]] = {
    "site.toml": SiteFile,
    "points.toml": PointsFile,
    "limits.toml": LimitsFile,
    "control.toml": ControlFile,
    "tariff.toml": TariffFile,
}
