"""ISO 8601 in UTC, to and from nanoseconds, without losing a digit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from twin.domain.clock import NS_PER_S

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=64)  # all that a cycle says carries the same few instants
def iso_utc(now_ns: int) -> str:
    """UTC text with milliseconds, as every topic and record carries it: 2026-01-31T12:00:00.000Z."""
    seconds, rest_ns = divmod(now_ns, NS_PER_S)
    stamp = _EPOCH + timedelta(seconds=seconds)
    return f"{stamp:%Y-%m-%dT%H:%M:%S}.{rest_ns // 1_000_000:03d}Z"


def ns_of(stamp: datetime) -> int:
    """Nanoseconds since 1970 of an aware datetime, exact to the microsecond.

    Raises: ValueError: the datetime has no time zone.
    """
    if stamp.tzinfo is None:
        raise ValueError("a timestamp needs a time zone, for example the suffix Z")
    delta = stamp - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * NS_PER_S + delta.microseconds * 1_000


def ns_of_iso(text: str) -> int:
    """Nanoseconds since 1970 of an ISO 8601 text with a zone.

    Raises: ValueError: not ISO 8601, or without a zone.
    """
    return ns_of(datetime.fromisoformat(text))
