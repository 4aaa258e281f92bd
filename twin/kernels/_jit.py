"""The one decorator of every kernel, and the cache that spares users the compile."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeAlias, TypeVar, cast

_P = ParamSpec("_P")
_R = TypeVar("_R")


def _writable(path: Path) -> bool:
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return False
    return os.access(path, os.W_OK | os.X_OK)


def _cache_directory() -> str:
    """A directory for compiled kernels that only this account may write: numba executes what it finds there."""
    state = os.environ.get("TWIN_STATE_DIR", "")
    places = [Path(state) / "numba"] if state else []
    places.append(Path(os.environ.get("XDG_CACHE_HOME", "") or Path.home() / ".cache") / "thermotwin" / "numba")
    for place in places:
        if _writable(place):
            return str(place)
    return tempfile.mkdtemp(prefix="thermotwin-numba-")


# numba reads this at import, and refuses to import a cached function when the place cannot be written
if not (os.environ.get("NUMBA_CACHE_DIR") and _writable(Path(os.environ["NUMBA_CACHE_DIR"]))):
    os.environ["NUMBA_CACHE_DIR"] = _cache_directory()

import numpy as np  # noqa: E402
from numba import njit  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

Floats: TypeAlias = NDArray[np.float64]


def kernel(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Compile a function of scalars and float64 arrays.

    NaN stays NaN (no `nnan`), so that "missing" survives arithmetic; a division by zero gives infinity.
    """
    compiled = njit(cache=True, nogil=True, fastmath=False, error_model="numpy")(function)
    return cast("Callable[_P, _R]", compiled)
