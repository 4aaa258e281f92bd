"""The second look: bytes about to leave, judged by the operator's limits file alone.

Shares nothing with the guard's steps or with how the site is loaded: it reads the file itself and trusts no object.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

MAX_BYTES = 2048
_FIELDS = ("v", "u", "seq", "epoch", "lease", "issued", "expires", "mode", "decision", "prev", "limits")
_LET = {"control": ("bounded", "control"), "bounded": ("bounded",)}  # modes of a command, by the file's ceiling
_RELEASE_FIELDS = ("release", "seq", "epoch", "lease", "issued", "decision", "limits")


@dataclass(frozen=True, slots=True)
class _Rule:
    """What the file says of one setpoint."""

    pattern: re.Pattern[str]
    unit: str
    low: float
    high: float
    whole: bool
    rise_per_min: float
    step: float
    ceiling: str
    bounded_high: float


class Checker:
    """Judges topic and payload by the limits file."""

    def __init__(self, limits_file: bytes, root: str) -> None:
        """`limits_file`: the file's bytes as they stand on disk. Raises: tomllib.TOMLDecodeError, KeyError."""
        table = tomllib.loads(limits_file.decode())
        self._hash = hashlib.sha256(limits_file).hexdigest()[:16]
        self._lease_s = float(table["lease"]["lease_s"])
        self._prefix = f"{root}/_cmd/"
        self._rules = [_rule(entry) for entry in table["setpoints"]]
        self._decoder = json.JSONDecoder(parse_constant=_refuse, object_pairs_hook=_once)

    def objection(self, topic: str, payload: bytes) -> str:
        """Why these bytes must not leave, "" when they may."""
        if not topic.startswith(self._prefix):
            return f"{topic} is no command topic"
        point = topic.removeprefix(self._prefix)
        rule = next((rule for rule in self._rules if rule.pattern.fullmatch(point)), None)
        if rule is None:
            return f"the limits file names no setpoint {point}"
        if len(payload) > MAX_BYTES:
            return f"{len(payload)} bytes are no command"
        try:
            said = self._decoder.decode(payload.decode())
        except (ValueError, RecursionError) as error:
            return f"not JSON: {error}"
        if not isinstance(said, dict):
            return "not an object"
        return self._common(said) or self._judge(said, rule)

    def _common(self, said: dict[str, Any]) -> str:
        wanted = _RELEASE_FIELDS if said.get("release") is True else _FIELDS
        if tuple(said) != wanted:
            return f"fields are {', '.join(said)}; they must be {', '.join(wanted)}"
        if not all(type(said[name]) is int and said[name] >= 0 for name in ("seq", "epoch")):
            return "seq and epoch must be whole numbers"
        if said["limits"] != self._hash:
            return f"cites limits {said['limits']}, the file is {self._hash}"
        if not said["lease"] or not said["decision"]:
            return "a command names its lease and its decision"
        return ""

    def _judge(self, said: dict[str, Any], rule: _Rule) -> str:
        if said.get("release") is True:
            return ""
        value = said["v"]
        if not _is_number(value):
            return f"the value {value!r} is no number"
        if said["u"] != rule.unit:
            return f"the unit is {said['u']!r}, it must be {rule.unit!r}"
        if not rule.low <= value <= rule.high:
            return f"{value:g} is outside {rule.low:g} to {rule.high:g}"
        if rule.whole and value not in {0, 1}:
            return f"{value:g} is no mode"
        if said["mode"] not in _LET.get(rule.ceiling, ()):
            return f"the operator does not let this setpoint be controlled: its ceiling is {rule.ceiling}"
        try:
            life = datetime.fromisoformat(said["expires"]) - datetime.fromisoformat(said["issued"])
        except (TypeError, ValueError) as error:
            return f"no times: {error}"
        if not timedelta(0) < life <= timedelta(seconds=self._lease_s + 0.001):
            return f"a lease of {life.total_seconds():g} s, allowed are {self._lease_s:g} s"
        before = said["prev"]
        if not _is_number(before):
            return "prev is no number"
        most = max(rule.step, rule.rise_per_min * self._lease_s / 60.0)
        # found above its band, it may come down at its pace
        if said["mode"] == "bounded" and value > max(rule.bounded_high, before) + 1e-6:
            return f"{value:g} is above {rule.bounded_high:g}, and bounded"
        # from below the envelope the way up begins at its edge
        if not rule.whole and value > max(before, rule.low) + most + 1e-6:
            return f"rises from {before:g} to {value:g}, at most {most:g} within one lease"
        return ""


def _rule(entry: dict[str, Any]) -> _Rule:
    # a template field stands for one part of a topic
    parts = re.split(r"\{[^}]*\}", entry["point"])
    whole = entry["kind"] == "ups_mode"
    return _Rule(
        pattern=re.compile("[^/]+".join(re.escape(part) for part in parts)),
        unit="1" if whole else "degC",
        low=float(entry["low"]),
        high=float(entry["high"]),
        whole=whole,
        rise_per_min=0.0 if whole else float(entry["max_rise_per_min"]),
        step=1.0 if whole else float(entry["step"]),
        ceiling=entry.get("ceiling", "shadow"),
        bounded_high=float(entry["local"]) + (0.0 if whole else float(entry.get("bounded_span_k", 1.0))),
    )


def _is_number(value: Any) -> bool:
    # a whole number of JSON may be too long for a float, and true is none
    return type(value) in {int, float} and -sys.float_info.max <= value <= sys.float_info.max


def _refuse(word: str) -> float:
    raise ValueError(f"{word} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said = dict(pairs)
    if len(said) < len(pairs):
        raise ValueError("a field is said twice")
    return said
