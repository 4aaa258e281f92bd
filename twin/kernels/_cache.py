"""Where compiled kernels are kept, so that only the first start after an installation compiles."""

from __future__ import annotations

import os
import shutil
import warnings
from hashlib import sha256
from pathlib import Path

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
