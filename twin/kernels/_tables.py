"""Tables for kernels: one record array for each kind of thing, one row for each thing.

A table is laid out by the dataclass that names its columns: `halls[h].rise_k` reads the same in compiled code, in plain
Python and to the type checker, and however many columns there are, a kernel is handed one pointer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Annotated, Any, Protocol, TypeVar, cast, get_args, get_origin, get_type_hints

import numpy as np

from twin.kernels._jit import Floats

Row_co = TypeVar("Row_co", covariant=True)
Row = TypeVar("Row")


class Table(Protocol[Row_co]):
    """Rows of one kind. A column by its name is an array of shape (n,), or (n, k) where a field holds k numbers."""

    def __getitem__(self, index: int) -> Row_co: ...
    def __len__(self) -> int: ...
    def __getattr__(self, column: str) -> Floats: ...


def table(kind: type[Row], rows: Sequence[Row]) -> Table[Row]:
    """Rows as one read-only record array of float64 columns, in the order of the class."""
    hints = get_type_hints(kind, include_extras=True)
    columns: list[Any] = []
    for field in fields(cast(Any, kind)):
        many = get_args(hints[field.name])[1:] if get_origin(hints[field.name]) is Annotated else ()
        columns.append((field.name, "f8", many) if many else (field.name, "f8"))
    filled = np.zeros(len(rows), np.dtype(columns, align=True))
    for i, row in enumerate(rows):
        filled[i] = tuple(getattr(row, name) for name, *_ in columns)
    filled.setflags(write=False)
    return cast("Table[Row]", filled.view(np.recarray))
