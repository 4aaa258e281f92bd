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

NOTES = "checksums.json"
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

    What nobody has noted, as a process was killed that compiled it, counts as torn.
    """
    try:
        noted = json.loads((here / NOTES).read_bytes())
    except (OSError, ValueError):
        noted = {}
    if not isinstance(noted, dict):
        noted = {}
    for path, name in _kept_files(here):
        with suppress(OSError):  # another process may be faster
            if zlib.crc32(path.read_bytes()) != noted.get(name):
                path.unlink()


def note_whole() -> None:
    """Note a checksum of everything that is kept now. For when all is compiled, and for the end of a process."""
    here = Path(os.environ.get("NUMBA_CACHE_DIR", ""))
    if here.name != stamp():
        return
    noted: dict[str, int] = {}
    for path, name in _kept_files(here):
        with suppress(OSError):
            noted[name] = zlib.crc32(path.read_bytes())
    fresh = here / f"{NOTES}.{os.getpid()}"
    with suppress(OSError):  # not worth more than a warm start
        fresh.write_text(json.dumps(noted), encoding="utf-8")
        fresh.replace(here / NOTES)


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
