"""aiomqtt's client as a link needs it: acknowledged by hand, with a session of its own and a window that is kept to."""

from __future__ import annotations

import logging
from typing import Any

import aiomqtt
from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from twin.adapters.mqtt_settings import LinkSettings, tls_context
from twin.domain.messages import MessageOut

UNDER_WAY = 2000
"""QoS 1 messages the broker may send before the first is acknowledged, and we before it has."""

# paho's own lines would repeat ours, with payloads
_quiet = logging.getLogger("thermotwin.paho")
_quiet.setLevel(logging.CRITICAL)


def client_for(settings: LinkSettings, will: MessageOut | None) -> aiomqtt.Client:
    """A client for one connection; not yet connected."""
    session = settings.session_expiry_s > 0
    properties = None
    if settings.mqtt5:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = settings.session_expiry_s
        properties.ReceiveMaximum = UNDER_WAY
    client = aiomqtt.Client(
        settings.host,
        settings.port,
        identifier=settings.client_id,
        username=settings.username or None,
        password=settings.password or None,
        protocol=aiomqtt.ProtocolVersion.V5 if settings.mqtt5 else aiomqtt.ProtocolVersion.V311,
        clean_session=None if settings.mqtt5 else not session,
        clean_start=not session if settings.mqtt5 else MQTT_CLEAN_START_FIRST_ONLY,
        properties=properties,
        will=aiomqtt.Will(will.topic, will.payload, will.qos, will.retain) if will else None,
        keepalive=settings.keepalive_s,
        timeout=settings.timeout_s,
        max_inflight_messages=UNDER_WAY,
        tls_context=tls_context(settings.tls) if settings.tls else None,
        tls_insecure=True if settings.tls and settings.tls.insecure else None,
        logger=_quiet,
    )
    client._client.manual_ack_set(True)
    client._client.disable_logger()  # which is asked twice for every message
    _heed_window(client._client)
    return client


def _heed_window(paho: Any) -> None:
    """Send no more unacknowledged messages than CONNACK allows: paho reads the number and does not keep to it."""
    connected = paho.on_connect

    def on_connect(client: Any, userdata: Any, flags: Any, reason: Any, properties: Any = None) -> None:
        # its setter wants this before the connection, when nobody knows it
        client._max_inflight_messages = min(UNDER_WAY, getattr(properties, "ReceiveMaximum", UNDER_WAY))
        connected(client, userdata, flags, reason, properties)

    paho.on_connect = on_connect
