"""Rules of topics, filters and codecs that hold before any message has come."""

from __future__ import annotations

import unicodedata

from twin.sitefile.locate import KeyPath
from twin.sitefile.problems import Problems
from twin.sitefile.schema_points import MessageTable

FILE = "points.toml"
# the daemon's own first levels below the root: _twin, _cmd, _ack, _op, _sim
_RESERVED = "_"

_USED_BY: dict[str, tuple[str, ...]] = {
    "time_path": ("json", "batch"),
    "time_unit": ("json", "batch", "line"),
    "quality_path": ("json",),
    "sequence_path": ("json", "batch"),
    "values_path": ("batch",),
    "name_key": ("batch",),
    "value_key": ("batch",),
    "errors_path": ("batch",),
    "measurement": ("line",),
    "tags": ("line",),
}


def check_topic(topic: str, path: KeyPath, root: str, problems: Problems) -> bool:
    """Whether a topic is one that a source may use; else the reason is noted."""
    if "+" in topic or "#" in topic:
        problems.add(FILE, path, f"topic {topic} has a wildcard", "name each topic; fields such as {asset} make many")
    elif any(unicodedata.category(letter) == "Cc" for letter in topic):
        problems.add(FILE, path, f"topic {topic!r} has a control character", "take it out: brokers refuse such topics")
    elif not topic or topic.startswith(("/", "$")) or topic.endswith("/") or "//" in topic:
        problems.add(FILE, path, f'topic "{topic}" has an empty or forbidden level', "levels separated by single /")
    elif len(topic.encode()) > 1024:
        problems.add(FILE, path, "the topic is longer than 1024 bytes", "shorten it")
    elif root and topic.startswith(f"{root}/{_RESERVED}"):
        problems.add(
            FILE, path, f"topic {topic} lies among the daemon's own", f"levels below {root} may not start with _"
        )
    else:
        return True
    return False


def check_filter(text: str, path: KeyPath, problems: Problems) -> None:
    """A filter: + and # stand alone in their level, # last."""
    levels = text.split("/")
    lone = all(level in {"+", "#"} or not set(level) & set("+#") for level in levels)
    printable = all(unicodedata.category(letter) != "Cc" for letter in text)
    if not text or not lone or "#" in levels[:-1] or not printable:
        fix = "+ and # stand alone in their level, # only at the end"
        problems.add(FILE, path, f'"{text}" is not a topic filter', fix)


def filter_covers(text: str, topic: str) -> bool:
    """Whether a topic matches a filter."""
    wanted, given = text.split("/"), topic.split("/")
    for i, level in enumerate(wanted):
        if level == "#":
            return True
        if i >= len(given) or level not in {"+", given[i]}:
            return False
    return len(wanted) == len(given)


def check_codec(table: MessageTable, path: KeyPath, problems: Problems) -> None:
    """Keys that the codec needs, and keys that it would not read."""
    codec = table.codec
    for key, codecs in _USED_BY.items():
        if getattr(table, key) and codec not in codecs:
            problems.add(
                FILE, (*path, key), f"{key} means nothing with codec {codec}", f"it is read by {', '.join(codecs)}"
            )
    if codec == "line" and not table.measurement:
        problems.add(FILE, path, '"measurement" is missing', "add measurement: the line's first word")
    if codec == "scalar" and len(table.values) > 1:
        problems.add(
            FILE, (*path, "values"), "a scalar message has one value", "use one [[points]] for each, or codec json"
        )
    if bool(table.name_key) != bool(table.value_key):
        given, other = ("name_key", "value_key") if table.name_key else ("value_key", "name_key")
        problems.add(FILE, (*path, given), f"{given} needs {other} beside it", f"add {other}, or leave {given} out")
    for name, value in table.values.items():
        at = (*path, "values", name)
        if codec == "scalar" and value.path:
            problems.add(FILE, (*at, "path"), "a scalar has no path", "leave path out, or use codec json")
        if codec != "scalar" and not value.path:
            problems.add(FILE, at, f"codec {codec} needs a path", "add path: where in the message the value stands")
        if codec != "json" and value.unit_path:
            problems.add(FILE, (*at, "unit_path"), f"unit_path means nothing with codec {codec}", "leave it out")
        for word, number in value.words.items():
            if not word or not abs(number) < 1e12:
                problems.add(FILE, (*at, "words"), f'word "{word}" = {number:g} is not usable', "a text and a number")
