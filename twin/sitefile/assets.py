"""Ids: everything of a site that can have points, each named once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from twin.sitefile.locate import KeyPath
from twin.sitefile.problems import Problems
from twin.sitefile.schema_site import RackGroup
from twin.sitefile.templates import TemplateError, render

FILE = "site.toml"
# a site beyond this would not fit one daemon; stops a slip of the keyboard from filling the memory
MAX_ASSETS = 50_000


@dataclass(frozen=True, slots=True)
class Asset:
    """Something that can have points. `fields` fill the templates of topics and paths."""

    id: str
    asset_class: str
    hall: str
    fields: dict[str, str | int]


class Counted(Protocol):
    """A table that stands for `count` equal things."""

    @property
    def count(self) -> int: ...
    @property
    def first(self) -> int: ...
    @property
    def id(self) -> str: ...


class Assets:
    """Hands out ids, and notices one given twice."""

    def __init__(self, site: str, problems: Problems) -> None:
        self._site, self._problems = site, problems
        self.all: list[Asset] = []
        self._taken: dict[str, KeyPath] = {}

    def add(self, asset: str, asset_class: str, hall: str, path: KeyPath, fields: dict[str, str | int]) -> None:
        """Note one asset."""
        first = self._taken.get(asset)
        if first is not None:
            self._problems.add(FILE, path, f'id "{asset}" is given twice', "use {n} or another first in the id")
            return
        self._taken[asset] = path
        short = asset.removeprefix(f"{hall}-") if hall else asset
        known: dict[str, str | int] = {"site": self._site, "asset": asset, asset_class: short, **fields}
        if hall:
            known["hall"] = hall
        self.all.append(Asset(asset, asset_class, hall, known))

    def ids(self, table: Counted, asset_class: str, path: KeyPath, hall: str = "") -> tuple[str, ...]:
        """Ids of a counted group, noted as assets."""
        if len(self.all) + table.count > MAX_ASSETS:
            self._problems.add(FILE, (*path, "count"), f"more than {MAX_ASSETS} assets", "split the site")
            return ()
        ids: list[str] = []
        per_row = table.per_row if isinstance(table, RackGroup) else 1
        for n in range(table.first, table.first + table.count):
            fields: dict[str, str | int] = {"n": n, "row": max(0, n - 1) // per_row + 1}
            given: dict[str, str | int] = {"site": self._site, **fields}
            if hall:
                given["hall"] = hall
            if n <= 26:
                given["letter"] = fields["letter"] = "abcdefghijklmnopqrstuvwxyz"[max(0, n - 1)]
            try:
                asset = render(table.id, given)
            except TemplateError as error:
                self._problems.add(FILE, (*path, "id"), str(error), error.fix)
                return ()
            before = len(self._problems)
            self.add(asset, asset_class, asset if asset_class == "hall" else hall, (*path, "id"), fields)
            if len(self._problems) > before:
                return tuple(ids)
            ids.append(asset)
        return tuple(ids)
