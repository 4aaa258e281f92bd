"""Reading JSON: a capped parse, paths, times and words."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TypeAlias

import msgspec
import numpy as np

from twin.domain.errors import BadPayload
from twin.domain.points import Quality
from twin.domain.timestamps import ns_of_iso

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
Path: TypeAlias = tuple[str, ...]

MAX_DEPTH = 16
MAX_DIGITS = 40
NO_TIME = 0
NO_SEQUENCE = -1
MOST_SEQUENCE = 2**63 - 1
NS_PER_UNIT = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
EARLIEST_NS = 946_684_800 * 10**9  # 2000-01-01
LATEST_NS = 4_102_444_800 * 10**9  # 2100-01-01
_QUALITY_WORDS = {
    "good": Quality.GOOD,
    "ok": Quality.GOOD,
    "valid": Quality.GOOD,
    "uncertain": Quality.SUSPECT,
    "suspect": Quality.SUSPECT,
    "questionable": Quality.SUSPECT,
}
_NOT_READ = frozenset({"no reading", "not readable", "not read", "no data", "nan", "n/a", "null", "none"})
_TEXT = re.compile(rb'"(?:[^"\\]+|\\.)*+(?:"|\\?\Z)', re.DOTALL)  # to its end, or that of the message
_NO_BRACKETS = bytes(sorted(set(range(256)) - set(b"[]{}")))
_STEPS = np.zeros(256, dtype=np.int8)
_STEPS[list(b"[{")], _STEPS[list(b"]}")] = 1, -1
# OPC: the two high bits of the status byte
_OPC_GOOD, _OPC_UNCERTAIN = 192, 64


def path_of(text: str) -> Path:
    """Keys of a path, split at "/"; "" is the document itself."""
    return tuple(key for key in text.split("/") if key)


def parse(payload: bytes) -> Json:
    """A JSON document. Raises: BadPayload: not UTF-8, not JSON, NaN or infinity in it, or nested too deep."""
    if payload.count(b"{") + payload.count(b"[") > MAX_DEPTH and _depth(payload) > MAX_DEPTH:
        raise BadPayload("too_deep", f"nested deeper than {MAX_DEPTH}")
    try:
        document: Json = msgspec.json.decode(payload)
    except UnicodeDecodeError as error:
        raise BadPayload("not_utf8", str(error)) from error
    except msgspec.DecodeError as error:
        reason = "not_utf8" if "utf-8" in str(error).lower() else "not_json"
        raise BadPayload(reason, str(error)) from error
    except RecursionError as error:
        raise BadPayload("too_deep", "nested too deep") from error
    return document


def _depth(payload: bytes) -> int:
    """Deepest nesting, brackets inside texts left out. No loop over bytes: a flood of brackets must cost nothing."""
    brackets = _TEXT.sub(b"", payload).translate(None, _NO_BRACKETS)
    if not brackets:
        return 0
    steps = _STEPS[np.frombuffer(brackets, dtype=np.uint8)]
    return int(np.cumsum(steps, dtype=np.int64).max(initial=0))


def at(document: Json, path: Path) -> Json:
    """What stands at a path. Raises: KeyError: nothing does."""
    node = document
    for key in path:
        if not isinstance(node, dict):
            raise KeyError(key)
        node = node[key]
    return node


def sequence_of(document: Json, path: Path) -> int:
    """The number a source gave its message; NO_SEQUENCE when it gave none. Raises: BadPayload: not a whole one."""
    if not path:
        return NO_SEQUENCE
    try:
        raw = at(document, path)
    except KeyError:
        return NO_SEQUENCE
    if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw <= MOST_SEQUENCE:
        raise BadPayload("sequence", f"no count of messages: {str(raw)[:MAX_DIGITS]!r}")
    return raw


def number(raw: Json, words: Mapping[str, float]) -> float:
    """A finite number; NaN for null and for texts that mean "not read". Raises: BadPayload: no number."""
    if raw is None:
        return math.nan
    if isinstance(raw, str):
        text = raw.strip()
        known = words.get(text.lower())
        if known is not None:
            return known
        return math.nan if text.lower() in _NOT_READ else number_of_text(text)
    if isinstance(raw, bool):
        return float(raw)
    if isinstance(raw, int | float):
        try:
            value = float(raw)
        except OverflowError as error:
            raise BadPayload("not_a_number", "a whole number too large") from error
        if not math.isfinite(value):
            raise BadPayload("not_a_number", "an infinite number")
        return value
    raise BadPayload("shape", "a list or object where a number was expected")


def number_of_text(text: str) -> float:
    """A finite decimal number. Raises: BadPayload: anything else."""
    if len(text) > MAX_DIGITS:
        raise BadPayload("not_a_number", f"more than {MAX_DIGITS} characters")
    try:
        # float() would also take "1_000", " 1", "nan" and digits of other scripts
        value = float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadPayload("not_a_number", f"{text[:MAX_DIGITS]!r} is no number")
    return value


def instant_ns(raw: Json, unit: str) -> int:
    """UTC nanoseconds of a time field. Raises: BadPayload: no time, or not between 2000 and 2100."""
    if isinstance(raw, str) and unit == "iso":
        try:
            now_ns = ns_of_iso(raw)
        except ValueError as error:
            raise BadPayload("time", str(error)) from error
    elif isinstance(raw, int | float) and not isinstance(raw, bool) and unit in NS_PER_UNIT:
        now_ns = raw * NS_PER_UNIT[unit] if isinstance(raw, int) else _scaled(raw, NS_PER_UNIT[unit])
    elif isinstance(raw, str) and unit in NS_PER_UNIT and raw.isascii() and raw.isdigit() and len(raw) <= MAX_DIGITS:
        now_ns = int(raw) * NS_PER_UNIT[unit]
    else:
        raise BadPayload("time", f"no time in {unit}: {str(raw)[:MAX_DIGITS]!r}")
    if not EARLIEST_NS <= now_ns < LATEST_NS:
        raise BadPayload("time", "not between the years 2000 and 2100")
    return now_ns


def _scaled(raw: float, ns_per: int) -> int:
    if not math.isfinite(raw) or abs(raw) > 1e22:
        raise BadPayload("time", "no time")
    # the whole part exactly, the fraction as a float: a double has too few digits for both
    whole = math.floor(raw)
    return whole * ns_per + round((raw - whole) * ns_per)


def quality_of(raw: Json) -> Quality:
    """The source's own word: good, uncertain, anything else is bad; or an OPC status number."""
    if isinstance(raw, bool):
        return Quality.GOOD if raw else Quality.BAD
    if isinstance(raw, int | float):
        if raw >= _OPC_GOOD:
            return Quality.GOOD
        return Quality.SUSPECT if raw >= _OPC_UNCERTAIN else Quality.BAD
    if isinstance(raw, str):
        return _QUALITY_WORDS.get(raw.strip().lower(), Quality.BAD)
    return Quality.BAD
