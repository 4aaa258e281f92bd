"""points.toml: which value of which message is which point. One `[[points]]` table stands for one kind of message."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from twin.sitefile.schema_base import FileModel, Positive, Text

Codec = Literal["scalar", "json", "batch", "line"]
TimeUnit = Literal["iso", "s", "ms", "us", "ns"]
AssetClass = Literal["outdoor", "hall", "rack", "crah", "plant", "chiller", "tower", "ups", "meter"]


class ValueTable(FileModel):
    """One value of a message. A path is split at "/" only: "data/temp" is two levels, "ups.load" is one key."""

    path: str = Field(default="", max_length=200, description="where the value stands; levels are separated by /")
    unit: str = Field(default="", max_length=20, description="unit on the wire, for example degC, kW or %")
    unit_path: str = Field(
        default="", max_length=200, description="where the message names the unit; a mismatch is refused"
    )
    words: dict[str, float] = Field(default_factory=dict, description='texts for numbers: { "ON" = 1, "OFF" = 0 }')
    low: float | None = Field(default=None, description="least plausible value, in the point's own unit")
    high: float | None = Field(default=None, description="greatest plausible value, in the point's own unit")
    scale: float | None = Field(default=None, description="instead of a unit: point = wire*scale + offset")
    offset: float = Field(default=0.0, description="see scale")
    extra: bool = Field(default=False, description="a point that the model does not use: only mirrored and stored")


class MessageTable(FileModel):
    """One kind of message, for every asset of a class."""

    each: AssetClass = Field(description="asset class; the table stands for each asset of it")
    only: list[str] = Field(default_factory=list, description="asset ids, when the table is not for all of the class")
    topic: str = Field(min_length=1, max_length=1000, description="fields: site, hall, asset, n, row, the class")
    codec: Codec = Field(description="scalar, json, batch or line")
    period_s: float = Field(gt=0.0, le=86_400.0, description="how often the source speaks, s")
    stale_after_s: Positive | None = Field(
        default=None, description="older readings are stale, s; three periods by default"
    )
    time_path: str = Field(
        default="", max_length=200, description="where the source time stands; empty = time of arrival"
    )
    time_unit: TimeUnit | None = Field(default=None, description="iso, s, ms, us or ns")
    quality_path: str = Field(default="", max_length=200, description="where the source says whether the value is good")
    sequence_path: str = Field(
        default="", max_length=200, description="where the source counts its messages: gaps are then known exactly"
    )
    values_path: str = Field(
        default="", max_length=200, description="batch: where the object or array of values starts"
    )
    name_key: str = Field(default="", max_length=100, description="batch of array entries: key of the entry's name")
    value_key: str = Field(default="", max_length=100, description="batch of array entries: key of the entry's value")
    errors_path: str = Field(default="", max_length=200, description="batch: where failed entries are named")
    measurement: str = Field(default="", max_length=200, description="line: the measurement")
    tags: dict[str, str] = Field(default_factory=dict, description="line: tags that must match")
    values: dict[str, ValueTable] = Field(min_length=1, description="point name = { path, unit, ... }")


class PointsFile(FileModel):
    """points.toml."""

    root: Text = Field(default="dc/{site}", description="topics of the daemon start here")
    subscribe: list[Text] = Field(
        default_factory=list, description="topic filters; empty = exactly the topics of [[points]]"
    )
    ignore: list[Text] = Field(default_factory=list, description="topic filters that are not counted as unknown")
    max_payload_bytes: int = Field(
        default=65_536, ge=16, le=4_194_304, description="longer payloads are refused unread"
    )
    points: list[MessageTable] = Field(min_length=1, description="[[points]]")
