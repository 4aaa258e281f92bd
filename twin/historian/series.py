"""Series: who a sample belongs to, for ever. The name of a series is part of what is promised to dashboards.

Measurement = asset class; tags = site, hall, asset, point, source (an empty hall is left out). Tags never carry what
changes from sample to sample. A catalogue lists the series of all points of one configuration in index order and is
known by its digest, so that a block written before a change of the configuration still says whose samples it holds.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import msgspec

from twin.domain.points import PointTable


@dataclass(frozen=True, slots=True)
class Series:
    """One series, as its tags tell it. `name` is the point's name within the asset ("inlet_c")."""

    point: str
    asset: str
    name: str
    measurement: str
    unit: str
    hall: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The series of one configuration; `series[i]` belongs to point index i.

    `source` says where the samples come from ("mqtt", "simulation", "replay"), so that they never mix in one series.
    `prefixes` are the escaped beginnings of their lines, up to and with `value=`.
    """

    site: str
    source: str
    series: tuple[Series, ...]
    digest: str = field(init=False, repr=False, compare=False)
    prefixes: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", hashlib.sha256(self.to_bytes()).hexdigest()[:16])
        prefixes = tuple(f"{self.line_key(s.measurement, s.hall, s.asset, s.name)} value=" for s in self.series)
        object.__setattr__(self, "prefixes", prefixes)

    @staticmethod
    def of(points: PointTable, *, site: str, source: str = "mqtt") -> Catalogue:
        """The catalogue of a site's points."""
        return Catalogue(
            site, source, tuple(Series(p.id, p.asset, p.name, p.asset_class, p.unit, p.hall) for p in points)
        )

    def __len__(self) -> int:
        return len(self.series)

    def line_key(self, measurement: str, hall: str, asset: str, point: str) -> str:
        """Measurement and tags in line protocol, tags in the alphabetic order the server sorts them into anyway."""
        tags = {"asset": asset, "hall": hall, "point": point, "site": self.site, "source": self.source}
        told = ",".join(f"{key}={escaped_tag(value)}" for key, value in tags.items() if value)
        return f"{escaped_measurement(measurement)},{told}"

    def to_bytes(self) -> bytes:
        """As stored beside the blocks that need it."""
        return _encoder.encode(_Stored(self.site, self.source, self.series))

    @staticmethod
    def from_bytes(body: bytes) -> Catalogue:
        """Raises: msgspec.MsgspecError: not a stored catalogue."""
        stored = _decoder.decode(body)
        return Catalogue(stored.site, stored.source, stored.series)


class _Stored(msgspec.Struct, array_like=True):
    site: str
    source: str
    series: tuple[Series, ...]


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(_Stored)

# A backslash before a comma would join two tags, a line break would end the line: neither has a place in a name.
_FORBIDDEN: dict[int | str, str] = dict.fromkeys((*range(32), 127, ord("\\")), "_")
_TAG = str.maketrans({**_FORBIDDEN, ",": "\\,", "=": "\\=", " ": "\\ "})
_MEASUREMENT = str.maketrans({**_FORBIDDEN, ",": "\\,", " ": "\\ "})
_CONTROL: dict[int | str, str] = dict.fromkeys(range(32), " ")
_STRING = str.maketrans({**_CONTROL, '"': '\\"', "\\": "\\\\"})


def escaped_tag(text: str) -> str:
    """A tag value as line protocol wants it."""
    return text.translate(_TAG)


def escaped_measurement(text: str) -> str:
    """A measurement as line protocol wants it."""
    return text.translate(_MEASUREMENT)


def quoted_string(text: str) -> str:
    """A text field as line protocol wants it."""
    return f'"{text.translate(_STRING)}"'
