"""Where compiled kernels are kept, so that only the first start after an installation compiles."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import warnings
import zlib
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

Note: TypeAlias = tuple[int, int, int]  # checksum, size, time of change in ns

NOTES = "checksums.json"
_PICKLE_END = b"."
KEPT = 3  # versions side by side: an old process may still be running beside a new one


def _writable(path: Path) -> bool:
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return False
    return os.access(path, os.W_OK | os.X_OK)


def stamp() -> str:
    """A name for this version of the kernels: numba itself does not notice when a kernel's callee has changed."""
    content = sha256()
    for source in sorted(Path(__file__).parent.glob("*.py")):
        content.update(source.name.encode())
        content.update(source.read_bytes())
    return f"kernels-{content.hexdigest()[:16]}"


def _places() -> list[Path]:
    given, state = os.environ.get("NUMBA_CACHE_DIR", ""), os.environ.get("TWIN_STATE_DIR", "")
    home = Path(os.environ.get("XDG_CACHE_HOME", "") or Path.home() / ".cache") / "thermotwin" / "numba"
    return [*([Path(given)] if given else []), *([Path(state) / "numba"] if state else []), home]


def _forget_old(place: Path) -> None:
    old = sorted(place.glob("kernels-*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in old[KEPT:]:
        shutil.rmtree(path, ignore_errors=True)


def forget_torn(here: Path) -> None:
    """Remove what is not as it was written: numba fails at half a file, and believes a machine word with a wrong bit.

    A file newer than its note is one that another process wrote since: of that only the end can be looked at.
    """
    noted = _notes(here)
    for path, name in _kept_files(here):
        with suppress(OSError):  # another process may be faster
            content, state = path.read_bytes(), path.stat()
            crc, size, mtime_ns = noted.get(name, (0, 0, 0))
            as_noted = zlib.crc32(content) == crc and state.st_size == size
            if not (as_noted if state.st_mtime_ns == mtime_ns else content.endswith(_PICKLE_END)):
                path.unlink()


def note_whole() -> None:
    """Note a checksum of everything that is kept now. For when all is compiled, and for the end of a process."""
    here = Path(os.environ.get("NUMBA_CACHE_DIR", ""))
    if here.name != stamp():
        return
    before = _notes(here)
    noted: dict[str, Note] = {}
    for path, name in _kept_files(here):
        with suppress(OSError):
            state = path.stat()
            known = before.get(name, (0, 0, 0))
            same = known[1:] == (state.st_size, state.st_mtime_ns)
            noted[name] = known if same else (zlib.crc32(path.read_bytes()), state.st_size, state.st_mtime_ns)
    if noted == before:
        return
    fresh = here / f"{NOTES}.{os.getpid()}"
    with suppress(OSError):  # not worth more than a warm start
        fresh.write_text(json.dumps(noted), encoding="utf-8")
        fresh.replace(here / NOTES)


def _notes(here: Path) -> dict[str, Note]:
    """Name -> (checksum, size, time of change) of what was whole when somebody looked."""
    try:
        return {str(name): (int(crc), int(size), int(ns)) for name, (crc, size, ns) in _read_json(here / NOTES)}
    except (OSError, ValueError, TypeError):
        return {}


def _read_json(path: Path) -> list[tuple[str, tuple[int, int, int]]]:
    found = json.loads(path.read_bytes())
    return list(found.items()) if isinstance(found, dict) else []


def _kept_files(here: Path) -> list[tuple[Path, str]]:
    """Every file numba keeps there, and what it is called in the notes."""
    return [(path, str(path.relative_to(here))) for path in here.glob("**/*.nb[ic]")]


def prepare() -> bool:
    """Point numba to a directory that only this account may write: numba executes what it finds there.

    Returns False, with one warning, where no place can be written: kernels then live in memory alone.
    """
    version = stamp()
    for place in _places():
        here = place if place.name == version else place / version  # a child inherits the very directory
        fresh = not here.exists()
        if _writable(here):
            os.environ["NUMBA_CACHE_DIR"] = str(here)
            forget_torn(here)
            atexit.register(note_whole)
            if fresh:
                _forget_old(here.parent)
            return True
    os.environ.pop("NUMBA_CACHE_DIR", None)  # numba would refuse to start for a place it cannot write
    warnings.warn(
        f"compiled kernels cannot be kept, so every start compiles anew: {_places()[0]} cannot be written. "
        "Set NUMBA_CACHE_DIR to a directory of this account alone",
        RuntimeWarning,
        stacklevel=2,
    )
    return False
