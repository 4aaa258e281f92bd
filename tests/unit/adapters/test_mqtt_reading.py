"""Packets read here against the same packets read by paho, however the bytes are cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import paho.mqtt.client as paho
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from tests.integration.mqtt import wire
from twin.adapters.mqtt_reading import MOST_AT_ONCE, Publish, Reading, acknowledge, publishes

SUCCESS = MQTTErrorCode.MQTT_ERR_SUCCESS


class Pieces:
    """A socket on which bytes come in pieces, with silence between them."""

    def __init__(self, pieces: Sequence[bytes], *, ends: bool = False) -> None:
        self._pieces, self._ends = [piece for piece in pieces if piece], ends
        self.sent = b""

    @property
    def waiting(self) -> bool:
        return bool(self._pieces)

    def recv(self, size: int) -> bytes:
        if not self._pieces:
            if self._ends:
                return b""
            raise BlockingIOError
        piece = self._pieces.pop(0)
        if len(piece) > size:
            self._pieces.insert(0, piece[size:])
        return piece[:size]

    def send(self, content: bytes) -> int:
        self.sent += content
        return len(content)

    def setsockopt(self, *_: int) -> None:
        pass

    def close(self) -> None:
        self._pieces = []


class Reader:
    """A paho client on such a socket, alone or with `Reading` before it."""

    def __init__(self, socket: Pieces, version: int, *, quick: bool) -> None:
        protocol = paho.MQTTv5 if version == wire.V5 else paho.MQTTv311
        self.client: Any = paho.Client(CallbackAPIVersion.VERSION2, protocol=protocol)
        self.client.manual_ack_set(True)
        self.found: list[Publish] = []
        self.by_paho = 0
        self._socket = socket
        self.client._create_socket = lambda: socket
        self.client.on_message = self._heard
        if quick:
            Reading(self.client, self.found.extend, mqtt5=version == wire.V5)
        self.client._sock = self.client._create_socket()

    def _heard(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        self.by_paho += 1
        self.found.append((message.topic, bytes(message.payload), message.qos, message.retain, message.mid))

    def read_all(self) -> str:
        """Read as long as anything comes; what ended it."""
        still = 0
        while still < 50:  # paho alone needs a call for each packet
            try:
                result = self.client.loop_read()
            except (UnicodeDecodeError, IndexError, ValueError, KeyError) as error:
                return type(error).__name__
            if result != SUCCESS:
                return str(result)
            still = 0 if self._socket.waiting else still + 1
        return "silence"


def read_by(quick: bool, pieces: Sequence[bytes], version: int, *, ends: bool = False) -> tuple[list[Publish], str]:
    reader = Reader(Pieces(pieces, ends=ends), version, quick=quick)
    why = reader.read_all()
    return reader.found, why


topics = st.text(st.characters(codec="utf-8", exclude_characters="\0+#"), min_size=0, max_size=60)
payloads = st.binary(max_size=300)


@st.composite
def a_publish(draw: st.DrawFn, version: int) -> bytes:
    qos = draw(st.sampled_from((0, 0, 1, 1, 2)))
    body = wire.text(draw(topics))
    if qos:
        body += draw(st.integers(1, 65_535)).to_bytes(2, "big")
    if version == wire.V5:
        expiry = b"\x05\x02\x00\x00\x00\x3c"
        body += draw(st.sampled_from((b"\0", b"\0", b"\0", expiry)))
    flags = qos << 1 | draw(st.booleans()) | draw(st.booleans()) << 3
    return wire.packet(wire.PUBLISH, body + draw(payloads), flags=flags)


@st.composite
def a_stream(draw: st.DrawFn, version: int) -> list[bytes]:
    kinds = [a_publish(version), a_publish(version), st.just(wire.packet(wire.PINGRESP, b""))]
    stream = b"".join(draw(st.lists(st.one_of(kinds), max_size=12)))
    return cut(stream, draw(st.lists(st.integers(0, max(len(stream), 1)), max_size=6)))


def cut(stream: bytes, places: Sequence[int]) -> list[bytes]:
    ends = [*sorted(places), len(stream)]
    return [stream[start:end] for start, end in zip([0, *ends], ends, strict=False)]


@pytest.mark.parametrize("version", [wire.V5, wire.V311])
@given(data=st.data())
def test_what_is_read_is_what_paho_reads(version: int, data: st.DataObject) -> None:
    pieces, ends = data.draw(a_stream(version)), data.draw(st.booleans())
    assert read_by(True, pieces, version, ends=ends) == read_by(False, pieces, version, ends=ends)


@pytest.mark.parametrize("version", [wire.V5, wire.V311])
@given(data=st.data())
def test_noise_among_the_packets_ends_both_alike(version: int, data: st.DataObject) -> None:
    stream = bytearray(b"".join(data.draw(a_stream(version))))
    for _ in range(data.draw(st.integers(1, 3))):
        if stream:
            stream[data.draw(st.integers(0, len(stream) - 1))] = data.draw(st.integers(0, 255))
    pieces = cut(bytes(stream), data.draw(st.lists(st.integers(0, max(len(stream), 1)), max_size=4)))
    assert read_by(True, pieces, version, ends=True) == read_by(False, pieces, version, ends=True)


BROKEN = {
    "no topic": wire.packet(wire.PUBLISH, b"", flags=0),
    "half a topic length": wire.packet(wire.PUBLISH, b"\0", flags=0),
    "topic longer than the packet": wire.packet(wire.PUBLISH, b"\0\x09hall", flags=2),
    "no packet id": wire.packet(wire.PUBLISH, wire.text("t"), flags=2),
    "half a packet id": wire.packet(wire.PUBLISH, wire.text("t") + b"\1", flags=2),
    "no properties": wire.packet(wire.PUBLISH, wire.text("t") + b"\0\1", flags=2),
    "a length of five bytes": b"\x30\xff\xff\xff\xff\x01",
}


@pytest.mark.parametrize("version", [wire.V5, wire.V311])
@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_a_broken_packet_is_judged_by_paho(version: int, broken: bytes) -> None:
    pieces = [a_plain(version) + broken]
    assert read_by(True, pieces, version, ends=True) == read_by(False, pieces, version, ends=True)


def a_plain(version: int, topic: str = "h1/r1", qos: int = 1, payload: bytes = b"21.5") -> bytes:
    mid = b"\x12\x34" if qos else b""
    properties = b"\0" if version == wire.V5 else b""
    return wire.packet(wire.PUBLISH, wire.text(topic) + mid + properties + payload, flags=qos << 1)


@pytest.mark.parametrize("version", [wire.V5, wire.V311])
def test_plain_packets_do_not_pass_through_paho(version: int) -> None:
    stream = b"".join(a_plain(version, payload=b"%d" % n) for n in range(1_000))
    reader = Reader(Pieces(cut(stream, range(0, len(stream), 1_000))), version, quick=True)
    reader.read_all()
    assert [payload for _, payload, *_ in reader.found] == [b"%d" % n for n in range(1_000)]
    assert reader.by_paho == 0


@pytest.mark.parametrize("size", [120, 130, MOST_AT_ONCE - 50, MOST_AT_ONCE + 50, 3_000_000])
def test_a_packet_of_any_length_is_read_once(size: int) -> None:
    stream = b"".join(a_plain(wire.V5, payload=bytes([n]) * size) for n in range(4))
    found, why = read_by(True, cut(stream, range(0, len(stream), 50_000)), wire.V5)
    assert why == "silence"
    assert [(len(payload), payload[0]) for _, payload, *_ in found] == [(size, n) for n in range(4)]


def test_the_beginning_of_a_packet_waits_for_the_rest() -> None:
    whole = a_plain(wire.V5, payload=b"x" * 200)
    for length in range(1, len(whole)):
        assert publishes(whole[:length], mqtt5=True) == ([], 0, True)
    assert publishes(whole + whole[:7], mqtt5=True)[1:] == (len(whole), True)


def test_acknowledgements_leave_in_one_piece() -> None:
    socket = Pieces([])
    reader = Reader(socket, wire.V5, quick=True)
    acknowledge(reader.client, [1, 0x1234, 65_535])
    assert socket.sent == b"\x40\x02\x00\x01\x40\x02\x12\x34\x40\x02\xff\xff"
