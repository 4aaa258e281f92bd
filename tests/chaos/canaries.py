"""Secrets that are known by sight, and the search for them in whatever a process leaves behind."""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import sqlite3
import string
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from twin.recording.cassette import MAGIC

_LETTERS = string.ascii_letters + string.digits
_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")


@dataclass(frozen=True, slots=True)
class Canary:
    """A secret, and the way it was given. `core` is the part that no quoting changes."""

    way: str
    core: str

    @staticmethod
    def fresh(way: str) -> Canary:
        return Canary(way, "".join(secrets.choice(_LETTERS) for _ in range(20)))

    @property
    def value(self) -> str:
        """As it is given: a password has more than letters in it."""
        return f"p4/{self.core}+=="

    def forms(self) -> Mapping[str, bytes]:
        """How it looks plainly, in hexadecimal, and anywhere inside a text in base64."""
        plain = self.core.encode()
        found = {"plain": plain, "hex": binascii.hexlify(plain)}
        for shift in range(3):
            # the first and last group mix with what stands beside it
            middle = base64.b64encode(b"\0" * shift + plain)[4:-4]
            found[f"base64, {shift} beside"] = middle
            found[f"base64 for addresses, {shift} beside"] = middle.replace(b"+", b"-").replace(b"/", b"_")
        return found


def hits(canaries: list[Canary], artefacts: Mapping[str, bytes]) -> list[str]:
    """Where a canary was found, and in which form."""
    return [
        f"{canary.way}: {form} in {name}"
        for name, content in artefacts.items()
        for canary in canaries
        for form, bytes_ in canary.forms().items()
        if bytes_ in content
    ]


def files_of(directory: Path) -> dict[str, bytes]:
    """Every file below, as it is and unpacked."""
    found: dict[str, bytes] = {}
    for path in sorted(directory.rglob("*")):
        if path.is_file():
            content = path.read_bytes().rstrip(b"\0")  # room that is only kept free
            found[str(path)] = content
            found[f"{path} (unpacked)"] = b"\n".join(_unpacked(path, content))
    return found


def _unpacked(path: Path, content: bytes) -> Iterator[bytes]:
    if content.startswith(b"SQLite format 3\0"):
        yield from _rows(path)
    elif content.startswith(MAGIC):
        yield from _inflated(content)


def _rows(path: Path) -> Iterator[bytes]:
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in database.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    if isinstance(value, bytes):
                        yield value
                        yield from _inflated(value)
                    elif isinstance(value, str):
                        yield value.encode()
    finally:
        database.close()


def _inflated(content: bytes) -> Iterator[bytes]:
    for match in _ZLIB.finditer(content):
        try:
            yield zlib.decompressobj().decompress(content[match.start() :])
        except zlib.error:
            continue
