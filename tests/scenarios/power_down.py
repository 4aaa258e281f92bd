"""A hall of 1,691 nodes: all but two fall silent within an hour and come back in four minutes, half unreadable."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import numpy as np

from twin.domain.arrays import Floats
from twin.domain.site import Site
from twin.shipped import shipped_config
from twin.sitefile.load import load_site

NODES, STEADY = 1_691, 2
QUIET_MIN, FALLING_MIN, DOWN_MIN, BACK_MIN, BROKEN_MIN, AFTER_MIN = 10, 60, 10, 4, 25, 20
TELEMETRY_MIN = QUIET_MIN + FALLING_MIN + DOWN_MIN + BACK_MIN + BROKEN_MIN + AFTER_MIN
STANDBY_FRAC = 0.06  # of its power that a node draws when it is down
NOT_READ: tuple[object, ...] = ("no reading", "Not Readable", None, "NaN", "", 25550)

_NODE = re.compile(r"/h1/(n\d+)/telemetry$")


def node_site(directory: Path) -> Site:
    """The demo site with a first hall of 1,691 nodes, each a source of its own; the second hall stays as it is."""
    shutil.copytree(shipped_config("demo"), directory)
    site, points = directory / "site.toml", directory / "points.toml"
    text = site.read_text(encoding="utf-8")
    begin, end = text.index("[[halls]]"), text.index("\n[plant]\n") + 1
    hall = text[begin:end]
    hall = hall.replace("count = 2\n", "", 1)
    nodes = hall.replace('id = "h{n}"', 'id = "h1"').replace("count = 100", f"count = {NODES}")
    nodes = nodes.replace('id = "{hall}-r{n:03}"', 'id = "{hall}-n{n:04}"').replace("rated_w = 7500", "rated_w = 443.5")
    nodes = nodes.replace("240e3", "14.2e3")
    racks = hall.replace('id = "h{n}"', 'id = "h2"')
    site.write_text(text[:begin] + nodes + racks + text[end:], encoding="utf-8")
    text = points.read_text(encoding="utf-8")
    begin, end = text.index("\n[[points]]\n") + 1, text.index("# Air handlers")
    node = """[[points]]
each = "rack"
topic = "dc/{site}/{hall}/{rack}/telemetry"
codec = "json"
period_s = 60
stale_after_s = 180
time_path = "ts"
time_unit = "ms"
[points.values]
inlet_c = { path = "inlet", unit = "degC" }
power_w = { path = "power", unit = "W" }

"""
    points.write_text(text[:begin] + node + text[end:], encoding="utf-8")
    return load_site(directory)


@dataclass(slots=True)
class PowerDown:
    """What becomes of each node by the minute; also a load that goes down with the nodes."""

    seed: int
    notes: tuple[str, ...] = ()
    minute: int = 0
    said: int = 0
    swallowed: int = 0
    unreadable: int = 0
    _down: dict[str, int] = field(default_factory=dict)
    _up: dict[str, int] = field(default_factory=dict)
    _broken: set[str] = field(default_factory=set)
    _words: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        chance = Random(self.seed)
        nodes = [f"h1-n{n:04}" for n in range(1, NODES + 1)]
        steady = set(chance.sample(nodes, STEADY))
        back = QUIET_MIN + FALLING_MIN + DOWN_MIN
        for node in nodes:
            if node not in steady:
                self._down[node] = chance.randrange(QUIET_MIN, QUIET_MIN + FALLING_MIN)
                self._up[node] = chance.randrange(back, back + BACK_MIN)
                if chance.random() < 0.5:
                    self._broken.add(node)
                    self._words[node] = chance.choice(NOT_READ)

    @property
    def mended_at(self) -> int:
        """The minute from which every node can be read again."""
        return QUIET_MIN + FALLING_MIN + DOWN_MIN + BACK_MIN + BROKEN_MIN

    def spoil(self, topic: str, body: bytes) -> Sequence[bytes]:
        """What a gateway's message becomes, if it says anything."""
        found = _NODE.search(topic)
        if found is None or f"h1-{found[1]}" not in self._down:
            return (body,)
        node = f"h1-{found[1]}"
        if self._down[node] <= self.minute < self._up[node]:
            self.swallowed += 1
            return ()
        self.said += 1
        if node in self._broken and self._up[node] <= self.minute < self.mended_at:
            self.unreadable += 1
            said = json.loads(body) | {"inlet": self._words[node], "power": self._words[node]}
            return (json.dumps(said).encode(),)
        return (body,)

    def at(self, _now_ns: int) -> Floats:
        """Share of rated power by hall: nodes that are down draw next to nothing."""
        down = sum(1 for node, minute in self._down.items() if minute <= self.minute < self._up[node])
        on = 1.0 - down / NODES
        return np.array([0.62 * (on + (1.0 - on) * STANDBY_FRAC), 0.62])
