"""What the broker counts, and its limits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Counters:
    """Counts since the broker was made; only ever growing.

    Every message that was accepted and not delivered is in one of the `dropped_*` or `expired` counts, or was never
    wanted by anyone.
    """

    messages_received: int = 0
    messages_sent: int = 0
    bytes_received: int = 0
    bytes_sent: int = 0
    connects_accepted: int = 0
    connects_refused: int = 0
    protocol_violations: int = 0
    wills_published: int = 0
    takeovers: int = 0
    keep_alive_timeouts: int = 0
    resent: int = 0
    dropped_queue_full: int = 0
    dropped_slow_qos0: int = 0
    dropped_offline_qos0: int = 0
    dropped_too_large: int = 0
    dropped_session_end: int = 0
    dropped_by_fault: int = 0
    expired: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """What the broker allows.

    Args:
        max_packet_bytes: Larger packets end the connection with 0x95; told to MQTT 5 clients in CONNACK.
        max_queued_messages: QoS 1 messages kept for one session beyond its window; the newest is dropped and counted.
        window_v311: QoS 1 messages in flight to a 3.1.1 client, which cannot name its own maximum.
        max_buffered_bytes: Unsent bytes of one connection above which its QoS 0 messages are dropped and counted.
        topic_alias_maximum: Aliases one MQTT 5 publisher may use.
        server_keep_alive_s: Largest keep-alive granted to MQTT 5 clients; None leaves it to them.
        connect_timeout_s: How long a connection may stay without CONNECT.
        sys_interval_s: How often `$SYS/broker/...` is published.
    """

    max_packet_bytes: int = 1 << 20
    max_queued_messages: int = 100_000
    window_v311: int = 20
    max_buffered_bytes: int = 16 << 20
    topic_alias_maximum: int = 1000
    server_keep_alive_s: int | None = None
    connect_timeout_s: float = 10.0
    sys_interval_s: float = 10.0
