"""The short way through a message that is just as expected; `None` says that the long way must look at it.

Every value is decoded straight into its type, none is looked at twice, and what comes out is packed numbers. A quick
reader may give up on anything it does not care for, but what it does give is what the codec of that topic would give.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from struct import Struct
from typing import Any, NamedTuple, TypeAlias

import msgspec

from twin.domain.errors import BadPayload
from twin.domain.site import SourceRule
from twin.ingest.codecs import sequence_path_of
from twin.ingest.paths import (
    EARLIEST_NS,
    LATEST_NS,
    MOST_SEQUENCE,
    NO_SEQUENCE,
    NO_TIME,
    NS_PER_UNIT,
    instant_ns,
    number,
    path_of,
)


class Row(NamedTuple):
    """One value for each rule of the topic, all of them GOOD, as packed doubles; their time; the message's number."""

    packed: bytes
    source_ns: int
    sequence: int


Quick: TypeAlias = Callable[[bytes], Row | None]
_Leaf: TypeAlias = float | int | str | bool | None
_OBJECT = msgspec.json.Decoder(dict[str, dict[str, _Leaf] | list[_Leaf] | _Leaf])
_NUMBERS = msgspec.json.Decoder(dict[str, dict[str, float] | list[_Leaf] | _Leaf])
_SURPRISES = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, LookupError, TypeError, BadPayload)


def quick_for(rules: Sequence[SourceRule]) -> Quick | None:
    """The short way for one topic; None when its messages are too peculiar for one."""
    first = rules[0]
    time, sequence = path_of(first.time_path), sequence_path_of(rules)
    alike = all((r.time_path, r.time_unit) == (first.time_path, first.time_unit) for r in rules)
    if not alike or len(time) > 1 or len(sequence) > 1:
        return None
    about = _about("".join(time), first.time_unit, "".join(sequence))
    if first.codec == "json" and not any(rule.unit_path or rule.quality_path for rule in rules):
        paths = [path_of(rule.value_path) for rule in rules]
        if all(1 <= len(path) <= 2 for path in paths):
            words = [{word.lower(): value for word, value in rule.words} for rule in rules]
            return _object([(path[0], path[1:], known) for path, known in zip(paths, words, strict=True)], about)
    values = path_of(first.values_path)
    if first.codec == "batch" and len(values) == 1:
        return _numbers(values[0], [rule.value_path for rule in rules], about)
    return None


_Document: TypeAlias = dict[str, Any]
_About: TypeAlias = Callable[[_Document], tuple[int, int]]


def _about(time: str, unit: str, sequence: str) -> _About:
    """Reads time and sequence number of a document. Raises: BadPayload, LookupError, TypeError: a surprise."""
    ns_per = NS_PER_UNIT.get(unit, 0)

    def about(document: _Document) -> tuple[int, int]:
        source_ns, counted = NO_TIME, NO_SEQUENCE
        if time:
            raw = document[time]
            source_ns = raw * ns_per if ns_per and type(raw) is int else instant_ns(raw, unit)
            if not EARLIEST_NS <= source_ns < LATEST_NS:
                raise BadPayload("time", "")
        if sequence and sequence in document:
            counted = document[sequence]
            if type(counted) is not int or not 0 <= counted <= MOST_SEQUENCE:
                raise BadPayload("sequence", "")
        return source_ns, counted

    return about


def _object(picks: Sequence[tuple[str, tuple[str, ...], dict[str, float]]], about: _About) -> Quick:
    pack = Struct(f"{len(picks)}d").pack

    def read(payload: bytes) -> Row | None:
        try:
            document = _OBJECT.decode(payload)
            row = []
            for key, inner, words in picks:
                raw: Any = document[key]
                for deeper in inner:
                    raw = raw[deeper]
                if type(raw) is not float:
                    if raw is None:
                        return None
                    raw = number(raw, words)
                row.append(raw)
            return Row(pack(*row), *about(document))
        except _SURPRISES:
            return None

    return read


def _numbers(holder: str, names: Sequence[str], about: _About) -> Quick:
    pack = Struct(f"{len(names)}d").pack
    # of one name itemgetter gives the bare value
    pick = itemgetter(*names) if len(names) > 1 else lambda values: (values[names[0]],)

    def read(payload: bytes) -> Row | None:
        try:
            document = _NUMBERS.decode(payload)
            values = document[holder]
            if type(values) is not dict:
                return None
            return Row(pack(*pick(values)), *about(document))
        except _SURPRISES:
            return None

    return read
