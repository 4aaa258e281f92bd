"""Rules on the bytes: topic, keys, unit, hash, times of the lease, numbers that grow."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.judge.book import UPS, Book
from tests.judge.facts import Facts, Read, Sent

COMMAND_KEYS = ["v", "u", "seq", "epoch", "lease", "issued", "expires", "mode", "decision", "prev", "limits"]
RELEASE_KEYS = ["release", "seq", "epoch", "lease", "issued", "decision", "limits"]
MS = timedelta(milliseconds=1)
TOLERANCE = 1e-6


def read(book: Book, facts: Facts, sent: Sent) -> tuple[Read | None, list[str]]:
    """What the bytes say, None where they cannot be read, and what is wrong with them by themselves."""
    prefix = f"{facts.root}/_cmd/"
    point = sent.topic.removeprefix(prefix)
    entry = book.entry(point)
    if not sent.topic.startswith(prefix) or entry is None:
        return None, [f"topic: {sent.topic} is no setpoint of this site"]
    said = _parsed(sent.payload)
    if said is None:
        return None, [f"bytes: {point}: not one flat JSON object of finite values: {sent.payload!r}"]
    release = said.get("release") is True
    wrong: list[str] = []
    if list(said) != (RELEASE_KEYS if release else COMMAND_KEYS):
        return None, [f"bytes: {point}: the keys are {list(said)}"]
    if type(said["seq"]) is not int or type(said["epoch"]) is not int:
        return None, [f"numbers: {point}: seq and epoch are no whole numbers"]
    if said["limits"] != book.hash:
        wrong.append(f"hash: {point}: cites {said['limits']}, the file is {book.hash}")
    if said["epoch"] != facts.epoch:
        wrong.append(f"epoch: {point}: {said['epoch']}, this start is {facts.epoch}")
    if not (said["epoch"], said["seq"]) > facts.past.sent.get(point, (-1, -1)):
        wrong.append(f"numbers: {point}: ({said['epoch']}, {said['seq']}) after {facts.past.sent[point]}")
    if not str(said["lease"]).startswith(f"{facts.epoch}.") or not said["decision"]:
        wrong.append(f"names: {point}: lease {said['lease']!r}, decision {said['decision']!r}")
    wrong += [f"times: {point}: {words}" for words in _times(book, facts, said, release, sent.expiry_s)]
    if release:
        return Read(point, True, math.nan, said["seq"], said["epoch"]), wrong
    value = said["v"]
    if not _number(value):
        return None, [*wrong, f"value: {point}: {value!r} is no number"]
    if said["u"] != entry.unit:
        wrong.append(f"unit: {point}: {said['u']!r}, must be {entry.unit!r}")
    if not entry.lets(said["mode"]):
        wrong.append(f"ceiling: {point}: mode {said['mode']!r}, the file allows {entry.ceiling}")
    elif said["mode"] != facts.rights[point].mode:
        wrong.append(f"mode: {point}: {said['mode']!r} is cited, allowed is {facts.rights[point].mode}")
    if entry.kind == UPS and value not in (0, 1):
        wrong.append(f"value: {point}: {value} is no mode")
    if not _number(said["prev"]) or abs(said["prev"] - facts.stands[point].value) > TOLERANCE:
        wrong.append(f"prev: {point}: {said['prev']}, it stands at {facts.stands[point].value}")
    return Read(point, False, float(value), said["seq"], said["epoch"]), wrong


def _parsed(payload: bytes) -> dict[str, Any] | None:
    twice: list[str] = []

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        twice.extend(name for name in names if names.count(name) > 1)
        return dict(pairs)

    try:
        said = json.loads(payload.decode("utf-8"), object_pairs_hook=once)
    except ValueError:
        return None
    flat = isinstance(said, dict) and not any(isinstance(part, list | dict) for part in said.values())
    return said if flat and not twice else None


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _times(book: Book, facts: Facts, said: dict[str, Any], release: bool, expiry_s: int) -> list[str]:
    now = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=facts.state.now_ns // 1000)
    try:
        issued = datetime.fromisoformat(said["issued"])
        expires = issued + MS if release else datetime.fromisoformat(said["expires"])
    except (TypeError, ValueError) as problem:
        return [f"no times: {problem}"]
    if issued.utcoffset() != timedelta(0) or expires.utcoffset() != timedelta(0):
        return ["not in UTC"]
    wrong: list[str] = []
    if abs(issued - now) > MS:
        wrong.append(f"issued {issued}, it is {now}")
    if not expires > issued:
        wrong.append(f"over when it is sent: {expires}")
    if expires - issued > timedelta(seconds=book.lease_s) + MS:
        wrong.append(f"lent for {(expires - issued).total_seconds()} s, at most {book.lease_s}")
    left_s = book.lease_s if release else (expires - now).total_seconds()
    if not 1 <= expiry_s <= max(1, math.ceil(left_s - 1e-3)) + 1e-9:
        wrong.append(f"a broker keeps it {expiry_s} s, its lease ends in {left_s} s")
    return wrong
