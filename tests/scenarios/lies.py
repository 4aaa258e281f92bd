"""The ways in which sensors go wrong, each with how soon it must be found."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.scenarios.closed_loop import ClosedLoop
from twin.domain.findings import SensorFault
from twin.simulator.faults import Fault

EVER_S = 1e9
OUTLET_RISE_K = 11.0


@dataclass(frozen=True, slots=True)
class Lie:
    """What goes wrong with the hottest rack's inlet of hall h1, or with several, and for how many minutes we watch.

    `found` within `within_min`: any of these faults of the rack, or of its hall. Nothing must be found when empty.
    `warmer_k`: how much warmer the hall may be set than without the fault, beyond the step of the rate limit.
    """

    name: str
    spoil: Callable[[ClosedLoop, str], None]
    found: tuple[SensorFault, ...]
    within_min: int
    minutes: int


def sensor(kind: str, size: float = 0.0, *, points: str = "", count: int = 0) -> Callable[[ClosedLoop, str], None]:
    """A fault that the simulator knows, from now on."""

    def begin(loop: ClosedLoop, rack: str) -> None:
        loop.also(Fault(kind, points or f"{rack}/inlet_c", loop.elapsed_s, EVER_S, size, count))

    return begin


def gateway(
    change: Callable[[dict[str, object], str], Sequence[dict[str, object]]],
) -> Callable[[ClosedLoop, str], None]:
    """A fault of the gateway of the rack's row: it says something else, or more than once."""

    def begin(loop: ClosedLoop, rack: str) -> None:
        short = rack.partition("-")[2]

        def spoil(topic: str, body: bytes) -> Sequence[bytes]:
            if "/h1/row-" not in topic or f'"{short}.inlet"'.encode() not in body:
                return (body,)
            return [json.dumps(said).encode() for said in change(json.loads(body), short)]

        loop.spoil = spoil

    return begin


def _text(said: dict[str, object], rack: str) -> Sequence[dict[str, object]]:
    said["values"][f"{rack}.inlet"] = "Not Readable"  # type: ignore[index]
    return (said,)


def _outlet(said: dict[str, object], rack: str) -> Sequence[dict[str, object]]:
    values: dict[str, float] = said["values"]  # type: ignore[assignment]
    if f"{rack}.inlet" in values:
        values[f"{rack}.inlet"] += OUTLET_RISE_K * values.get(f"{rack}.power", 5.0) / 5.0
    return (said,)


def _ten_times(said: dict[str, object], rack: str) -> Sequence[dict[str, object]]:
    values: dict[str, float] = said["values"]  # type: ignore[assignment]
    if f"{rack}.inlet" in values:
        values[f"{rack}.inlet"] *= 10.0
    return (said,)


def _tenth(said: dict[str, object], rack: str) -> Sequence[dict[str, object]]:
    values: dict[str, float] = said["values"]  # type: ignore[assignment]
    if f"{rack}.inlet" in values:
        values[f"{rack}.inlet"] /= 10.0
    return (said,)


def _twice_and_reversed(said: dict[str, object], _rack: str) -> Sequence[dict[str, object]]:
    earlier = said | {"timestamp": said["timestamp"] - 30_000}  # type: ignore[operator]
    return (said, said, earlier)


LIES = (
    Lie("missing", sensor("dropout"), (SensorFault.MISSING, SensorFault.REFUSED), 4, 15),
    Lie("five missing", sensor("dropout", points="h1-r*/inlet_c", count=5), (), 4, 15),
    Lie("all missing", sensor("dropout", points="h1-r*/inlet_c"), (SensorFault.MISSING, SensorFault.REFUSED), 4, 15),
    Lie("stuck", sensor("stuck"), (SensorFault.STUCK, SensorFault.BIAS, SensorFault.DRIFT), 16, 30),
    Lie("spike 85", sensor("spike", 85.0), (), 0, 15),
    Lie("spike 50", sensor("spike", 50.0), (SensorFault.SPIKE,), 15, 15),
    Lie("spike 2", sensor("spike", 2.0), (SensorFault.SPIKE,), 15, 15),
    Lie("bias +2", sensor("bias", 2.0), (SensorFault.BIAS,), 30, 30),
    Lie("bias -2", sensor("bias", -2.0), (SensorFault.BIAS,), 30, 30),
    Lie("bias -5", sensor("bias", -5.0), (SensorFault.BIAS,), 5, 15),
    Lie("drift -0.1/min", sensor("drift", -6.0), (SensorFault.DRIFT, SensorFault.BIAS), 20, 30),
    Lie("noise x5", sensor("noise", 0.5), (SensorFault.NOISE,), 10, 30),
    Lie("degF", sensor("fahrenheit"), (SensorFault.REFUSED, SensorFault.COMMISSIONING), 60, 15),
    Lie("ten times", gateway(_ten_times), (SensorFault.REFUSED, SensorFault.COMMISSIONING), 60, 15),
    Lie("a tenth", gateway(_tenth), (SensorFault.BIAS, SensorFault.COMMISSIONING), 60, 15),
    Lie("outlet", gateway(_outlet), (SensorFault.COMMISSIONING,), 60, 40),
    Lie("no number", gateway(_text), (SensorFault.MISSING, SensorFault.REFUSED), 4, 15),
    Lie("twice and reversed", gateway(_twice_and_reversed), (), 0, 15),
)
