"""Memories as plain dictionaries, so that they survive a restart as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar, cast

import msgspec

from twin.domain.errors import TwinError

_M = TypeVar("_M")


def to_dict(memory: object) -> dict[str, object]:
    """A memory dataclass as builtins: dictionaries, lists, numbers, texts."""
    return cast("dict[str, object]", msgspec.to_builtins(memory))


def from_dict(kind: type[_M], stored: Mapping[str, object]) -> _M:
    """A memory dataclass from what `to_dict` made.

    Raises: TwinError: the shape is not this version's.
    """
    try:
        return msgspec.convert(stored, kind)
    except msgspec.ValidationError as error:
        raise TwinError(
            f"the stored control memory cannot be read: {error}",
            where=kind.__name__,
            fix="remove the stored memory; the daemon then adopts the plant's own setpoints",
        ) from error
