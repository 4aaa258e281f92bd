"""Loads the reference receiver from the very file that sites deploy, so that what is tested is what is shipped."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Protocol, cast

from twin.domain.errors import TwinError
from twin.shipped import shipped_deploy

_NAME = "thermotwin_shipped_receiver"


class ReceiverLike(Protocol):
    """What the simulator uses of `deploy/receiver/receiver.py`."""

    in_force: dict[str, float]
    held: set[str]
    applied_total: int
    applied_log: deque[tuple[str, int, int]]

    def on_command(
        self, topic: str, payload: bytes, retained: bool, now_ns: int, mono_s: float
    ) -> tuple[str, bytes] | None: ...
    def on_heartbeat(self, mono_s: float) -> None: ...
    def on_status(self, payload: bytes, mono_s: float) -> None: ...
    def tick(self, now_ns: int, mono_s: float) -> list[tuple[str, bytes]]: ...
    def hold(self, point: str, value: float) -> None: ...
    def unhold(self, point: str) -> None: ...


def receiver_path() -> Path:
    """The shipped file. Raises: TwinError: it is missing."""
    return shipped_deploy("receiver/receiver.py")


def load_receiver(
    root: str,
    local: dict[str, float],
    limits: dict[str, tuple[float, float]],
    apply: Callable[[str, float], None],
    heartbeat_timeout_s: float = 30.0,
) -> ReceiverLike:
    """A receiver made from the shipped file. Raises: TwinError: the file is missing or no Python."""
    module = sys.modules.get(_NAME)
    if module is None:
        path = receiver_path()
        spec = spec_from_file_location(_NAME, path)
        if spec is None or spec.loader is None:
            raise TwinError("the reference receiver cannot be loaded", where=str(path))
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        sys.modules[_NAME] = module
    return cast("ReceiverLike", module.Receiver(root, local, limits, apply, heartbeat_timeout_s))
