"""The shipped receiver on a broker, with a log of what it was sent and what it applied. The site answers, not this."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from dataclasses import dataclass

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from twin.domain.site import Site
from twin.domain.timestamps import ns_of_iso
from twin.simulator.receiver import load_receiver

READY_S = 10.0


@dataclass(frozen=True, slots=True)
class Received:
    """One command as it came, and whether it was applied."""

    point: str
    epoch: int
    seq: int
    status: str


class LoggedReceiver:
    """Hears commands in a thread of its own. Plant time is as the newest cycle told it."""

    def __init__(self, port: int, site: Site) -> None:
        actuators = site.limits.actuators
        self._root = site.topics.root
        self._receiver = load_receiver(
            self._root,
            {a.point: a.local for a in actuators},
            {a.point: (a.low, a.high) for a in actuators},
            lambda point, value: None,
        )
        self._plant_ns = 0
        self.log: list[Received] = []
        self._ready = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, "logged-receiver", protocol=paho.MQTTv5)
        self._client.on_connect = self._subscribe
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._hear
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self._ready.wait(READY_S)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def applied_twice(self) -> int:
        """Commands applied more than once."""
        return sum(count - 1 for count in Counter(map(_identity, self._applied())).values())

    @property
    def steps_back(self) -> int:
        """Commands that are not newer than one that came for their point before, applied or not."""
        newest: dict[str, tuple[int, int]] = {}
        back = 0
        for command in self.log:
            number = (command.epoch, command.seq)
            back += number <= newest.get(command.point, (-1, -1))
            newest[command.point] = max(number, newest.get(command.point, (-1, -1)))
        return back

    @property
    def applied(self) -> int:
        return len(self._applied())

    @property
    def epochs(self) -> int:
        """How many starts of the daemon got so far as to command."""
        return len({command.epoch for command in self.log})

    def _applied(self) -> list[Received]:
        return [command for command in self.log if command.status == "applied"]

    def _subscribe(self, client: paho.Client, *_: object) -> None:
        parts = ("_cmd/#", "_twin/heartbeat", "_twin/status", "_twin/cycle")
        client.subscribe([(f"{self._root}/{part}", 1) for part in parts])

    def _hear(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        now_s, topic = time.monotonic(), message.topic
        if topic == f"{self._root}/_twin/heartbeat":
            self._receiver.on_heartbeat(now_s)
        elif topic == f"{self._root}/_twin/status":
            self._receiver.on_status(message.payload, now_s)
        elif topic == f"{self._root}/_twin/cycle":
            self._plant_ns = max(self._plant_ns, ns_of_iso(json.loads(message.payload)["ts"]))
        else:
            answer = self._receiver.on_command(topic, message.payload, message.retain, self._plant_ns, now_s)
            assert answer is not None
            command = json.loads(message.payload)
            point = topic.removeprefix(f"{self._root}/_cmd/")
            self.log.append(Received(point, command["epoch"], command["seq"], json.loads(answer[1])["status"]))


def _identity(command: Received) -> tuple[str, int, int]:
    return command.point, command.epoch, command.seq
