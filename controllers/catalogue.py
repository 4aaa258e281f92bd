"""Controllers by the name that control.toml gives them."""

from __future__ import annotations

from collections.abc import Callable

from controllers.api import Controller
from controllers.decide.hold import Hold
from controllers.decide.predictive import Predictive
from controllers.decide.reset_rules import ResetRules
from twin.domain.errors import TwinError

CONTROLLERS: dict[str, Callable[[], Controller]] = {
    Hold.name: Hold,
    ResetRules.name: ResetRules,
    Predictive.name: Predictive,
}


def controller_named(name: str) -> Controller:
    """Raises: TwinError: there is no such controller."""
    factory = CONTROLLERS.get(name)
    if factory is None:
        raise TwinError(
            f"there is no controller {name!r}", where="control.toml controller", fix="one of " + ", ".join(CONTROLLERS)
        )
    return factory()
