"""The site the promises are tried on: the demo site, and a row of gateways that report 500 more sensors."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from twin.shipped import shipped_config

GATEWAYS = 10
SENSORS = 50  # of each gateway
ROUNDS_PER_S = 4
LEASE_S = 20
POINTS_PER_S = GATEWAYS * SENSORS * ROUNDS_PER_S


def gateway_topic(gateway: int) -> str:
    """Where a gateway reports."""
    return f"dc/demo/gateway/{gateway}"


def sensor_point(gateway: int, sensor: int) -> str:
    """The point a sensor is."""
    return f"plant/g{gateway}_s{sensor:02}"


def loaded_site(directory: Path, *, counted: bool = False) -> Path:
    """Write the site into `directory`: its sensors speak each second, and it may be commanded each 5 s from the start.

    Args:
        directory: To be made.
        counted: The gateways number their messages, and the daemon is told so.
    """
    shutil.copytree(shipped_config("demo"), directory)
    _change(directory / "control.toml", "warm_up_s = 300", "warm_up_s = 0")
    _change(directory / "control.toml", "period_s = 60", "period_s = 5")
    _change(directory / "limits.toml", r"(max_\w+_per_min) = \S+", r"\1 = 10")
    _change(directory / "limits.toml", r"lease_s = \S+", f"lease_s = {LEASE_S}")
    points = directory / "points.toml"
    _change(points, r"\nperiod_s = \S+", "\nperiod_s = 1")
    with points.open("a", encoding="utf-8") as file:
        file.writelines(_gateway_table(gateway, counted=counted) for gateway in range(GATEWAYS))
    return directory


def _gateway_table(gateway: int, *, counted: bool) -> str:
    lines = [
        "",
        "[[points]]",
        'each = "plant"',
        f'topic = "{gateway_topic(gateway)}"',
        'codec = "batch"',
        "period_s = 1",
        "stale_after_s = 180",
        'time_path = "timestamp"',
        'time_unit = "ms"',
        'values_path = "values"',
        *(['sequence_path = "seq"'] if counted else []),
        "[points.values]",
    ]
    for sensor in range(SENSORS):
        name = sensor_point(gateway, sensor).partition("/")[2]
        lines.append(f'{name} = {{ path = "s{sensor:02}", scale = 1.0, low = 0, high = 1e9, extra = true }}')
    return "\n".join(lines) + "\n"


def _change(file: Path, old: str, new: str) -> None:
    text, times = re.subn(old, new, file.read_text(encoding="utf-8"))
    assert times, f"{file.name} no longer says {old}"
    file.write_text(text, encoding="utf-8")
