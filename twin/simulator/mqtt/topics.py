"""Topic names and filters: what is valid, and which filters match a name."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

MAX_LEVELS = 200  # mosquitto's limit too; keeps one message from building a tree as deep as it is long
SHARE_PREFIX = "$share/"


def is_topic_name(topic: str) -> bool:
    """Whether a message may be published on it: not empty, no wildcard, no U+0000, at most 200 levels."""
    return bool(topic) and not ("+" in topic or "#" in topic or "\0" in topic) and topic.count("/") < MAX_LEVELS


def is_topic_filter(pattern: str) -> bool:
    """Whether it can be subscribed to: `+` fills a whole level, `#` a whole last level (MQTT 5.0, section 4.7)."""
    if not pattern or "\0" in pattern or pattern.count("/") >= MAX_LEVELS:
        return False
    levels = pattern.split("/")
    if any("+" in level and level != "+" for level in levels):
        return False
    return "#" not in pattern or (levels[-1] == "#" and pattern.count("#") == 1)


def split_shared(pattern: str) -> tuple[str, str] | None:
    """`$share/group/filter` as (group, filter); None for an ordinary filter; ("", "") for a broken shared one."""
    if not pattern.startswith(SHARE_PREFIX):
        return None
    group, _, inner = pattern.removeprefix(SHARE_PREFIX).partition("/")
    if not group or "+" in group or "#" in group or not is_topic_filter(inner):
        return "", ""
    return group, inner


def filter_matches(pattern: str, topic: str) -> bool:
    """Whether a valid filter matches a valid topic name; a leading wildcard never matches a `$` topic."""
    if topic[0] == "$" and pattern[0] in "+#":
        return False
    wanted, levels = pattern.split("/"), topic.split("/")
    for position, want in enumerate(wanted):
        if want == "#":
            return True
        if position >= len(levels) or (want != "+" and want != levels[position]):
            return False
    return len(wanted) == len(levels)


Value = TypeVar("Value")


@dataclass(slots=True)
class _Node(Generic[Value]):
    children: dict[str, _Node[Value]] = field(default_factory=dict)
    values: dict[Hashable, Value] = field(default_factory=dict)


class TopicTree(Generic[Value]):
    """Values under topic filters, found by topic name.

    One level of the tree per level of the topic. The walk is a loop, not a recursion, so a deep topic costs time in
    proportion to its depth and no stack.
    """

    def __init__(self) -> None:
        self._root: _Node[Value] = _Node()

    def put(self, pattern: str, key: Hashable, value: Value) -> None:
        """Store a value under a filter; the same filter and key replaces."""
        node = self._root
        for level in pattern.split("/"):
            node = node.children.setdefault(level, _Node())
        node.values[key] = value

    def get(self, pattern: str, key: Hashable) -> Value | None:
        """The value under exactly this filter and key."""
        node = self._root
        for level in pattern.split("/"):
            below = node.children.get(level)
            if below is None:
                return None
            node = below
        return node.values.get(key)

    def drop(self, pattern: str, key: Hashable) -> bool:
        """Remove a value and the branches it leaves empty. False when there was none."""
        path: list[tuple[_Node[Value], str]] = []
        node = self._root
        for level in pattern.split("/"):
            below = node.children.get(level)
            if below is None:
                return False
            path.append((node, level))
            node = below
        if key not in node.values:
            return False
        del node.values[key]
        for parent, level in reversed(path):
            child = parent.children[level]
            if child.values or child.children:
                break
            del parent.children[level]
        return True

    def match(self, topic: str) -> list[Value]:
        """Every value whose filter matches the topic name."""
        found: list[Value] = []
        nodes = [self._root]
        wildcards_apply = topic[0] != "$"  # `$` topics are hidden from a wildcard in the first level only
        for level in topic.split("/"):
            below: list[_Node[Value]] = []
            for node in nodes:
                exact = node.children.get(level)
                if exact is not None:
                    below.append(exact)
                if wildcards_apply:
                    single = node.children.get("+")
                    if single is not None:
                        below.append(single)
                    rest = node.children.get("#")
                    if rest is not None:
                        found.extend(rest.values.values())
            wildcards_apply = True
            nodes = below
            if not nodes:
                return found
        for node in nodes:
            found.extend(node.values.values())
            rest = node.children.get("#")  # "a/#" matches "a" itself
            if rest is not None:
                found.extend(rest.values.values())
        return found
