"""From house units to the bytes of any site's own gateways: the mirror image of the topic map.

For each topic a text template is made once from its rules, so that a message costs one string formatting. JSON paths
are split at "/". A value that a sensor did not give becomes null, goes to the errors object of a batch, or is left out.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from twin.domain.arrays import Floats
from twin.domain.errors import TwinError
from twin.domain.site import SourceRule, TopicMap
from twin.domain.timestamps import iso_utc

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | None"

NOT_READ = 3002  # a gateway's error code for "device did not answer"
_NS_PER = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
_HOLE = re.compile(r'"@#(\d+)#@"')  # where the n-th value goes in a template


def encode_time(now_ns: int, unit: str) -> str | int:
    """A source time as a rule wants it; ISO 8601 text or a whole number."""
    return iso_utc(now_ns) if unit in {"iso", ""} else now_ns // _NS_PER[unit]


class TopicEncoder:
    """Makes the payloads of one topic from values in the order of its rules."""

    def __init__(self, topic: str, rules: Sequence[SourceRule]) -> None:
        """Raises: TwinError: rules of one topic that no single message can satisfy."""
        codecs = {rule.codec for rule in rules}
        if len(codecs) != 1 or (codecs == {"scalar"} and len(rules) > 1):
            raise TwinError("the simulator cannot serve these rules with one message", where=topic)
        self.topic, self.rules, self.codec = topic, tuple(rules), rules[0].codec
        if self.codec not in {"scalar", "json", "batch", "line"}:
            raise TwinError(f"the simulator does not speak codec {self.codec!r}", where=topic)
        self._words = [{value: text for text, value in reversed(rule.words)} for rule in rules]
        self._time_unit = rules[0].time_unit
        self._template, self._order = self._made_template() if self.codec in {"json", "batch"} else ("", [])

    def encode(self, wire: Sequence[float], now_ns: int) -> bytes | None:
        """Payload of one message, or None when it has nothing to say. `wire`: in wire units, NaN = not read."""
        if self.codec == "scalar":
            return None if math.isnan(wire[0]) else self._text(0, wire[0]).encode()
        if self.codec == "line":
            return self._lines(wire, now_ns)
        if any(map(math.isnan, wire)):
            if all(map(math.isnan, wire)) and self.codec == "json":
                return None
            return self._with_gaps(wire, now_ns)
        texts = [self._json_text(n, value) for n, value in enumerate(wire)]
        texts.append(json.dumps(encode_time(now_ns, self._time_unit)))
        return (self._template % tuple([texts[n] for n in self._order])).encode()

    def _text(self, n: int, value: float) -> str:
        return self._words[n].get(value) or f"{value:.10g}"

    def _json_text(self, n: int, value: float) -> str:
        word = self._words[n].get(value) if self._words[n] else None
        return f"{value:.10g}" if word is None else json.dumps(word)

    def _made_template(self) -> tuple[str, list[int]]:
        """A text with %s for every value, and which value each of them is; the last number stands for the time."""
        n_rules = len(self.rules)
        document = self._document([f"@#{n}#@" for n in range(n_rules)], f"@#{n_rules}#@")
        pieces = _HOLE.split(json.dumps(document).replace("%", "%%"))
        return "%s".join(pieces[0::2]), [int(piece) for piece in pieces[1::2]]

    def _document(self, values: Sequence[Json], stamp: Json) -> Json:
        root: dict[str, Json] | list[Json] = {}
        if self.codec == "batch" and self.rules[0].name_key and not self.rules[0].values_path:
            root = []
        for n, rule in enumerate(self.rules):
            if self.codec == "json":
                _put(root, rule.value_path, values[n])
                _put(root, rule.unit_path, rule.wire_unit)
                _put(root, rule.quality_path, "good" if values[n] is not None else "bad")
            else:
                self._put_entry(root, rule, values[n])
            _put(root, rule.time_path, stamp)
        return root

    def _put_entry(self, root: dict[str, Json] | list[Json], rule: SourceRule, value: Json) -> None:
        if rule.name_key:
            entry: dict[str, Json] = {rule.name_key: rule.value_path}
            entry[rule.value_key if value is not None else rule.errors_path or "error"] = (
                value if value is not None else NOT_READ
            )
            holder = root if isinstance(root, list) else _at(root, rule.values_path, [])
            if isinstance(holder, list):
                holder.append(entry)
            return
        if isinstance(root, dict):
            holder = _at(root, rule.values_path, {})
            if value is None:
                holder = _at(root, rule.errors_path, {}) if rule.errors_path else None
            if isinstance(holder, dict):
                holder[rule.value_path] = NOT_READ if value is None else value

    def _with_gaps(self, wire: Sequence[float], now_ns: int) -> bytes:
        values: list[Json] = [
            None if math.isnan(value) else self._words[n].get(value, value) for n, value in enumerate(wire)
        ]
        return json.dumps(self._document(values, encode_time(now_ns, self._time_unit))).encode()

    def _lines(self, wire: Sequence[float], now_ns: int) -> bytes | None:
        stamp = encode_time(now_ns, self._time_unit if self._time_unit != "iso" else "ns")
        series: dict[str, list[str]] = {}
        for n, (rule, value) in enumerate(zip(self.rules, wire, strict=True)):
            if not math.isnan(value):
                head = ",".join([_escaped(rule.measurement), *(f"{_escaped(k)}={_escaped(v)}" for k, v in rule.tags)])
                series.setdefault(head, []).append(f"{_escaped(rule.value_path)}={self._json_text(n, value)}")
        if not series:
            return None
        return "\n".join(f"{head} {','.join(fields)} {stamp}" for head, fields in series.items()).encode()


def _escaped(text: str) -> str:
    return text.replace(",", r"\,").replace(" ", r"\ ").replace("=", r"\=")


def _at(root: dict[str, Json], path: str, fresh: Json) -> Json:
    """The holder at a path, made when absent; the root itself for an empty path."""
    node: Json = root
    keys = [key for key in path.split("/") if key]
    for depth, key in enumerate(keys):
        if isinstance(node, dict):
            node = node.setdefault(key, fresh if depth == len(keys) - 1 else {})
    return node


def _put(root: dict[str, Json] | list[Json], path: str, value: Json) -> None:
    if path and isinstance(root, dict):
        *parents, last = [key for key in path.split("/") if key]
        holder = _at(root, "/".join(parents), {})
        if isinstance(holder, dict):
            holder[last] = value


class Encoder:
    """All topics of a site, each due by the shortest period of its points."""

    def __init__(self, topics: TopicMap, period_s: Floats) -> None:
        """`period_s`: by point index. Raises: TwinError: a topic that no message can satisfy."""
        by_topic: dict[str, list[SourceRule]] = {}
        for rule in topics.rules:
            by_topic.setdefault(rule.topic, []).append(rule)
        self.topics = [TopicEncoder(topic, rules) for topic, rules in by_topic.items()]
        ordered = [rule for encoder in self.topics for rule in encoder.rules]
        self._point = np.array([rule.point for rule in ordered], dtype=np.int64)
        self._scale = np.array([rule.scale for rule in ordered])
        self._offset = np.array([rule.offset for rule in ordered])
        ends = np.cumsum([len(encoder.rules) for encoder in self.topics]).tolist()
        self._slices = [slice(end - len(e.rules), end) for end, e in zip(ends, self.topics, strict=True)]
        self._period_ns = [
            max(1, round(float(min(period_s[rule.point] for rule in encoder.rules)) * 1e9)) for encoder in self.topics
        ]
        self._asset_of = [encoder.rules[0].point for encoder in self.topics]
        self._last_ns: int | None = None
        self.readings = 0  # values said so far

    def messages(self, values: Floats, now_ns: int, skew_ns: Sequence[int]) -> list[tuple[str, bytes]]:
        """Every message due since the last call. `values` and `skew_ns` (clock error) go by point index."""
        wire = ((values[self._point] - self._offset) / self._scale).tolist()
        before_ns, self._last_ns = self._last_ns, now_ns
        out: list[tuple[str, bytes]] = []
        for encoder, part, period_ns, asset_point in zip(
            self.topics, self._slices, self._period_ns, self._asset_of, strict=True
        ):
            if before_ns is not None and now_ns // period_ns == before_ns // period_ns:
                continue
            payload = encoder.encode(wire[part], now_ns + skew_ns[asset_point])
            if payload is not None:
                out.append((encoder.topic, payload))
                self.readings += sum(value == value for value in wire[part])  # noqa: PLR0124  NaN: not said
        return out
