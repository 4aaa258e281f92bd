"""`twin ready`: how far each setpoint may go by what was shown, and what is missing for the next step."""

from __future__ import annotations

import getpass
import json
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from controllers.guard.rights import STEP as RIGHTS
from twin.audit.segments import FOLDER, entries
from twin.cli.options import ConfigOption, JsonOption, SiteOption, site_directory
from twin.cli.output import console, failing, print_json
from twin.cli.spans import StateOption
from twin.daemon.evidence import notes_of
from twin.daemon.statedir import ALARMS, NOTES
from twin.daemon.watch import alarm_memory_of
from twin.domain.clock import NS_PER_S, SystemClock
from twin.domain.errors import DataTooPoor, ExitCode, TwinError
from twin.domain.site import Site
from twin.domain.timestamps import iso_utc
from twin.historian.history import HistoryReader
from twin.readiness.evaluate import evaluated
from twin.readiness.facts import Notes
from twin.readiness.ladder import WINDOW_DAYS
from twin.readiness.report import Criterion, PointReport, Report
from twin.readiness.rule import (
    EVIDENCE,
    Evidence,
    evidence_bytes,
    evidence_from,
    evidence_of,
    files_of,
)
from twin.readiness.site_criteria import Recorded
from twin.settings import load_settings
from twin.sitefile.load import load_site

_DAY_NS = 86_400 * NS_PER_S


def ready(
    site: SiteOption = None,
    state: StateOption = None,
    config: ConfigOption = None,
    write: Annotated[
        bool,
        typer.Option("--write", help="Put the report on file: what it finds earned is in force from the next start."),
    ] = False,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who puts it on file; this account.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Say which step towards control each setpoint may take, by what was shown so far, and what is missing.

    Reads the state directory, also while the daemon runs. Exit 7: some setpoint may not take its next step yet.
    """
    with failing(as_json=as_json):
        settings = load_settings(config)
        loaded = load_site(site_directory(site, settings))
        folder = _folder(state, loaded) if state else settings.state_dir / loaded.facility.site
        notes = _notes(folder)
        basis, files = files_of(Path(loaded.directory), event_time=settings.clock.source == "event")
        on_file = _on_file(folder)
        report = evaluated(
            loaded.facility.site,
            basis,
            loaded.limits.hash,
            loaded.limits.actuators,
            notes,
            _recorded(folder, notes),
            had=on_file.earned if on_file and on_file.basis == basis else None,
        )
        if write:
            on_file = _put_on_file(folder, report, on_file, files, by or getpass.getuser())
    if as_json:
        print_json(report.to_json() | {"on_file": _evidence_json(on_file, basis)})
    else:
        _show(report, on_file, loaded)
    if not report.ready:
        raise typer.Exit(int(ExitCode.DATA_TOO_POOR))


def _folder(state: Path, site: Site) -> Path:
    """The site's directory in a state directory, or that itself."""
    name = site.facility.site
    return next((path for path in (state / name, state / "state" / name) if path.is_dir()), state)


def _notes(folder: Path) -> Notes:
    """Raises: DataTooPoor: there are none, or they cannot be read."""
    try:
        return notes_of((folder / NOTES).read_bytes())
    except FileNotFoundError as error:
        raise DataTooPoor(
            "nothing was noted yet: no evidence, so every setpoint stands at shadow",
            where=str(folder),
            fix="run the daemon in shadow: twin run",
        ) from error
    except OSError as error:
        raise DataTooPoor(f"the notes cannot be read: {error.strerror}", where=str(folder / NOTES)) from error


def _recorded(folder: Path, notes: Notes) -> Recorded:
    """Decisions, refusals and alarms on record within the window."""
    since_ns = notes.newest_ns - WINDOW_DAYS * _DAY_NS
    decisions: Counter[str] = Counter()
    cuts: dict[str, Counter[str]] = {}
    if (folder / "history.db").exists():
        history = HistoryReader(folder / "history.db")
        try:
            for row in history.each_decision(start_ns=since_ns):
                point = f"{row.asset}/{row.point}"
                decisions[point] += 1
                steps = {str(step).partition(":")[0] for step in json.loads(row.record)["guard"]}
                cuts.setdefault(point, Counter()).update(steps - {RIGHTS})
        finally:
            history.close()
    audit, audit_since_ns = folder / FOLDER, SystemClock().now_ns() - WINDOW_DAYS * _DAY_NS
    refused = entries(audit, since_ns=audit_since_ns, kinds=("checker",)) if audit.is_dir() else ()
    checker = sum(1 for _ in refused)
    stored = folder / ALARMS
    memory = alarm_memory_of(stored.read_bytes() if stored.exists() else b"")
    alarms = tuple((alarm.id, alarm.severity.word) for alarm in memory.standing.values())
    return Recorded(dict(decisions), {point: dict(counted) for point, counted in cuts.items()}, checker, alarms)


def _on_file(folder: Path) -> Evidence | None:
    try:
        return evidence_of((folder / EVIDENCE).read_bytes())
    except FileNotFoundError:
        return None


def _put_on_file(folder: Path, report: Report, before: Evidence | None, files: Mapping[str, str], by: str) -> Evidence:
    """Replace the report on file whole, on disk before it counts. Raises: TwinError: it cannot be written."""
    evidence = evidence_from(report, before, files, iso_utc(SystemClock().now_ns()), by)
    path = folder / EVIDENCE
    fresh = path.with_suffix(".new")
    try:
        with fresh.open("wb") as file:
            file.write(evidence_bytes(evidence))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        raise TwinError(
            f"the report cannot be put on file: {error.strerror}", where=str(path), fix="run it as the daemon's account"
        ) from error
    return evidence


def _evidence_json(evidence: Evidence | None, basis: str) -> dict[str, object] | None:
    if evidence is None:
        return None
    return {
        "made": evidence.made,
        "by": evidence.by,
        "counts": evidence.basis == basis,
        "earned": dict(evidence.earned),
    }


def _show(report: Report, on_file: Evidence | None, site: Site) -> None:
    out = console()
    when = f"{report.start[:16]}Z to {report.end[:16]}Z" if report.start else "no cycle under the present files"
    out.print(f"{site.facility.name}: {when}, {report.days:.1f} days, {report.cycles:,} cycles", markup=False)
    out.print(f"limits {report.limits_hash}", style="quiet")
    out.print("\nThe site, for every step:", style="bold")
    _criteria(out, report.criteria)
    out.print("\nEach setpoint:", style="bold")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("setpoint", "stands at", "days", "ceiling", "earned", "next step", "decisions"):
        table.add_column(name, no_wrap=True)
    for point in report.points:
        table.add_row(
            point.point,
            point.stands.value,
            f"{point.days:.1f}",
            point.ceiling.value,
            point.earned.value,
            _next(point),
            f"{point.decisions:,}",
        )
    out.print(table)
    for point in report.points:
        if not point.criteria and not point.cuts:
            continue
        out.print(f"\n{point.point}{f', for {point.next}' if point.next else ''}:", markup=False)
        _criteria(out, point.criteria)
        if point.cuts:
            cuts = ", ".join(f"{step} {n}" for step, n in point.cuts)
            out.print(f"  decisions that a guard step changed or stopped: {cuts}", markup=False, style="quiet")
    out.print("\nNo record shows these; see to them before you let anything climb:", style="bold")
    for what in report.by_hand:
        out.print(f"  {what}", markup=False)
    out.print(f"\n{_filed(report, on_file)}", markup=False, style="quiet")


def _next(point: PointReport) -> str:
    if point.next is None:
        return "at its ceiling"
    return f"[good]{point.next.value}[/]" if point.ready else f"[bad]not yet[/] {point.next.value}"


def _criteria(out: Console, criteria: tuple[Criterion, ...]) -> None:
    for one in criteria:
        mark = "[good]met    [/]" if one.met else "[bad]not met[/]"
        out.print(f"  {mark} {escape(one.name)}: {escape(one.words)}; needed {escape(one.needed)}")
        if one.todo:
            out.print(f"          [fix]{escape(one.todo)}[/]")


def _filed(report: Report, on_file: Evidence | None) -> str:
    if on_file is None:
        return "on file: no report; twin ready --write puts this one there"
    if on_file.basis != report.basis:
        return f"on file: a report of {on_file.made}, by {on_file.by}, for other files; it counts for nothing now"
    return f"on file: a report of {on_file.made}, by {on_file.by}; the next start keeps to what it says is earned"
