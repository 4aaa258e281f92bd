"""Names for the array types that cross the stages."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Indices: TypeAlias = NDArray[np.int32]
Bytes8: TypeAlias = NDArray[np.uint8]
Flags: TypeAlias = NDArray[np.bool_]


def frozen(array: NDArray[np.generic]) -> None:
    """Make an array read-only in place, so that a frozen dataclass really is frozen."""
    array.setflags(write=False)
