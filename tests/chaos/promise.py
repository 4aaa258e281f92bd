"""What a promise came to: one JSON line for each, whether it held or not."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass

NIGHTLY = os.environ.get("TWIN_TEST_SCALE") == "nightly"
BOUND_EVENTS = 3.0  # none seen in n: at 95 % the rate is below this over n


@dataclass(frozen=True, slots=True)
class Promise:
    """`id` R1 and so on; `n` what it was tried on; `result` and `target` in figures or words."""

    id: str
    n: int
    result: str | float
    target: str | float
    passed: bool

    def line(self, **more: str | float) -> str:
        """The JSON line. Where nothing was lost or broken, how often it may still happen."""
        told = asdict(self)
        told["pass"] = told.pop("passed")
        if self.result == 0 and self.n:
            told["below_at_95_percent"] = BOUND_EVENTS / self.n
        return json.dumps(told | more)


def scaled(small: int, long: int) -> int:
    """How many: `small` in `make test`, `long` in `make nightly`."""
    return long if NIGHTLY else small
