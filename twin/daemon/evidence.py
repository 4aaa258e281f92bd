"""Notes each cycle for the readiness report, and finds at the start what a report on file allows."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import structlog

from twin.daemon.core import Core
from twin.daemon.cycle import Order, Outcome
from twin.daemon.statedir import StateDirectory
from twin.domain.actuators import Mode
from twin.domain.commands import AckStatus
from twin.domain.errors import DataTooPoor
from twin.domain.findings import SensorFault
from twin.domain.site import Site
from twin.readiness.facts import CycleFacts, Expected, Notes, PointFacts
from twin.readiness.noting import noted
from twin.readiness.rule import Evidence, Standing, evidence_of, files_of, standing

log = structlog.get_logger("readiness")

SAVE_EVERY = 10  # cycles; a crash costs so many, which counts as time we were away
_REFUSED = (AckStatus.REJECTED, AckStatus.SUPERSEDED)


class Journal:
    """The notes of one daemon. `save` stores them; without, they are kept in memory only."""

    def __init__(self, basis: str, notes: Notes, save: Callable[[bytes], None] = lambda _: None) -> None:
        self.notes = notes
        self._basis, self._save = basis, save
        self._answered = (0, 0, 0)
        self._unsaved = 0
        self._failed = False

    def cycle(self, core: Core, outcome: Outcome) -> None:
        """Note one cycle."""
        answered = _answered(core)
        new = (
            answered[0] - self._answered[0],
            answered[1] - self._answered[1],
            answered[2] - self._answered[2],
        )
        self._answered = answered
        self.notes = noted(facts_of(self._basis, core.order, outcome, new), self.notes)
        self._unsaved += 1
        if self._unsaved >= SAVE_EVERY:
            self.flush()

    def flush(self) -> None:
        """Store what was noted."""
        if not self._unsaved:
            return
        self._unsaved = 0
        try:
            self._save(notes_bytes(self.notes))
            self._failed = False
        except OSError as error:
            if not self._failed:
                log.error("what readiness is judged by cannot be stored, control goes on", error=str(error))
            self._failed = True


def facts_of(basis: str, order: Order, outcome: Outcome, answers: tuple[int, int, int]) -> CycleFacts:
    """What a cycle showed. The twin's word on power is its model with the offset that it has learned."""
    state, limits, expected = outcome.state, order.site.limits, outcome.expected
    advised = {
        f"{record.asset}/{record.point}": (record.from_value, record.to_value)
        for record in outcome.records
        if record.action == "advice" and record.from_value is not None and record.to_value is not None
    }
    worst_c = state.halls.worst_inlet_c
    return CycleFacts(
        basis=basis,
        now_ns=state.now_ns,
        period_s=order.site.control.period_s,
        missing=state.missing,
        quorum=tuple(
            (hall.id, float(good))
            for hall, good in zip(order.site.facility.halls, state.halls.quorum_frac.tolist(), strict=True)
        ),
        quorum_needed_frac=limits.zone_quorum_frac,
        worst_inlet_c=float(np.nanmax(worst_c)) if not bool(np.all(np.isnan(worst_c))) else math.nan,
        inlet_revert_c=limits.inlet_revert_c,
        facility_w=state.facility_w,
        expected=Expected(expected.worst_inlet_c, expected.facility_w + state.residual_w)
        if expected is not None
        else Expected(math.nan, math.nan),
        points=tuple(
            PointFacts(
                actuator.point,
                grant.mode.value,
                grant.held,
                float(state.setpoint[actuator.index]),
                actuator.step,
                advised.get(actuator.point),
            )
            for actuator, grant in zip(limits.actuators, outcome.grants, strict=True)
        ),
        misfits=tuple(f.point for f in outcome.findings if f.fault is SensorFault.COMMISSIONING),
        answers=answers,
    )


def _answered(core: Core) -> tuple[int, int, int]:
    told = core.answered
    return told[AckStatus.APPLIED], sum(told[status] for status in _REFUSED), told[AckStatus.EXPIRED]


def notes_bytes(notes: Notes) -> bytes:
    """The notes as they are stored."""
    return msgspec.msgpack.encode(notes)


def notes_of(stored: bytes) -> Notes:
    """Notes from their bytes; fresh ones from none. Raises: DataTooPoor: not notes of this version."""
    if not stored:
        return Notes()
    try:
        return msgspec.msgpack.decode(stored, type=Notes)
    except msgspec.MsgspecError as error:
        raise DataTooPoor(
            f"what readiness is judged by cannot be read: {error}", fix="remove it: counting then begins anew"
        ) from error


def remembered_notes(state_dir: StateDirectory) -> Notes:
    """What the last start noted; nothing when it cannot be read."""
    try:
        return notes_of(state_dir.load_notes())
    except DataTooPoor as error:
        log.warning("the notes for the readiness report are left aside", where=str(state_dir.path), error=error.message)
        return Notes()


def stands_on(
    site: Site, state_dir: StateDirectory, requested: Mode, vouched_by: str, *, event_time: bool
) -> tuple[str, Standing]:
    """Basis of the present files, and what this start may do; said in the log where it is less than was asked."""
    basis, _ = files_of(Path(site.directory), event_time=event_time)
    may = standing(site, basis, _on_file(state_dir), requested, vouched_by)
    if may.lowered:
        log.warning(
            "asked for more than was earned: twin ready says what is missing",
            mode=requested.value,
            authority=may.words,
            kept_at={point: mode.value for point, mode in may.lowered},
        )
    elif vouched_by and requested is not Mode.SHADOW:
        say = log.info if event_time else log.warning  # a simulation or a replay moves nobody's plant
        say("no readiness report is asked for: somebody vouches", by=vouched_by, mode=requested.value)
    return basis, may


def _on_file(state_dir: StateDirectory) -> Evidence | None:
    try:
        return evidence_of(state_dir.load_evidence())
    except DataTooPoor as error:
        log.warning("the readiness report on file does not count", where=str(state_dir.path), error=error.message)
        return None
