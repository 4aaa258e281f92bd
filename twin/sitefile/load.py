"""A site directory -> `Site`, or every problem in it at once."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from twin.domain.facility import Facility
from twin.domain.points import PointTable
from twin.domain.site import Site, TopicMap
from twin.sitefile.envelope import Envelope, check_periods, check_staleness, within_staleness
from twin.sitefile.money import control_of, tariff_of
from twin.sitefile.problems import Problems
from twin.sitefile.read import hash_of, parse, read_directory
from twin.sitefile.schema_base import FileModel
from twin.sitefile.schema_limits import ControlFile, LimitsFile, TariffFile
from twin.sitefile.schema_points import PointsFile
from twin.sitefile.schema_site import SiteFile
from twin.sitefile.topics import TopicTables
from twin.sitefile.topology import Topology

__all__ = ["load_site"]

_Model = TypeVar("_Model", bound=FileModel)


def load_site(directory: Path) -> Site:
    """Read, check and join the files of a site.

    Each file is checked as far as the others allow: a mistake in one does not hide those in the rest.

    Args:
        directory: Holds site.toml, points.toml, limits.toml, control.toml and tariff.toml.
    Raises: ConfigError: with every problem found, each naming file, key and line.
    """
    problems = Problems()
    contents = read_directory(directory, problems)

    def parsed(name: str, model: type[_Model]) -> _Model | None:
        return parse(name, contents[name], model, problems) if name in contents else None

    site, points = parsed("site.toml", SiteFile), parsed("points.toml", PointsFile)
    limits, control = parsed("limits.toml", LimitsFile), parsed("control.toml", ControlFile)
    tariff = parsed("tariff.toml", TariffFile)

    facility: Facility | None = None
    tables: tuple[PointTable, TopicMap] | None = None
    envelope = None
    if site is not None:
        topology = Topology(site, problems)
        facility = topology.build()
        if facility is not None and points is not None:
            tables = TopicTables(points, topology.assets, facility.site, problems).build()
    if limits is not None:
        digest = sha256(contents["limits.toml"]).hexdigest()[:16]
        envelope = Envelope(limits, facility, tables[0] if tables else None, problems).build(digest)
    if limits is not None and control is not None:
        check_periods(limits, control, problems)
    if limits is not None and tables is not None:
        check_staleness(limits, tables[0], problems)
    prices = tariff_of(tariff, problems) if tariff is not None else None

    problems.raise_if_any()
    if not (site and facility and tables and envelope and control and prices):
        raise RuntimeError("a part of the site is missing and nobody said why")
    return Site(
        facility=facility,
        points=within_staleness(tables[0], envelope),
        topics=tables[1],
        limits=envelope,
        control=control_of(control),
        tariff=prices,
        config_hash=hash_of(contents),
        directory=str(directory),
        seed=site.site.seed,
    )
