"""Hostile messages in twelve classes, the same for the same seed."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

CLASSES: Final = (
    "random_bytes",
    "broken_utf8",
    "truncated_json",
    "deep_nesting",
    "extreme_numbers",
    "wrong_types",
    "odd_keys",
    "sizes",
    "compressed",
    "odd_topics",
    "line_injection",
    "odd_times",
)
MAX_BYTES: Final = 65_536  # the demo site's cap on a payload
BROKER_BYTES: Final = 10 * 1024**2
_NOW_MS = 1_779_148_800_000
_STAMPS = (
    *(0, -1, 1, _NOW_MS, _NOW_MS * 1_000, _NOW_MS * 1_000_000, _NOW_MS // 1_000, 2**63, -(2**63), 1e300, 0.5),
    *("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-05-19T00:00:00", "", "now", None),
    *("2026-05-19T00:00:00+23:59", "2026-05-19T24:00:00Z", "2026-W21-2", True, [], {}),
)
_NUMBERS = (
    "1" * 5_000,
    "1e400",
    "-1e400",
    "-0",
    "-0.0",
    "NaN",
    "Infinity",
    "-Infinity",
    "0x10",
    "1_000",
    "01",
    "1e-400",
)
_WRONG = ('"21.5"', '"ON"', "true", "false", "null", "[1,2]", "{}", '{"value":1}', '""', '"NaN"', '"1e400"', '" 1 "')
_CORRUPT = (b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\xc0\x80", b"\x80", b"\xf4\x90\x80\x80")
# a line, how many of its fields are a dry bulb of the roof that can be read, and how many that cannot; None: the line
# is none at all, and with it the message
_LINES = (
    ("weather,station=roof dry_bulb=1 2 3", None),
    ('weather,station=ro of,x="a b" dry_bulb=1', None),
    ("weather,station=roof dry_bulb", None),
    ('weather,station=roof note="unclosed dry_bulb=1', None),
    ("weather,,,= dry_bulb=1", None),
    ("weather,station=roof dry_bulb=21.5,=3", None),
    ("weather,station=roof dry_bulb=nan", None),
    ("weather,station=roof dry_bulb=1e400", None),
    ("weather,station=roof dry_bulb=21.5 99999999999999999999999", None),
    ("weather,station=roof dry_bulb=21.5 -5", None),
    ("drop measurement weather from everywhere", None),
    ('weather,station="roof\nweather,station=roof dry_bulb=99', None),
    ('weather,station=roof dry_bulb="21.5"', (1, 0)),
    ('weather,station=roof dry_bulb="a, \\" b"', (0, 1)),
    ("weather,station=ro\\,of dry_bulb=21.5", (0, 0)),
    ("weather\\,station=roof dry_bulb=1i", (0, 0)),
    ('weather,station=roof note="x=1, y=2 z",dry_bulb=21.5', (1, 0)),
    ("weather,station=roof dry_bulb=21.5,dry_bulb=22", (1, 0)),
    ("weather,station=yard dry_bulb=21.5", (0, 0)),
    ("# weather,station=roof dry_bulb=21.5", (0, 0)),
)
_ODD_TOPICS = (
    "../../etc/passwd",
    "$SYS/broker/uptime",
    "h1/../h1/room/telemetry",
    "/".join("x" * 190),
    "h1/room/telemetry/",
    "/h1/room/telemetry",
    "H1/ROOM/TELEMETRY",
    "h1//room/telemetry",
    "t" * 60_000,
    " ",
    "h1/room/telemetry\u200b",
    "\U0001f525",
    "_other/x",
    "_op/override",
    "_op/../override",
    "_op/mode/x",
    "_ack/",
    "_ack/" + "a/" * 90,
)


@dataclass(frozen=True, slots=True)
class Hostile:
    """One message: its class, its topic below the site's root, its bytes, and what they are as line protocol.

    `lines` are (taken, refused) of the dry bulb on the roof when it is line protocol, or not line protocol at all.
    """

    kind: str
    topic: str
    payload: bytes
    lines: tuple[int, int] = (0, 1)


def hostile_messages(
    topics: Sequence[str], *, seed: int, count: int, line_topic: str = "", most_bytes: int = BROKER_BYTES
) -> Iterator[Hostile]:
    """So many messages, each class in turn, on topics that are mapped and, in one class, on ones that are not.

    With a `line_topic`, what is line protocol goes there.
    """
    dice = Random(seed)
    for nth in range(count):
        kind = CLASSES[nth % len(CLASSES)]
        if kind == "line_injection" and line_topic:
            yield _injection(dice, line_topic)
            continue
        topic = dice.choice(_ODD_TOPICS if kind == "odd_topics" else topics)
        yield Hostile(kind, topic, _payload(kind, dice, nth // len(CLASSES), most_bytes))


def hostile_payloads(kind: str, *, seed: int, count: int) -> list[bytes]:
    """Payloads of one class."""
    dice = Random(f"{seed} {kind}")
    return [_payload(kind, dice, nth, MAX_BYTES + 1) for nth in range(count)]


def _injection(dice: Random, topic: str) -> Hostile:
    chosen = dice.choices(_LINES, k=dice.randrange(1, 4))
    told = [outcome for _, outcome in chosen if outcome is not None]
    whole = len(told) == len(chosen)
    lines = (sum(taken for taken, _ in told), sum(refused for _, refused in told)) if whole else (0, 1)
    return Hostile("line_injection", topic, "\n".join(text for text, _ in chosen).encode(), lines)


def _payload(kind: str, dice: Random, nth: int, most_bytes: int) -> bytes:
    match kind:
        case "random_bytes":
            return dice.randbytes(dice.randrange(200))
        case "broken_utf8":
            whole, at = _whole(dice), dice.randrange(40)
            return whole[:at] + dice.choice(_CORRUPT) + whole[at:]
        case "truncated_json":
            whole = _whole(dice)
            return whole[: dice.randrange(len(whole))]
        case "deep_nesting":
            return _deep(dice, nth)
        case "extreme_numbers":
            return _with_value(dice.choice(_NUMBERS), dice)
        case "wrong_types":
            return _with_value(dice.choice(_WRONG), dice)
        case "odd_keys":
            return _odd_keys(dice, nth, most_bytes)
        case "sizes":
            return _sized(dice, nth, most_bytes)
        case "compressed":
            # nothing here inflates: a bomb is a short text that is not one
            return zlib.compress(bytes(dice.randrange(1, 100_000)), dice.randrange(1, 10))
        case "odd_topics":
            return _whole(dice)
        case "line_injection":
            return _injection(dice, "").payload
        case _:
            stamp = json.dumps(dice.choice(_STAMPS))
            return f'{{"ts":{stamp},"timestamp":{stamp},"value":21.5,"values":{{"r001.inlet":21.5}}}}'.encode()


def _whole(dice: Random) -> bytes:
    """A message as it should be, for a topic that may be another."""
    values = {f"r{k:03}.{what}": round(dice.uniform(15, 30), 2) for k in range(1, 11) for what in ("inlet", "power")}
    told = {"ts": "2026-05-19T00:00:00.250Z", "timestamp": _NOW_MS, "values": values, "supply_air": 22.5}
    return json.dumps(told).encode()


def _with_value(text: str, dice: Random) -> bytes:
    if dice.random() < 0.2:
        return text.encode()
    named = "".join(f'"r{k:03}.inlet":{text if dice.random() < 0.3 else 21.5},' for k in range(1, 11))
    return (
        f'{{"ts":"2026-05-19T00:00:00Z","timestamp":{_NOW_MS},"supply_air":{text},"values":{{{named}"x":1}}}}'.encode()
    )


def _deep(dice: Random, nth: int) -> bytes:
    deep = 30_000 if nth % 50 == 0 else dice.choice((17, 100, 1_000))
    open_, close = dice.choice((("[", "]"), ('{"a":', "}"), ('[{"":', "}]")))
    body = open_ * deep + ("1" + close * deep if dice.random() < 0.7 else "")
    return body.encode() if dice.random() < 0.5 else f'{{"ts":"2026-05-19T00:00:00Z","x":{body}}}'.encode()


def _odd_keys(dice: Random, nth: int, most_bytes: int) -> bytes:
    key = (
        "k" * min(1_000_000, most_bytes // 3)
        if nth % 200 == 0
        else dice.choice(("", "\u0000", "__class__", "ts", "\ud83d", "values/x", "k" * 999))
    )
    quoted = json.dumps(key)
    whole = _whole(dice)[:-1].decode()
    return f"{whole},{quoted}:1,{quoted}:2,{json.dumps('supply_air')}:{dice.randrange(90)}}}".encode()


def _sized(dice: Random, nth: int, most_bytes: int) -> bytes:
    size = dice.choice((0, 1, 1, 2, MAX_BYTES - 1, MAX_BYTES, MAX_BYTES + 1))
    if nth % 100 == 1:
        size = 256 * 1024
    elif nth % 2_000 == 3:
        size = BROKER_BYTES
    return dice.choice((b"1", b"[", b'"', b" ", b"\x00")) * min(size, most_bytes)
