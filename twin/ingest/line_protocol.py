"""InfluxDB line protocol, read: measurement, tags, fields, time."""

from __future__ import annotations

from dataclasses import dataclass

from twin.domain.errors import BadPayload
from twin.ingest.paths import number_of_text

MAX_LINES = 10_000


@dataclass(frozen=True, slots=True)
class Line:
    """One line. Numeric and boolean fields are numbers, texts stay texts; `stamp` is "" when the line has no time."""

    measurement: str
    tags: dict[str, str]
    fields: dict[str, float | str]
    stamp: str


def parse_lines(text: str) -> list[Line]:
    """All lines but comments and empty ones. Raises: BadPayload: a line that is not line protocol, or too many."""
    lines = [line for line in text.split("\n") if line.strip() and not line.lstrip().startswith("#")]
    if len(lines) > MAX_LINES:
        raise BadPayload("shape", f"more than {MAX_LINES} lines")
    return [parse_line(line.rstrip("\r")) for line in lines]


def parse_line(line: str) -> Line:
    """One line. Raises: BadPayload: not line protocol."""
    parts = _split(line.strip(), " ", quotes=True)
    if not 2 <= len(parts) <= 3:
        raise BadPayload("not_line_protocol", "a line is: measurement,tags fields time")
    head, field_text = _split(parts[0], ","), parts[1]
    tags = dict(_pair(tag) for tag in head[1:])
    fields = {key: _field(value) for key, value in map(_pair, _split(field_text, ",", quotes=True))}
    return Line(
        _plain(head[0]), {key: _plain(value) for key, value in tags.items()}, fields, parts[2] if parts[2:] else ""
    )


def _split(text: str, separator: str, *, quotes: bool = False) -> list[str]:
    """Split at a separator that is neither escaped nor, with `quotes`, inside a quoted text."""
    if "\\" not in text and not (quotes and '"' in text):
        return [part for part in text.split(separator) if part or separator != " "]
    parts, start, i, inside = [], 0, 0, False
    while i < len(text):
        char = text[i]
        if char == "\\":
            i += 1
        elif quotes and char == '"':
            inside = not inside
        elif char == separator and not inside:
            parts.append(text[start:i])
            start = i + 1
        i += 1
    parts.append(text[start:])
    return [part for part in parts if part or separator != " "]


def _pair(text: str) -> tuple[str, str]:
    sides = _split(text, "=", quotes=True)
    if len(sides) != 2 or not sides[0]:
        raise BadPayload("not_line_protocol", f"no key=value: {text[:40]!r}")
    return _plain(sides[0]), sides[1]


def _plain(text: str) -> str:
    if "\\" not in text:
        return text
    for escaped in (",", "=", " "):
        text = text.replace("\\" + escaped, escaped)
    return text


def _field(text: str) -> float | str:
    if len(text) >= 2 and text[0] == '"' and text[-1] == '"':
        return text[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    if text in {"t", "T", "true", "True", "TRUE"}:
        return 1.0
    if text in {"f", "F", "false", "False", "FALSE"}:
        return 0.0
    if text[-1:] in {"i", "u"}:
        text = text[:-1]
    return number_of_text(text)
