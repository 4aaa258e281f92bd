"""A flood of messages in a real broker: mosquitto and a publisher, both kept to one core.

The broker keeps the flood for a client that does not read until everything is published. From then on there is always
something to read: what is measured is the client, not how fast somebody publishes.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from twin.domain.timestamps import iso_utc

SINGLE, BATCH = "single", "batch100"
WINDOW = 2000  # messages under way without an acknowledgement, as the daemon allows
SINGLE_TOPICS, BATCH_TOPICS, BATCH_POINTS = 2_000, 20, 100
_START_NS = 1_784_073_600 * 10**9
_AT_ONCE = 200
_PATIENCE_S = 120.0
# Debian keeps servers where an ordinary user's PATH does not look
_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin"))


def topic_of(kind: str, number: int) -> str:
    """Topic `number` of a flood."""
    return f"flood/{kind}/{number:04}"


def payload_of(kind: str, nth: int) -> bytes:
    """The `nth` message: one value at one time, or a hundred."""
    now_ns = _START_NS + nth * 1_000_000
    if kind == SINGLE:
        return f'{{"ts":"{iso_utc(now_ns)}","value":{20 + nth % 97 / 10:.1f}}}'.encode()
    values = ",".join(f'"r{k:03}.inlet":{20 + (nth + k) % 97 / 10:.1f}' for k in range(BATCH_POINTS))
    return f'{{"timestamp":{now_ns // 1_000_000},"values":{{{values}}}}}'.encode()


def mosquitto_path() -> str | None:
    """Where mosquitto is installed; None when it is not."""
    return shutil.which("mosquitto", path=_PATH)


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Keep this thread, and those it starts, to one core; without effect where the system cannot."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(before)[core % len(before)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def broker() -> Iterator[int]:
    """A mosquitto that drops nothing, on the first core; yields its port."""
    found = mosquitto_path()
    assert found is not None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with TemporaryDirectory() as there, on_core(0):
        config = Path(there) / "mosquitto.conf"
        lines = (f"listener {port} 127.0.0.1", "allow_anonymous true", "persistence false", "set_tcp_nodelay true")
        room = ("max_queued_messages 0", f"max_inflight_messages {WINDOW}")
        config.write_text("\n".join((*lines, *room, "log_dest none", "")), encoding="utf-8")
        process = subprocess.Popen([found, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait_for(port, process)
            yield port
        finally:
            process.terminate()
            process.wait()


def publish(port: int, kind: str, qos: int, count: int) -> None:
    """Publish so many messages from a process on the first core; returns when the broker has them all."""
    command = [sys.executable, "-m", "benchmarks.flood", str(port), kind, str(qos), str(count)]
    with on_core(0):
        subprocess.run(command, check=True, timeout=_PATIENCE_S)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    give_up_s = time.monotonic() + 10.0
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
            return
        except ConnectionError:
            if time.monotonic() > give_up_s or process.poll() is not None:
                raise RuntimeError("mosquitto did not start") from None
            time.sleep(0.01)


def _packet(topic: str, payload: bytes, qos: int, number: int) -> bytes:
    name = topic.encode()
    body = struct.pack("!H", len(name)) + name + (struct.pack("!H", number) if qos else b"") + payload
    length, digits = len(body), bytearray()
    while True:
        length, digit = divmod(length, 128)
        digits.append(digit | (0x80 if length else 0))
        if not length:
            return bytes((0x30 | qos << 1,)) + bytes(digits) + body


def _publish(port: int, kind: str, qos: int, count: int) -> None:
    """MQTT 3.1.1 by hand: a client library would be the slowest part."""
    topics = SINGLE_TOPICS if kind == SINGLE else BATCH_TOPICS
    packets = [
        _packet(topic_of(kind, nth % topics), payload_of(kind, nth), qos, nth % _AT_ONCE + 1) for nth in range(count)
    ]
    with socket.create_connection(("127.0.0.1", port)) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link.sendall(b"\x10\x11\x00\x04MQTT\x04\x02\x00\x00\x00\x05flood")
        _read(link, 4)
        for start in range(0, count, _AT_ONCE):
            part = packets[start : start + _AT_ONCE]
            link.sendall(b"".join(part))
            if qos:
                _read(link, 4 * len(part))
        link.sendall(b"\xe0\x00")
        while link.recv(1024):  # the broker closes when it has read everything
            pass


def _read(link: socket.socket, size: int) -> None:
    while size:
        got = link.recv(size)
        if not got:
            raise ConnectionError("the broker closed the connection")
        size -= len(got)


def main(arguments: Sequence[str]) -> None:
    """Publish: PORT KIND QOS COUNT."""
    parser = argparse.ArgumentParser("benchmarks.flood")
    parser.add_argument("port", type=int)
    parser.add_argument("kind", choices=(SINGLE, BATCH))
    parser.add_argument("qos", type=int, choices=(0, 1))
    parser.add_argument("count", type=int)
    wish = parser.parse_args(arguments)
    _publish(wish.port, wish.kind, wish.qos, wish.count)


if __name__ == "__main__":
    main(sys.argv[1:])
