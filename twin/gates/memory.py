"""What the gates remember from cycle to cycle: columns of numbers, kept as bytes so that many cost little to store."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeAlias, TypeVar

import numpy as np

from twin.domain.arrays import Flags, Floats

Columns: TypeAlias = dict[str, bytes]
_S = TypeVar("_S")
_NOTHING: Mapping[str, float] = {}


@dataclass(frozen=True, slots=True)
class GateMemory:
    """`mono_s` is the clock of the last cycle, negative before the first; `key` tells which points the columns are of.

    Each column is little-endian float64, named after the test and what it is of.
    """

    mono_s: float = -1.0
    key: int = 0
    columns: Columns = field(default_factory=dict)

    def column(self, name: str, shape: tuple[int, ...], fresh: float = 0.0) -> Floats:
        """A column; when nothing of that shape was stored, `fresh` everywhere."""
        stored = self.columns.get(name, b"")
        if len(stored) != 8 * math.prod(shape):
            return np.full(shape, fresh)
        return np.frombuffer(stored, dtype="<f8").reshape(shape)

    def kept(self, kind: type[_S], test: str, shape: tuple[int, ...], fresh: Mapping[str, float] = _NOTHING) -> _S:
        """The state of a test: a dataclass of arrays, all of one shape. `fresh`: what is not 0 before the first."""
        state: dict[str, Floats | Flags] = {}
        for part in fields(kind):  # type: ignore[arg-type]
            column = self.column(f"{test}.{part.name}", shape, fresh.get(part.name, 0.0))
            state[part.name] = column > 0.0 if part.type == "Flags" else column
        return kind(**state)


def stored(array: Floats | Flags) -> bytes:
    """An array as a column."""
    return np.ascontiguousarray(array, dtype="<f8").tobytes()


def columns_of(test: str, state: Any) -> Columns:
    """The state of a test as columns."""
    return {f"{test}.{part.name}": stored(getattr(state, part.name)) for part in fields(state)}
