"""Users of a broker that try everything: each says a word on a topic, and notes what it was told and what it heard."""

from __future__ import annotations

import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties

NOT_AUTHORISED = 0x87
REFUSED = 0x80  # MQTT 5 reason codes from here on are refusals
PATIENCE_S = 20.0


class Guest:
    """One connection of one user."""

    def __init__(
        self, port: int, ca_file: Path, user: str | None, password: str | None, will: tuple[str, bytes] | None = None
    ) -> None:
        """`reason` is the broker's answer to the connection, an MQTT 5 reason code."""
        self.heard: list[tuple[str, bytes, bool]] = []
        self._answers: dict[int, int] = {}
        self._changed = threading.Condition()
        self._subscribed = 0
        self._reason: int | None = None
        client = paho.Client(CallbackAPIVersion.VERSION2, f"guest-{user}-{id(self)}", protocol=paho.MQTTv5)
        client.tls_set_context(ssl.create_default_context(cafile=str(ca_file)))
        if user is not None:
            client.username_pw_set(user, password)
        if will is not None:
            client.will_set(will[0], will[1], qos=1)
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        self._client = client
        client.connect("127.0.0.1", port)
        client.loop_start()
        self._wait(lambda: self._reason is not None)

    @property
    def reason(self) -> int:
        assert self._reason is not None
        return self._reason

    def say(self, topic: str, payload: bytes, *, retain: bool = False) -> int:
        """Publish at QoS 1; the broker's reason code."""
        sent = self._client.publish(topic, payload, qos=1, retain=retain)
        self._wait(lambda: sent.mid in self._answers)
        return self._answers[sent.mid]

    def listen(self, *filters: str) -> None:
        """Subscribe, and return when the broker has sent everything it had before its answer."""
        before = self._subscribed
        self._client.subscribe([(text, 1) for text in filters])
        self._wait(lambda: self._subscribed > before)

    def leave(self) -> None:
        """Say goodbye: no will is published."""
        self._client.disconnect()
        self._client.loop_stop()

    def drop(self) -> None:
        """Be gone without a word: the will is published."""
        held = self._client.socket()
        self._client._thread_terminate = True  # or it would come back
        held.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]
        self._client.loop_stop()

    def _wait(self, true: Any) -> None:
        with self._changed:
            assert self._changed.wait_for(true, PATIENCE_S)

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _more: Properties | None) -> None:
        with self._changed:
            self._reason = reason.value
            self._changed.notify_all()
        if reason.value >= REFUSED:
            self._client.disconnect()

    def _on_message(self, _client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        with self._changed:
            self.heard.append((message.topic, bytes(message.payload), message.retain))

    def _on_publish(self, _client: Any, _data: Any, mid: int, reason: Any, _more: Properties | None) -> None:
        with self._changed:
            self._answers[mid] = reason.value
            self._changed.notify_all()

    def _on_subscribe(self, _client: Any, _data: Any, _mid: int, _reasons: Any, _more: Properties | None) -> None:
        with self._changed:
            self._subscribed += 1
            self._changed.notify_all()
