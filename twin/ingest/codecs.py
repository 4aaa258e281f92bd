"""Payload to readings in the wire's own units, one codec for each dialect. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from twin.domain.errors import BadPayload
from twin.domain.points import Quality
from twin.domain.site import SourceRule
from twin.ingest.line_protocol import parse_lines
from twin.ingest.paths import (
    NO_SEQUENCE,
    NO_TIME,
    Json,
    Path,
    at,
    instant_ns,
    number,
    number_of_text,
    parse,
    path_of,
    quality_of,
    sequence_of,
)

GOOD, BAD = int(Quality.GOOD), int(Quality.BAD)
# (number of the rule within its topic, value in wire units, source time or NO_TIME, quality)
Raw: TypeAlias = tuple[int, float, int, int]
Refusal: TypeAlias = tuple[str, str]


class Found(NamedTuple):
    """What one message held, what of it was refused, and the number its source gave it."""

    samples: list[Raw]
    refused: list[Refusal]
    sequence: int = NO_SEQUENCE


Codec: TypeAlias = Callable[[bytes], Found]


def codec_for(rules: Sequence[SourceRule]) -> Codec:
    """The decoder of one topic; its rules share one codec, as the site file makes sure."""
    match rules[0].codec:
        case "scalar":
            return _scalar(rules)
        case "json":
            return _json(rules)
        case "batch":
            return _batch(rules)
        case "line":
            return _line(rules)
        case other:
            raise ValueError(f"no codec is called {other!r}")


@dataclass(frozen=True, slots=True)
class _Way:
    """How one rule reads a document."""

    number: int
    name: str
    value: Path
    time: Path
    time_unit: str
    unit: Path
    wire_unit: str
    quality: Path
    words: dict[str, float]


def _ways(rules: Sequence[SourceRule]) -> list[_Way]:
    return [
        _Way(
            n,
            rule.value_path,
            path_of(rule.value_path),
            path_of(rule.time_path),
            rule.time_unit,
            path_of(rule.unit_path),
            rule.wire_unit,
            path_of(rule.quality_path),
            {word.lower(): value for word, value in rule.words},
        )
        for n, rule in enumerate(rules)
    ]


def sequence_path_of(rules: Sequence[SourceRule]) -> Path:
    """Where the messages of a topic are counted: what the first rule that knows says."""
    return path_of(next((rule.sequence_path for rule in rules if rule.sequence_path), ""))


def _text(payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError as error:
        raise BadPayload("not_utf8", str(error)) from error


def _scalar(rules: Sequence[SourceRule]) -> Codec:
    words = {word.lower(): value for word, value in rules[0].words}

    def decode(payload: bytes) -> Found:
        text = _text(payload).strip().strip('"')
        value = words.get(text.lower())
        if value is None:
            value = number_of_text(text)
        return Found([(n, value, NO_TIME, GOOD) for n in range(len(rules))], [])

    return decode


def _json(rules: Sequence[SourceRule]) -> Codec:
    ways, counted = _ways(rules), sequence_path_of(rules)

    def decode(payload: bytes) -> Found:
        document = parse(payload)
        if not isinstance(document, dict):
            raise BadPayload("shape", "an object was expected")
        found: list[Raw] = []
        refused: list[Refusal] = []
        sequence = _counted(document, counted, refused)
        times: dict[tuple[Path, str], int] = {}
        for way in ways:
            try:
                raw = at(document, way.value)
            except KeyError as missing:
                refused.append(("no_value", f"{way.name}: no {missing.args[0]!r} in the object"))
                continue
            try:
                stamp = times.get((way.time, way.time_unit), -1)
                if stamp < 0:
                    stamp = times[(way.time, way.time_unit)] = _time(document, way)
                found.append((way.number, *_value(document, way, raw, stamp)))
            except BadPayload as problem:
                refused.append((problem.reason, f"{way.name}: {problem.message}"))
        return Found(found, refused, sequence)

    return decode


def _counted(document: Json, path: Path, refused: list[Refusal]) -> int:
    """A wrong count is refused for itself: the readings beside it are none the worse."""
    try:
        return sequence_of(document, path)
    except BadPayload as problem:
        refused.append((problem.reason, problem.message))
        return NO_SEQUENCE


def _time(document: Json, way: _Way) -> int:
    if not way.time:
        return NO_TIME
    try:
        return instant_ns(at(document, way.time), way.time_unit)
    except KeyError as missing:
        raise BadPayload("time", f"no {missing.args[0]!r} in the object") from missing


def _value(document: Json, way: _Way, raw: Json, stamp: int) -> tuple[float, int, int]:
    quality = GOOD
    if way.unit:
        try:
            unit = at(document, way.unit)
        except KeyError:
            unit = None
        if unit != way.wire_unit:
            raise BadPayload("unit", f"unit {str(unit)[:20]!r}, the topic map says {way.wire_unit!r}")
    if way.quality:
        try:
            quality = int(quality_of(at(document, way.quality)))
        except KeyError:
            quality = int(Quality.SUSPECT)
    value = number(raw, way.words)
    return value, stamp, BAD if math.isnan(value) else quality


def _batch(rules: Sequence[SourceRule]) -> Codec:
    first = rules[0]
    ways = _ways(rules)
    by_name: dict[str, list[_Way]] = {}
    for way in ways:
        by_name.setdefault(way.name, []).append(way)
    values_path, errors_path = path_of(first.values_path), path_of(first.errors_path)
    counted = sequence_path_of(rules)

    def decode(payload: bytes) -> Found:
        document = parse(payload)
        found: list[Raw] = []
        refused: list[Refusal] = []
        sequence = _counted(document, counted, refused)
        try:
            _gather(document, found, refused)
        except BadPayload as problem:  # the message came all the same: its number must not be missing
            refused.append((problem.reason, problem.message))
        return Found(found, refused, sequence)

    def _gather(document: Json, found: list[Raw], refused: list[Refusal]) -> None:
        try:
            holder = at(document, values_path)
        except KeyError as missing:
            raise BadPayload("shape", f"no {missing.args[0]!r} in the object") from missing
        stamp = _time(document, ways[0])
        if isinstance(holder, dict):
            errors = _errors(document)
            for way in ways:
                if way.name in holder:
                    _take(way, holder[way.name], stamp, found, refused)
                elif way.name in errors:
                    found.append((way.number, math.nan, stamp, BAD))
                else:
                    refused.append(("no_value", f"{way.name}: not in the message"))
        elif isinstance(holder, list):
            for entry in holder:
                if not isinstance(entry, dict):
                    refused.append(("shape", "an entry is no object"))
                    continue
                name = entry.get(first.name_key)
                for way in by_name.get(name, ()) if isinstance(name, str) else ():
                    _take(way, entry.get(first.value_key), stamp, found, refused)
        else:
            raise BadPayload("shape", "many points come in an object or a list")

    def _errors(document: Json) -> dict[str, Json]:
        if not errors_path:
            return {}
        try:
            errors = at(document, errors_path)
        except KeyError:
            return {}
        return errors if isinstance(errors, dict) else {}

    return decode


def _take(way: _Way, raw: Json, stamp: int, found: list[Raw], refused: list[Refusal]) -> None:
    try:
        value = number(raw, way.words)
    except BadPayload as problem:
        refused.append((problem.reason, f"{way.name}: {problem.message}"))
        return
    found.append((way.number, value, stamp, BAD if math.isnan(value) else GOOD))


def _line(rules: Sequence[SourceRule]) -> Codec:
    ways = _ways(rules)

    def decode(payload: bytes) -> Found:
        found: list[Raw] = []
        refused: list[Refusal] = []
        for line in parse_lines(_text(payload)):
            stamp = instant_ns(line.stamp, rules[0].time_unit) if line.stamp else NO_TIME
            for rule, way in zip(rules, ways, strict=True):
                if rule.measurement != line.measurement or any(line.tags.get(k) != v for k, v in rule.tags):
                    continue
                if way.name in line.fields:
                    _take(way, line.fields[way.name], stamp, found, refused)
        return Found(found, refused)

    return decode
