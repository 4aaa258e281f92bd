"""Reason codes, and the error a peer's packet raises when it breaks the protocol."""

from __future__ import annotations

from enum import IntEnum

from twin.domain.errors import TwinError


class Reason(IntEnum):
    """Reason codes of MQTT 5 that this broker sends or reads (OASIS MQTT 5.0, section 2.4)."""

    SUCCESS = 0x00
    DISCONNECT_WITH_WILL = 0x04
    NO_MATCHING_SUBSCRIBERS = 0x10
    NO_SUBSCRIPTION_EXISTED = 0x11
    UNSPECIFIED = 0x80
    MALFORMED_PACKET = 0x81
    PROTOCOL_ERROR = 0x82
    UNSUPPORTED_VERSION = 0x84
    CLIENT_ID_NOT_VALID = 0x85
    BAD_CREDENTIALS = 0x86
    NOT_AUTHORIZED = 0x87
    SERVER_UNAVAILABLE = 0x88
    SERVER_BUSY = 0x89
    SERVER_SHUTTING_DOWN = 0x8B
    BAD_AUTHENTICATION_METHOD = 0x8C
    KEEP_ALIVE_TIMEOUT = 0x8D
    SESSION_TAKEN_OVER = 0x8E
    TOPIC_FILTER_INVALID = 0x8F
    TOPIC_NAME_INVALID = 0x90
    TOPIC_ALIAS_INVALID = 0x94
    PACKET_TOO_LARGE = 0x95
    PAYLOAD_FORMAT_INVALID = 0x99
    QOS_NOT_SUPPORTED = 0x9B


V311_SUBSCRIBE_FAILURE = 0x80

# What CONNACK of 3.1.1 can say (OASIS MQTT 3.1.1, table 3.1). A reason outside it closes the connection in silence.
V311_CONNACK: dict[int, int] = {
    Reason.SUCCESS: 0,
    Reason.UNSUPPORTED_VERSION: 1,
    Reason.CLIENT_ID_NOT_VALID: 2,
    Reason.SERVER_UNAVAILABLE: 3,
    Reason.SERVER_BUSY: 3,
    Reason.BAD_CREDENTIALS: 4,
    Reason.NOT_AUTHORIZED: 5,
}


class ProtocolViolation(TwinError):
    """A peer sent what the protocol forbids; `reason` is the code that ends its connection."""

    def __init__(self, reason: int, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def malformed(message: str) -> ProtocolViolation:
    """A packet whose bytes cannot be read."""
    return ProtocolViolation(Reason.MALFORMED_PACKET, message)


def protocol_error(message: str) -> ProtocolViolation:
    """A readable packet that is not allowed here."""
    return ProtocolViolation(Reason.PROTOCOL_ERROR, message)
