"""Publishes hostile messages, and packets that no broker may pass on."""

from __future__ import annotations

import socket
from collections.abc import Sequence

from tests.chaos.hostile import Hostile
from tests.integration.mqtt import wire

ROOT = "dc/demo"


def publish_all(port: int, messages: Sequence[Hostile]) -> None:
    """Publish with QoS 1; returns when every one is acknowledged."""
    with logged_in(port) as link:
        for start in range(0, len(messages), 100):
            part = messages[start : start + 100]
            link.sendall(b"".join(packet(hostile, number) for number, hostile in enumerate(part, 1)))
            answer = b""
            while len(answer) < 4 * len(part):
                got = link.recv(4_096)
                assert got, f"the broker closed within {[hostile.kind for hostile in part]}"
                answer += got


def packet(hostile: Hostile, number: int) -> bytes:
    return wire.publish(f"{ROOT}/{hostile.topic}", hostile.payload, version=wire.V311, qos=1, packet_id=number)


def logged_in(port: int) -> socket.socket:
    link = socket.create_connection(("127.0.0.1", port), timeout=60.0)
    link.sendall(wire.connect("hostile", version=wire.V311))
    assert link.recv(4)[3] == 0
    return link


def misbehave(port: int) -> int:
    """Topics that no broker may pass on. Returns how many connections it closed for them."""
    closed = 0
    for topic in (
        b"dc/demo/+/telemetry",
        b"dc/demo/#",
        b"dc/demo/h1\x00",
        b"dc/demo/\xff\xfe",
        b"dc/demo/\xed\xa0\x80",
        b"",
    ):
        body = len(topic).to_bytes(2) + topic + b"21.5"
        with logged_in(port) as link:
            link.sendall(bytes((0x30, len(body))) + body)
            try:
                closed += link.recv(4) == b""
            except ConnectionResetError:
                closed += 1
    return closed
