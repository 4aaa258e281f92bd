"""What the broker sends, as fast as it comes: plain PUBLISH packets are read here, every other packet by paho.

paho asks the system three times or more for each packet, and builds its table of MQTT 5 properties anew for every
message. Here one read brings all that waits, and a packet that is whole, well formed and without properties is taken
straight from it. Anything else, and anything doubtful, paho gets to read from the same bytes and judges as it always
does; so what is read, and what ends a connection, stays the same.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from paho.mqtt.enums import MessageType, MQTTErrorCode

Publish: TypeAlias = tuple[str, bytes, int, bool, int]
"""Topic, payload, QoS, retained, packet id (0 at QoS 0)."""

MOST_AT_ONCE = 65_536
"""Bytes a read; a packet that is longer is left to paho."""

_PUBLISH, _KIND_AND_QOS2 = 0x30, 0xF4  # the packet's kind, and the bit that QoS 0 and 1 leave out
_ACK = np.dtype([("head", ">u2"), ("mid", ">u2")])
_PUBACK_HEAD = 0x4002


class Reading:
    """Stands between paho and its socket, before the connection is made; `take` gets what was read, in order."""

    def __init__(self, paho: Any, take: Callable[[Sequence[Publish]], None], *, mqtt5: bool) -> None:
        self._paho, self._take, self._mqtt5 = paho, take, mqtt5
        self._read_one: Callable[[], MQTTErrorCode] = paho.loop_read
        self._make_socket: Callable[[], Any] = paho._create_socket
        self._ahead: _ReadAhead | None = None
        paho._create_socket, paho.loop_read = self._socket, self._read_on

    def _socket(self) -> _ReadAhead:
        made = self._make_socket()
        # small packets that wait for each other's acknowledgement would cost 40 ms a round; aiomqtt's own
        # `socket_options` leave out whatever is no plain socket, and what is returned here is none
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._ahead = _ReadAhead(made)
        return self._ahead

    def _read_on(self) -> MQTTErrorCode:
        """All that one read brings."""
        ahead = self._ahead
        if ahead is None or self._paho.socket() is None:
            return self._read_one()
        try:
            ahead.fill()
        except (BlockingIOError, ssl.SSLWantReadError):
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        except OSError:  # paho meets it as well, and knows what to do
            return self._read_one()
        if ahead.ended:
            return self._read_one()
        while ahead.held:
            if self._paho._in_packet["command"] == 0:
                found, read, waits = publishes(ahead.held, self._mqtt5)
                ahead.held = ahead.held[read:]
                if found:
                    self._take(found)
                if waits or not ahead.held:
                    break
            result = self._read_one()
            if result != MQTTErrorCode.MQTT_ERR_SUCCESS or self._paho.socket() is None:
                return result
        return MQTTErrorCode.MQTT_ERR_SUCCESS


def publishes(held: bytes, mqtt5: bool) -> tuple[list[Publish], int, bool]:
    """Plain PUBLISH packets of QoS 0 and 1 from the start of what was read, up to the first that is anything else.

    Returns them, how many bytes they took, and whether what is behind them is the beginning of one more (MQTT 5, 3.3).
    """
    found: list[Publish] = []
    at, size = 0, len(held)
    while at < size and held[at] & _KIND_AND_QOS2 == _PUBLISH:
        start, end = _body(held, at)
        if end > size:
            return found, at, end - at <= MOST_AT_ONCE
        if end < start + 2:
            break
        kind = held[at]
        topic_end = start + 2 + (held[start] << 8 | held[start + 1])
        behind, mid = topic_end, 0
        if kind & 0x02:
            behind += 2
            if behind <= end:
                mid = held[topic_end] << 8 | held[topic_end + 1]
        if mqtt5:
            behind += 1
        # properties, an empty topic, a packet that is too short: paho knows
        if behind > end or topic_end == start + 2 or (mqtt5 and held[behind - 1] != 0):
            break
        try:
            topic = held[start + 2 : topic_end].decode()
        except UnicodeDecodeError:
            break
        found.append((topic, held[behind:end], (kind & 0x02) >> 1, kind & 0x01 == 1, mid))
        at = end
    return found, at, False


def _body(held: bytes, at: int) -> tuple[int, int]:
    """Where the body of a packet begins and ends; (0, 0) when its length is none.

    When its length is not there yet: an end behind all that is held.
    """
    length, start = 0, at + 1
    for shift in (0, 7, 14, 21):
        if start == len(held):
            return start, start + 1
        length |= (held[start] & 0x7F) << shift
        start += 1
        if held[start - 1] < 0x80:
            return start, start + length
    return 0, 0


def acknowledge(paho: Any, mids: Sequence[int]) -> None:
    """One PUBACK for each packet id, in one piece: paho's own `ack` costs as much as reading a message."""
    acks = np.empty(len(mids), dtype=_ACK)
    acks["head"], acks["mid"] = _PUBACK_HEAD, mids
    paho._packet_queue(MessageType.PUBACK, acks.tobytes(), 0, 0)


class _ReadAhead:
    """A socket as paho uses it, which hands out what one read brought."""

    def __init__(self, made: Any) -> None:
        self._socket = made
        self.send = made.send
        self.held = b""
        self.ended = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    def fill(self) -> None:
        """Read once. Raises what the socket raises, BlockingIOError when nothing is there."""
        more = self._socket.recv(MOST_AT_ONCE)
        self.ended = not more
        self.held += more

    def recv(self, size: int) -> bytes:
        """The next of what is held; when nothing is, straight from the socket."""
        if not self.held:
            more: bytes = self._socket.recv(size)
            return more
        part, self.held = self.held[:size], self.held[size:]
        return part
