"""Bytes that a broken program might hand to the second checker: a fair command, spoilt in one way that must be seen."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tests.judge.book import UPS, Book, Entry
from tests.judge.sites import Place, a_place
from twin.domain.timestamps import iso_utc, ns_of_iso

NOW_NS = ns_of_iso("2026-07-15T12:00:00Z")
S = 1_000_000_000
Said = dict[str, Any]


def fair(book: Book, entry: Entry, chance: np.random.Generator) -> Said:
    """A command that nobody could object to, most of them at the very edge of what is allowed."""
    lease_ns = round(book.lease_s * S)
    if entry.kind == UPS:
        prev, value = 0.0, float(chance.choice([0.0, entry.high]))
    else:
        prev = float(chance.uniform(entry.low, entry.high))
        most = max(entry.step, entry.rise_per_min * book.lease_s / 60.0)
        value = min(float(chance.choice([entry.low, prev, prev + most, entry.high])), prev + most, entry.high)
    if entry.ceiling == "bounded":
        value = min(value, max(prev, entry.local + entry.span))
    return {
        "v": value,
        "u": entry.unit,
        "seq": int(chance.integers(0, 1000)),
        "epoch": int(chance.integers(0, 1000)),
        "lease": "7.1",
        "issued": iso_utc(NOW_NS),
        "expires": iso_utc(NOW_NS + int(chance.choice([S, lease_ns]))),
        "mode": "bounded" if entry.ceiling == "bounded" else "control",
        "decision": "7-1-0",
        "prev": prev,
        "limits": book.hash,
    }


def _with(**changed: object) -> Callable[[Said, Book, Entry], Said]:
    return lambda said, book, entry: said | changed


def _end(said: Said, at_ns: int) -> Said:
    return said | {"expires": iso_utc(at_ns)}


def _too_steep(said: Said, book: Book, entry: Entry) -> Said:
    most = max(entry.step, entry.rise_per_min * book.lease_s / 60.0)
    prev = entry.high - most - 0.011
    return said | {"prev": prev, "v": entry.high} if prev > entry.low else said | {"v": entry.high + 0.01}


def _above_the_band(entry: Entry) -> Said:
    top = entry.local + entry.span
    inside = entry.kind != UPS and top + 0.01 <= entry.high
    return {"mode": "bounded", "prev": top, "v": top + 0.01 if inside else entry.high + 1.0}


SPOILT: dict[str, Callable[[Said, Book, Entry], Said]] = {
    "a little above": lambda said, book, entry: said | {"v": entry.high + 0.001, "prev": entry.high},
    "a little below": lambda said, book, entry: said | {"v": entry.low - 0.001},
    "far above": _with(v=1e6),
    "the sign": lambda said, book, entry: said | {"v": -entry.high - 1.0},
    "in fahrenheit": lambda said, book, entry: said | {"v": entry.high * 1.8 + 32.0},
    "no number": _with(v="21.0"),
    "nothing": _with(v=None),
    "a truth": _with(v=True),
    "the unit": lambda said, book, entry: said | {"u": "1" if entry.unit == "degC" else "degC"},
    "no unit": _with(u=""),
    "another file": _with(limits="0123456789abcdef"),
    "no file": _with(limits=""),
    "mode advise": _with(mode="advise"),
    "mode shadow": _with(mode="shadow"),
    "no mode": _with(mode=None),
    "above the band": lambda said, book, entry: said | _above_the_band(entry),
    "more than bounded": lambda said, book, entry: (
        said | {"mode": "control" if entry.ceiling == "bounded" else "advise"}
    ),
    "too long": lambda said, book, entry: _end(said, NOW_NS + round(book.lease_s * S) + 10_000_000),
    "a day": lambda said, book, entry: _end(said, NOW_NS + 86_400 * S),
    "over": lambda said, book, entry: _end(said, NOW_NS),
    "long over": lambda said, book, entry: _end(said, NOW_NS - 5 * S),
    "no end": _with(expires=""),
    "too steep": _too_steep,
    "from nowhere": _with(prev=None),
    "from a text": _with(prev="21.0"),
    "half a number": _with(seq=1.5),
    "a true number": _with(seq=True),
    "a negative number": _with(seq=-1),
    "an epoch in words": _with(epoch="7"),
    "a negative epoch": _with(epoch=-7),
    "no lease": _with(lease=""),
    "no decision": _with(decision=""),
    "one more": _with(retain=True),
    "release as a word": _with(release="true"),
    "one less": lambda said, book, entry: {name: value for name, value in said.items() if name != "prev"},
    "another order": lambda said, book, entry: dict(reversed(said.items())),
    "very long": _with(decision="d" * 4000),
}

RAW: dict[str, Callable[[bytes], bytes]] = {
    "not finite": lambda payload: payload.replace(b'"v":', b'"v":NaN,"w":', 1),
    "infinite": lambda payload: payload.replace(b'"prev":', b'"prev":1e999,"w":', 1),
    "twice": lambda payload: payload[:-1] + b',"v":20.0}',
    "a list": lambda payload: b"[" + payload + b"]",
    "cut off": lambda payload: payload[:-1],
    "not a text": lambda payload: b"\xff" + payload,
    "empty": lambda payload: b"",
}


def _topics(root: str, point: str) -> Iterator[tuple[str, str]]:
    yield "another root", f"{root}x/_cmd/{point}"
    yield "below a root", f"{root}/{root}/_cmd/{point}"
    yield "advice", f"{root}/_twin/advice/{point}"
    yield "another point", f"{root}/_cmd/{point}2"
    yield "below a point", f"{root}/_cmd/{point}/x"
    yield "no point", f"{root}/_cmd/"


def tried(seed: int) -> Iterator[tuple[str, bool, str]]:
    """(what was done, whether it must be refused, what the checker said) of one site's setpoints."""
    place = a_place(seed)
    chance = np.random.default_rng([seed, 5])
    for entry in place.book.entries:
        topic = f"{place.root}/_cmd/{entry.point}"
        said = fair(place.book, entry, chance)
        payload = _bytes(said)
        yield (
            f"fair {entry.point}",
            entry.ceiling not in {"bounded", "control"},
            place.checker.objection(topic, payload),
        )
        release = {"release": True} | {
            name: said[name] for name in ("seq", "epoch", "lease", "issued", "decision", "limits")
        }
        yield f"release {entry.point}", False, place.checker.objection(topic, _bytes(release))
        yield "release of another file", True, place.checker.objection(topic, _bytes(release | {"limits": "x"}))
        yield from _spoilt(place, entry, topic, said)


def _spoilt(place: Place, entry: Entry, topic: str, said: Said) -> Iterator[tuple[str, bool, str]]:
    objection = place.checker.objection
    for name, spoil in SPOILT.items():
        if entry.kind == UPS and name == "too steep":
            continue
        yield f"{name} {entry.point}", True, objection(topic, _bytes(spoil(said, place.book, entry)))
    if entry.kind == UPS and entry.high >= 1.0:
        yield f"half a mode {entry.point}", True, objection(topic, _bytes(said | {"v": 0.5}))
    for name, change in RAW.items():
        yield f"{name} {entry.point}", True, objection(topic, change(_bytes(said)))
    for name, other in _topics(place.root, entry.point):
        yield f"{name} {other}", True, objection(other, _bytes(said))


def _bytes(said: Said) -> bytes:
    assert all(not isinstance(value, float) or math.isfinite(value) for value in said.values())
    return json.dumps(said, separators=(",", ":")).encode()


def judged(seed: int) -> tuple[int, list[str]]:
    """How many bytes were shown, and what the checker got wrong."""
    shown, wrong = 0, []
    for what, refuse, objection in tried(seed):
        shown += 1
        if bool(objection) is not refuse:
            wrong.append(f"checker: {what}: {objection or 'let pass'}")
    return shown, wrong
