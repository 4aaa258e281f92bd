"""The say on each promise, as in the chaos tests."""

from __future__ import annotations

from tests.chaos.conftest import promised

__all__ = ["promised"]
