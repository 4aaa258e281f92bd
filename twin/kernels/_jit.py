"""The one decorator of every kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeAlias, TypeVar, cast

from twin.kernels._cache import prepare

_P = ParamSpec("_P")
_R = TypeVar("_R")
_KEPT = prepare()  # before numba is imported, which reads its settings then

import numpy as np  # noqa: E402
from numba import njit  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

_UNUSED: Any = {"no_cfunc_wrapper": True}  # an entry for C, which nothing here calls; numba's types do not know it

Floats: TypeAlias = NDArray[np.float64]


def kernel(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Compile a function of scalars, float64 arrays and tables.

    NaN stays NaN (no `nnan`), so that "missing" survives arithmetic; a division by zero gives infinity.
    """
    compiled = njit(cache=_KEPT, nogil=True, fastmath=False, error_model="numpy", **_UNUSED)(function)
    return cast("Callable[_P, _R]", compiled)


def fused_kernel(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """As `kernel`, where a product and a sum may become one rounded operation: a fifth faster in the rollout.

    NaN and infinity stay what they are. The last digit depends on whether the processor has that operation.
    """
    compiled = njit(cache=_KEPT, nogil=True, fastmath={"contract"}, error_model="numpy", **_UNUSED)(function)
    return cast("Callable[_P, _R]", compiled)


def inlined_kernel(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """As `kernel`, put whole into every loop that calls it, which may then run in vectors."""
    compiled = njit(cache=_KEPT, nogil=True, fastmath=False, error_model="numpy", forceinline=True, **_UNUSED)(function)
    return cast("Callable[_P, _R]", compiled)
