"""Where in a TOML text a key stands, so that a problem can name its line.

`tomllib` gives values without positions. This scanner reads the same text once more and only keeps positions: tables,
arrays of tables, dotted and quoted keys, inline tables and arrays over several lines. It trusts that `tomllib` has
accepted the text, and never fails on one that it has not: it then merely knows fewer keys.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TypeAlias

KeyPath: TypeAlias = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}\n#]*")
_STRINGS = (
    re.compile(r'"""(?:\\.|[^\\])*?"{3,5}', re.DOTALL),
    re.compile(r"'''.*?'{3,5}", re.DOTALL),
    re.compile(r'"(?:\\.|[^"\\\n])*"'),
    re.compile(r"'[^'\n]*'"),
)


def key_text(path: KeyPath) -> str:
    """A path as people write it: halls[0].crah.needed. The file as a whole is "."."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "."


@dataclass(frozen=True, slots=True)
class Lines:
    """Line numbers (from 1) by key path."""

    by_path: dict[KeyPath, int]

    def of(self, path: KeyPath) -> int:
        """Line of a key; for a key that is not there, of the nearest table around it; else 1."""
        for length in range(len(path), 0, -1):
            line = self.by_path.get(path[:length])
            if line is not None:
                return line
        return 1


def locate(text: str) -> Lines:
    """Positions of all keys of a TOML text."""
    return Lines(_Scanner(text).scan())


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._lines: dict[KeyPath, int] = {}
        self._tables: dict[KeyPath, int] = {}  # array of tables -> how many entries so far

    def scan(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        while self._skip(_BLANK) < len(self._text):
            before = self._at
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            if self._at == before:  # not TOML: leave the line alone
                self._end_of_line()
        return self._lines

    def _skip(self, pattern: re.Pattern[str]) -> int:
        match = pattern.match(self._text, self._at)
        if match:
            self._at = match.end()
        return self._at

    def _end_of_line(self) -> None:
        end = self._text.find("\n", self._at)
        self._at = len(self._text) if end < 0 else end + 1

    def _mark(self, path: KeyPath) -> None:
        self._lines.setdefault(path, bisect_right(self._starts, self._at))

    def _header(self) -> KeyPath:
        many = self._text.startswith("[[", self._at)
        start = self._at
        self._at += 2 if many else 1
        keys = self._keys()
        end, self._at = self._at, start
        path: KeyPath = ()
        for n, key in enumerate(keys):
            path = (*path, key)
            self._mark(path)
            if many and n == len(keys) - 1:
                self._tables[path] = self._tables.get(path, 0) + 1
            if path in self._tables:
                path = (*path, self._tables[path] - 1)
                self._mark(path)
        self._at = end
        self._end_of_line()
        return path

    def _keys(self) -> list[str]:
        """A dotted key; stands behind it afterwards."""
        keys: list[str] = []
        while True:
            self._skip(_SPACE)
            match = next(
                (m for p in (_BARE_KEY, *_STRINGS[2:]) if (m := p.match(self._text, self._at))),
                None,
            )
            if match is None:
                return keys
            keys.append(match.group().strip("\"'"))
            self._at = match.end()
            self._skip(_SPACE)
            if not self._text.startswith(".", self._at):
                return keys
            self._at += 1

    def _pair(self, table: KeyPath) -> None:
        start = self._at
        keys = self._keys()
        end, self._at = self._at, start
        path = table
        for key in keys:
            path = (*path, key)
            self._mark(path)
        self._at = end
        if keys and self._text.startswith("=", self._at):
            self._at += 1
            self._skip(_SPACE)
            self._value(path)

    def _value(self, path: KeyPath) -> None:
        for pattern in _STRINGS:
            match = pattern.match(self._text, self._at)
            if match:
                self._at = match.end()
                return
        if self._text.startswith("[", self._at):
            self._array(path)
        elif self._text.startswith("{", self._at):
            self._inline_table(path)
        else:
            self._skip(_SCALAR)

    def _array(self, path: KeyPath) -> None:
        self._at += 1
        n = 0
        while self._skip(_BLANK) < len(self._text) and self._text[self._at] != "]":
            before = self._at
            self._mark((*path, n))
            self._value((*path, n))
            self._skip(_BLANK)
            if self._text.startswith(",", self._at):
                self._at += 1
            n += 1
            if self._at == before:
                return
        self._at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._at += 1
        while self._skip(_BLANK) < len(self._text) and self._text[self._at] != "}":
            before = self._at
            self._pair(path)
            self._skip(_BLANK)
            if self._text.startswith(",", self._at):
                self._at += 1
            if self._at == before:
                return
        self._at += 1
