"""Builds of the product that break a promise on purpose: the tests must see the difference."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from twin.adapters.mqtt import MqttLink
from twin.daemon import persist
from twin.daemon.statedir import StateDirectory
from twin.domain.messages import MessageIn
from twin.historian.spool import Spool

EARLY = "early"  # a message is acknowledged as it arrives; the disk has it within a second
MEMORY = "memory"  # the spool is in memory
FORGETFUL = "forgetful"  # neither the epoch nor the last commands survive


def weaken(build: str) -> None:
    """Turn this process into a weak build; "-" leaves it as it is."""
    if build == EARLY:
        _acknowledge_early()
    elif build == MEMORY:
        _buffer_in_memory()
    elif build == FORGETFUL:
        _forget_commands()
    elif build != "-":
        raise ValueError(f"no such weak build: {build}")


def _acknowledge_early() -> None:
    take, acknowledge = MqttLink._take, MqttLink.acknowledge

    def take_at_once(link: MqttLink, *arrived: Any) -> None:
        take(link, *arrived)
        acknowledge(link, link._waiting[-1:])

    def acknowledged_before(_link: MqttLink, _messages: Sequence[MessageIn]) -> None:
        """It was, when they arrived."""

    persist._GATHER_S = 1.0
    MqttLink._take = take_at_once  # type: ignore[method-assign]
    MqttLink.acknowledge = acknowledged_before  # type: ignore[method-assign]


def _buffer_in_memory() -> None:
    def in_memory(_path: Path) -> sqlite3.Connection:
        db = sqlite3.connect(
            "file:spool?mode=memory&cache=shared", uri=True, isolation_level=None, check_same_thread=False
        )
        db.execute("PRAGMA read_uncommitted=1")  # a shared memory has no snapshots: its reader would be locked out
        return db

    opened: Any = Spool.__dict__["open"].__func__
    opened.__kwdefaults__["connect"] = in_memory


def _forget_commands() -> None:
    StateDirectory.next_epoch = lambda _directory: 1  # type: ignore[method-assign]
    StateDirectory.load_memory = lambda _directory: b""  # type: ignore[method-assign]
