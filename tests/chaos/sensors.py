"""The sensors of a site on a real broker, at any pace and by any clock: what a simulated site said once, said again."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.support.processes import PATIENCE_S, Ear, Running, twin_environment
from tests.support.servers import Mosquitto

_TIMES = {"ts", "timestamp"}
_LINE_TIME = re.compile(rb" \d{19}$", re.MULTILINE)


def said_by_a_site(site: Path, broker: Mosquitto, work: Path) -> list[tuple[str, bytes]]:
    """One message of every telemetry topic of a simulated site."""
    ear = Ear(broker.port, "#")
    env = twin_environment(work / "sim-state", broker.port)
    sim = Running("sim", "--site", str(site), "--hours", "0.5", "--speed", "600", env=env, log=work / "sim.log")
    ended = sim.ended()
    assert ended.code == 0, ended.err
    newest = {m.topic: m.payload for m in ear.heard if "/_" not in m.topic and m.payload}
    ear.close()
    return sorted(newest.items())


class Sensors:
    """Says all messages once a `pace_s`, QoS 1, with this moment as their time where they carry one.

    `rounds` counts those of which the broker has acknowledged every message.
    """

    def __init__(
        self, port: int, messages: Sequence[tuple[str, bytes]], *, pace_s: float = 1.0,
        ahead_s: Callable[[str], float] = lambda topic: 0.0,
    ) -> None:  # fmt: skip
        self._messages, self._pace_s, self._ahead_s = list(messages), pace_s, ahead_s
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self._client.max_inflight_messages_set(0)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._over = threading.Event()
        self.rounds = 0
        self._thread = threading.Thread(target=self._speak, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()

    def _speak(self) -> None:
        next_s = time.monotonic()
        while not self._over.is_set():
            sent = [self._client.publish(topic, self._now(topic, payload), qos=1) for topic, payload in self._messages]
            for message in sent:
                message.wait_for_publish(PATIENCE_S)
            self.rounds += all(message.is_published() for message in sent)
            next_s += self._pace_s
            self._over.wait(max(next_s - time.monotonic(), 0.0))

    def _now(self, topic: str, payload: bytes) -> bytes:
        return with_time(payload, time.time() + self._ahead_s(topic))


def with_time(payload: bytes, at_s: float) -> bytes:
    """The payload with a moment in the place and in the form of its time; as it is when it carries none."""
    try:
        body = json.loads(payload)
    except ValueError:
        return _LINE_TIME.sub(lambda _: b" %d" % round(at_s * 1e9), payload)
    if not isinstance(body, dict):
        return payload
    for key in _TIMES & body.keys():
        iso = datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        body[key] = iso if isinstance(body[key], str) else round(at_s * 1000)
    return json.dumps(body).encode()
