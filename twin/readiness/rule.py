"""The rule at the start: a setpoint goes no higher than its evidence for the present files, or than who vouches for it.

The ceiling of the limits file stays the highest; evidence only lowers what is in force. So whatever lowers a ceiling
binds orders of operators too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from twin.domain.actuators import Actuator, ActuatorTable, Mode
from twin.domain.errors import DataTooPoor
from twin.domain.site import Site
from twin.readiness import ladder
from twin.readiness.report import Report

EVIDENCE = "readiness.json"
PLANT_FILES = ("site.toml", "points.toml")  # another plant or other points: another twin, that must show itself anew


class Evidence(msgspec.Struct, frozen=True):
    """A report put on file. `files` are the SHA-256 of the site files, `earned` the highest mode by point id."""

    made: str
    by: str
    site: str
    basis: str
    limits: str
    files: dict[str, str]
    earned: dict[str, str]
    report: dict[str, Any]


class _Stored(msgspec.Struct):
    evidence: msgspec.Raw
    sum: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What a start may do: the site with the ceilings in force, and in words what they rest on.

    `lowered` are (point id, mode) of setpoints that are kept below the mode asked for.
    """

    site: Site
    words: str
    lowered: tuple[tuple[str, Mode], ...] = ()


def basis_of(limits_file: bytes, plant_files: tuple[bytes, ...], *, event_time: bool = False) -> str:
    """Names what evidence holds for: the limits file, the plant and its points, and whose time it was.

    In event time days pass as fast as somebody sends them: such evidence holds for event time alone.
    """
    plant = hashlib.sha256()
    for content in plant_files:
        plant.update(hashlib.sha256(content).digest())
    basis = f"{hashlib.sha256(limits_file).hexdigest()[:16]}-{plant.hexdigest()[:16]}"
    return f"{basis}-event" if event_time else basis


def files_of(directory: Path, *, event_time: bool) -> tuple[str, dict[str, str]]:
    """Basis and SHA-256 of each file of a site directory."""
    contents = {path.name: path.read_bytes() for path in sorted(directory.glob("*.toml"))}
    basis = basis_of(contents["limits.toml"], tuple(contents[name] for name in PLANT_FILES), event_time=event_time)
    return basis, {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}


def evidence_from(report: Report, before: Evidence | None, files: Mapping[str, str], made: str, by: str) -> Evidence:
    """What is put on file. What was earned before under the same files stays: going down is the gates' part."""
    had = before.earned if before is not None and before.basis == report.basis else {}
    earned = {
        point.point: _higher(point.earned, Mode(had.get(point.point, Mode.SHADOW.value))).value
        for point in report.points
    }
    return Evidence(made, by, report.site, report.basis, report.limits_hash, dict(files), earned, report.to_json())


def evidence_bytes(evidence: Evidence) -> bytes:
    """As it is stored: JSON for people and programs, with its own SHA-256."""
    body = msgspec.json.encode(evidence)
    stored = {"evidence": msgspec.Raw(body), "sum": hashlib.sha256(body).hexdigest()}
    return msgspec.json.encode(stored) + b"\n"


def evidence_of(stored: bytes) -> Evidence | None:
    """What is on file, None when nothing is. Raises: DataTooPoor: it is torn, or was changed by hand."""
    if not stored:
        return None
    try:
        read = msgspec.json.decode(stored, type=_Stored)
        body = bytes(read.evidence)
        if hashlib.sha256(body).hexdigest() != read.sum:
            raise DataTooPoor("the readiness report on file was changed", fix="twin ready --write makes a new one")
        evidence = msgspec.json.decode(body, type=Evidence)
        _ = [Mode(mode) for mode in evidence.earned.values()]
    except (msgspec.MsgspecError, ValueError) as error:
        raise DataTooPoor(
            f"the readiness report on file cannot be read: {error}", fix="twin ready --write makes a new one"
        ) from error
    return evidence


def standing(site: Site, basis: str, evidence: Evidence | None, requested: Mode, vouched_by: str) -> Standing:
    """What this start may do with each setpoint."""
    if vouched_by:
        return Standing(site, f"vouched by {vouched_by}")
    if evidence is not None and evidence.basis == basis:
        words, earned = f"readiness report of {evidence.made}, by {evidence.by}", evidence.earned
    elif evidence is not None:
        words, earned = "none: the readiness report on file is for other limits, another plant or another clock", {}
    else:
        words, earned = "none: no readiness report is on file", {}
    capped = with_ceilings(site, earned)
    lowered = tuple(
        (now.point, now.ceiling)
        for was, now in zip(site.limits.actuators, capped.limits.actuators, strict=True)
        if now.ceiling is not was.ceiling and not ladder.reaches(now.ceiling, requested)
    )
    return Standing(capped, words, lowered)


def with_ceilings(site: Site, earned: Mapping[str, str]) -> Site:
    """The site with each ceiling lowered to what was earned; shadow where nothing is said."""
    actuators = tuple(
        replace(one, ceiling=_lower(one, Mode(earned.get(one.point, Mode.SHADOW.value))))
        for one in site.limits.actuators
    )
    return replace(site, limits=replace(site.limits, actuators=ActuatorTable(actuators)))


def _lower(actuator: Actuator, earned: Mode) -> Mode:
    return earned if ladder.reaches(actuator.ceiling, earned) else actuator.ceiling


def _higher(one: Mode, other: Mode) -> Mode:
    return one if ladder.reaches(one, other) else other
