"""Who may say and hear what at the broker, worked out from the topic map, and written as mosquitto's ACL file.

A device may only speak, and only on the topics of its own asset. The setpoints' readbacks are the receiver's: where a
device reports them in one message with other values, both may say it, and a comment tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from twin.domain.errors import ExitCode, TwinError
from twin.domain.site import Site, TopicMap
from twin.sitefile.wiring import filter_covers

FIRST_LINE = "# Made by twin config acl from the site's topic map; make it anew when points.toml changes."
RECEIVER, OPERATOR, VIEWER = "receiver", "operator", "viewer"
_LONG_LIST = 200  # rows to read; the broker goes through them for every message it passes on
_MANY_LEVELS = 20  # of a long list, as many names in one place are read as "+"
_NO_NAME = re.compile(r"[^A-Za-z0-9_.-]+")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f]|^\s|\s$")


@dataclass(frozen=True, slots=True)
class Account:
    """One user of the broker: the topics or filters it may read, and write. `about` is for people."""

    user: str
    about: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()


def accounts_of(site: Site, *, daemon: str = "twin") -> tuple[Account, ...]:
    """Every user a site needs, roles first.

    Args:
        daemon: The user name the daemon logs in with.
    Raises: TwinError: a topic that an ACL file cannot hold, or a user name that is taken.
    """
    root, telemetry, readbacks = site.topics.root, _telemetry(site.topics), _readback_topics(site)
    status = (f"{root}/_twin/heartbeat", f"{root}/_twin/status")
    accounts = (
        Account(
            daemon,
            "the daemon, and nobody else: the only one that commands",
            (*telemetry, f"{root}/_ack/#", f"{root}/_op/#"),
            (f"{root}/_twin/#", f"{root}/_cmd/#"),
        ),
        Account(
            RECEIVER,
            "the gateway beside the plant: answers commands, and reports the setpoints in force",
            (f"{root}/_cmd/#", *status),
            (f"{root}/_ack/#", *readbacks),
        ),
        Account(
            OPERATOR,
            "an operator's panel: gives orders, sees everything but commands",
            (f"{root}/_twin/#", f"{root}/_ack/#", *telemetry),
            (f"{root}/_op/#",),
        ),
        Account(VIEWER, "a screen on the wall: says nothing", (f"{root}/_twin/#", *telemetry)),
        *_devices(site, readbacks),
    )
    _check(accounts)
    return accounts


def acl_text(site: Site, *, daemon: str = "twin") -> str:
    """The ACL file. Raises: TwinError: as `accounts_of`."""
    root = site.topics.root
    lines = [
        FIRST_LINE,
        f"# Site {site.facility.site}, root {root}. Whoever gives no name, or one that is not below, may do nothing.",
        f"# A simulated site (twin sim) needs more: {daemon} must also read {root}/_sim/tick.",
    ]
    for account in accounts_of(site, daemon=daemon):
        lines += ["", *(f"# {line}" for line in account.about.split("\n")), f"user {account.user}"]
        lines += [f"topic read {topic}" for topic in account.reads]
        lines += [f"topic write {topic}" for topic in account.writes]
    return "\n".join(lines) + "\n"


def _telemetry(topics: TopicMap) -> tuple[str, ...]:
    """What is subscribed; for a filter that also reaches the daemon's own topics, the topics it is there for."""
    found: dict[str, None] = {}
    for text in topics.subscriptions:
        if _reaches_own(text, topics.root):
            found |= dict.fromkeys(rule.topic for rule in topics.rules if filter_covers(text, rule.topic))
        else:
            found[text] = None
    if len(found) <= _LONG_LIST:
        return tuple(found)
    return tuple(_folded([tuple(text.split("/")) for text in found], (), topics.root))


def _folded(rests: Sequence[tuple[str, ...]], path: tuple[str, ...], root: str) -> Iterator[str]:
    """Filters for topics that begin with `path` and go on as `rests`: many names in one place become "+"."""
    by_name: dict[str, list[tuple[str, ...]]] = {}
    for first, *rest in rests:
        by_name.setdefault(first, []).append(tuple(rest))
    if len(by_name) > _MANY_LEVELS and not _reaches_own("/".join((*path, "+")), root):
        by_name = {"+": [rest for all_rests in by_name.values() for rest in all_rests]}
    for name, below in by_name.items():
        if () in below:
            yield "/".join((*path, name))
        if deeper := [rest for rest in dict.fromkeys(below) if rest]:
            yield from _folded(deeper, (*path, name), root)


def _reaches_own(text: str, root: str) -> bool:
    """Whether a filter may match a topic whose first level below the root begins with "_"."""
    wanted = text.split("/")
    for i, level in enumerate(root.split("/")):
        if i >= len(wanted) or wanted[i] not in {"#", "+", level}:
            return False
        if wanted[i] == "#":
            return True
    return any(level in {"#", "+"} or level.startswith("_") for level in wanted[root.count("/") + 1 :][:1])


def _readback_topics(site: Site) -> tuple[str, ...]:
    """Topics that carry the readback of a setpoint, or who holds it, in order."""
    actuators = site.limits.actuators
    names = [a.point for a in actuators] + [a.about(who) for a in actuators for who in ("held", "priority")]
    read_back = {site.points.find(name) for name in names}
    return tuple(dict.fromkeys(rule.topic for rule in site.topics.rules if rule.point in read_back))


def _devices(site: Site, readbacks: tuple[str, ...]) -> Iterator[Account]:
    """One user for each asset that reports, and for each gateway that reports for many."""
    points = site.points.points
    assets: dict[str, dict[str, None]] = {}  # topic -> assets, in order
    names: dict[str, list[str]] = {}  # topic -> points
    for rule in site.topics.rules:
        point = points[rule.point]
        assets.setdefault(rule.topic, {})[point.asset] = None
        names.setdefault(rule.topic, []).append(point.name)
    owned: dict[tuple[str, ...], list[str]] = {}
    for topic, of in assets.items():
        # setpoints and who holds them: nothing a device has to say
        if topic not in readbacks or not all(map(_is_setpoint, names[topic])):
            owned.setdefault(tuple(sorted(of)), []).append(topic)
    taken: set[str] = set()
    for group, topics in owned.items():
        for name, about, part in _logins(group, topics, site.topics.root):
            mixed = ", ".join(topic for topic in part if topic in readbacks)
            more = f"\nreports a setpoint's readback too, with other values in one message: {mixed}" if mixed else ""
            yield Account(_free(f"device-{name}", taken), about + more, (), tuple(part))


def _logins(group: tuple[str, ...], topics: list[str], root: str) -> Iterator[tuple[str, str, list[str]]]:
    """Name, description and topics of each user behind the topics that report for one group of assets."""
    if len(group) == 1:
        yield group[0], f"reports for {group[0]}", topics
        return
    about = f"a gateway: reports for {len(group)} assets, {group[0]} to {group[-1]}; its topics name none of them"
    shared = _common(topics)
    # what all topics of the site begin with tells nobody apart
    if len(topics) == 1 or shared == root.split("/")[: len(shared)]:
        parts = [(topic.split("/"), [topic]) for topic in topics]
    else:
        parts = [(shared, topics)]
        about += f", so it is known by how they all begin: {'/'.join(shared)}"
    for levels, part in parts:
        below = "/".join(levels).removeprefix(f"{root}/")
        yield below.replace("/", "-"), about, part


def _is_setpoint(name: str) -> bool:
    return name.endswith(("_sp_c", "_held", "_priority")) or name == "mode"


def _common(topics: list[str]) -> list[str]:
    """The levels that all topics begin with."""
    shared: list[str] = []
    for levels in zip(*(topic.split("/") for topic in topics), strict=False):
        if len(set(levels)) > 1:
            break
        shared.append(levels[0])
    return shared


def _free(name: str, taken: set[str]) -> str:
    """A user name of plain letters that nobody has yet."""
    plain = _NO_NAME.sub("-", name)
    chosen, number = plain, 1
    while chosen in taken:
        number += 1
        chosen = f"{plain}-{number}"
    taken.add(chosen)
    return chosen


def _check(accounts: Iterable[Account]) -> None:
    """A line break in a topic would write rights of its own; a blank at its edge would be dropped by the broker."""
    seen: set[str] = set()
    for account in accounts:
        if _UNSAFE.search(account.user) or ":" in account.user or not account.user or account.user in seen:
            raise _refused(
                f"{account.user!r} cannot be a user of its own", "mqtt.username", "give the daemon a plain name: twin"
            )
        seen.add(account.user)
        for topic in (*account.reads, *account.writes):
            if _UNSAFE.search(topic):
                what = f"the topic {topic!r} has a control character, or a blank at its edge"
                raise _refused(what, "points.toml", "brokers refuse such topics: rename it")


def _refused(message: str, where: str, fix: str) -> TwinError:
    error = TwinError(message, where=where, fix=fix)
    error.exit_code = ExitCode.CONFIG
    return error
