"""Gateways that report 2,000 points a second at QoS 1, and their own list of what the broker acknowledged."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.chaos.site import GATEWAYS, ROUNDS_PER_S, SENSORS, gateway_topic, sensor_point
from twin.domain.arrays import Ints
from twin.domain.clock import SystemClock
from twin.historian.history import HistoryReader
from twin.historian.store import HistoryStore

ROUND_S = 1.0 / ROUNDS_PER_S
_UNDER_WAY = 400
_SETTLE_S = 30.0
_ALL_THERE_S = 60.0
_REFUSED = 0x80  # MQTT reason codes from here on are refusals


@dataclass(slots=True)
class Ledger:
    """What was said, and what the broker said it has: message numbers by gateway. Numbers count from 0.

    Message `n` of a gateway was taken at `start_ns + n * step_ns`, and sensor `s` in it reads `n + s / 64`.
    """

    start_ns: int
    step_ns: int
    said: list[int] = field(default_factory=lambda: [0] * GATEWAYS)
    acknowledged: list[set[int]] = field(default_factory=lambda: [set() for _ in range(GATEWAYS)])

    @property
    def messages(self) -> int:
        return sum(map(len, self.acknowledged))

    @property
    def points(self) -> int:
        return self.messages * SENSORS

    def time_ns(self, number: int) -> int:
        return self.start_ns + number * self.step_ns

    def payload(self, number: int) -> bytes:
        values = {f"s{sensor:02}": reading(number, sensor) for sensor in range(SENSORS)}
        stamp_ms = self.time_ns(number) // 1_000_000
        return json.dumps({"seq": number, "timestamp": stamp_ms, "values": values}).encode()


def reading(number: int, sensor: int) -> float:
    """What a sensor reads in a message; every reading tells where it belongs."""
    return number + sensor / 64


class Gateways:
    """Report at their pace from a thread of their own, whatever becomes of the broker: what it has not acknowledged is
    said again once it is back."""

    def __init__(self, port: int) -> None:
        self.ledger = Ledger(time.time_ns() // 1_000_000 * 1_000_000, round(ROUND_S * 1e9))
        self._answers: deque[tuple[int, int]] = deque()  # (message id, reason), as the client's thread heard them
        self._under_way: dict[int, tuple[int, int]] = {}
        self._stop = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, "gateways", clean_session=False)
        self._client.max_inflight_messages_set(_UNDER_WAY)
        self._client.reconnect_delay_set(min_delay=0.05, max_delay=0.1)  # type: ignore[arg-type]
        self._client.on_publish = self._acknowledged
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._thread = threading.Thread(target=self._report, name="gateways", daemon=True)
        self._began_s = time.monotonic()
        self._spent_s = 0.0
        self._thread.start()

    def stop(self) -> Ledger:
        """Say no more, wait for what is still under way, and return the ledger."""
        self._stop.set()
        self._thread.join()
        self._spent_s = time.monotonic() - self._began_s
        give_up_s = time.monotonic() + _SETTLE_S
        while self._under_way and time.monotonic() < give_up_s:
            time.sleep(0.02)
            self._write_down()
        self._client.disconnect()
        self._client.loop_stop()
        return self.ledger

    @property
    def points_per_s(self) -> float:
        """How many acknowledged points a second it came to."""
        return self.ledger.points / (self._spent_s or time.monotonic() - self._began_s)

    def _report(self) -> None:
        due_s = time.monotonic()
        number = 0
        while not self._stop.is_set():
            payload = self.ledger.payload(number)
            for gateway in range(GATEWAYS):
                self.ledger.said[gateway] = number + 1
                sent = self._client.publish(gateway_topic(gateway), payload, qos=1)
                self._under_way[sent.mid] = gateway, number
            self._write_down()
            number += 1
            due_s += ROUND_S
            self._stop.wait(max(0.0, due_s - time.monotonic()))

    def _acknowledged(self, _client: paho.Client, _data: object, mid: int, reason: Any, _properties: object) -> None:
        # the client holds its locks here, so nothing of it may be waited for
        self._answers.append((mid, reason.value))

    def _write_down(self) -> None:
        while self._answers:
            mid, reason = self._answers.popleft()
            gateway, number = self._under_way.pop(mid)
            if reason < _REFUSED:
                self.ledger.acknowledged[gateway].add(number)


@dataclass(frozen=True, slots=True)
class Account:
    """The ledger against a history, in points. `altered`: stored with another value, or never said at all."""

    acknowledged: int
    stored: int
    lost: int
    twice: int
    altered: int


def settled(ledger: Ledger, history: HistoryReader) -> Account:
    """Compare what the broker acknowledged with what the history holds, point by point and instant by instant."""
    stored = lost = twice = altered = 0
    for gateway in range(GATEWAYS):
        acknowledged_ns = _times(ledger, ledger.acknowledged[gateway])
        for sensor in range(SENSORS):
            times, values, _ = history.read(sensor_point(gateway, sensor))
            distinct, first = np.unique(times, return_index=True)
            stored += len(distinct)
            lost += int(np.isin(acknowledged_ns, distinct, assume_unique=True, invert=True).sum())
            twice += max(len(times), _rows(history, sensor_point(gateway, sensor))) - len(distinct)
            numbers = (distinct - ledger.start_ns) // ledger.step_ns
            said = (
                (numbers >= 0)
                & (numbers < ledger.said[gateway])
                & (ledger.time_ns(0) + numbers * ledger.step_ns == distinct)
            )
            altered += int((~said | (values[first] != numbers + sensor / 64)).sum())
    return Account(ledger.points, stored, lost, twice, altered)


def wait_for_all(ledger: Ledger, history: HistoryReader) -> None:
    """Wait until the history has the last of every gateway, or will not get it any more."""
    give_up_s = time.monotonic() + _ALL_THERE_S
    while not _has_last(ledger, history) and time.monotonic() < give_up_s:
        time.sleep(0.2)


async def seal(history: Path) -> None:
    """Bring everything into its final place, where a sample that is there twice would be counted twice."""
    store = await HistoryStore.open(history, SystemClock())
    await store.seal()
    await store.close()


def _has_last(ledger: Ledger, history: HistoryReader) -> bool:
    """Whether the last message of every gateway has arrived; those before it came before it."""
    for gateway, numbers in enumerate(ledger.acknowledged):
        last_ns = ledger.time_ns(max(numbers, default=0))
        if numbers and not len(history.read(sensor_point(gateway, SENSORS - 1), last_ns)[0]):
            return False
    return True


def _times(ledger: Ledger, numbers: set[int]) -> Ints:
    return ledger.start_ns + np.array(sorted(numbers), dtype=np.int64) * ledger.step_ns


def _rows(history: HistoryReader, point: str) -> int:
    """How many samples of a point the history keeps, counted by its summaries."""
    whole = history.summary(point, 0, 2**62, 1e9)
    return int(whole.n.sum())
