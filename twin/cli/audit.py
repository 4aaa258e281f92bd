"""`twin audit`: what was commanded, ordered, refused and changed; and whether the log of it is whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from twin.audit.segments import FOLDER, entries, verified
from twin.cli.options import ConfigOption, JsonOption, SiteOption, site_directory
from twin.cli.output import Json, console, failing, print_json
from twin.cli.spans import LastOption, StateOption, seconds_of
from twin.domain.clock import NS_PER_S, SystemClock
from twin.domain.errors import DataTooPoor, ExitCode
from twin.settings import load_settings
from twin.sitefile.load import load_site

app = typer.Typer(help="What was commanded, ordered, refused and changed, and whether that log is whole.")

KindOption = Annotated[
    list[str] | None, typer.Option("--kind", metavar="KIND", help="Only entries of this kind; may be repeated.")
]
_CHAIN = ("prev", "sum")


@app.command()
def show(
    site: SiteOption = None,
    state: StateOption = None,
    config: ConfigOption = None,
    last: LastOption = "24h",
    kind: KindOption = None,
    as_json: JsonOption = False,
) -> None:
    """List entries of the audit log, oldest first, by the machine's clock. Exit 7: there is none."""
    with failing(as_json=as_json):
        folder = _folder(site, state, config)
        since_ns = SystemClock().now_ns() - int(seconds_of(last, "--last") * NS_PER_S)
        found = list(entries(folder, since_ns=since_ns, kinds=kind or ()))
    if as_json:
        print_json(found)
        return
    out = console()
    for entry in found:
        out.print(f"{entry['at'][:19]}  {entry['n']:>7}  {entry['kind']:<14} {_facts(entry)}", markup=False)
    if not found:
        out.print(f"nothing of that in the last {last}", style="quiet")


@app.command()
def verify(
    site: SiteOption = None,
    state: StateOption = None,
    config: ConfigOption = None,
    archived: Annotated[
        bool, typer.Option("--archived", help="Older segments were put away: begin with the oldest there is.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check that no line of the audit log was changed, removed, added or moved. Exit 5: the chain is broken."""
    with failing(as_json=as_json):
        folder = _folder(site, state, config)
        try:
            report = verified(folder, archived=archived)
        except OSError as error:
            raise DataTooPoor(f"the audit log cannot be read: {error.strerror}", where=str(folder)) from error
    if as_json:
        told: dict[str, Json] = {
            "ok": not report.faults,
            "segments": report.segments,
            "lines": report.lines,
            "first": report.first,
            "notes": list(report.notes),
            "faults": [{"segment": f.segment, "line": f.line, "n": f.n, "what": f.what} for f in report.faults],
        }
        print_json(told)
    else:
        out = console(stderr=bool(report.faults))
        for fault in report.faults:
            out.print(f"[where]{escape(fault.segment)}:{fault.line}[/] [bad]{escape(fault.what)}[/]")
        for note in report.notes:
            out.print(note, style="quiet")
        unit = "segment" if report.segments == 1 else "segments"
        what = f"{report.lines:,} lines in {report.segments} {unit}"
        out.print(f"{what}: {len(report.faults)} faults" if report.faults else f"[good]whole[/]: {what}")
    if report.faults:
        raise typer.Exit(int(ExitCode.SAFETY))


def _folder(site: Path | None, state: Path | None, config: Path | None) -> Path:
    """The audit log of a site, or the one below a state directory. Raises: TwinError, DataTooPoor."""
    if state is None:
        settings = load_settings(config)
        folder = settings.state_dir / load_site(site_directory(site, settings)).facility.site / FOLDER
        below = [folder]
    else:
        below = sorted([state, state / FOLDER, *state.glob(f"*/{FOLDER}"), *state.glob(f"state/*/{FOLDER}")])
        folder = state
    found = [path for path in below if path.name == FOLDER and path.is_dir()]
    if len(found) != 1:
        what = "there are several audit logs below it" if found else "there is no audit log yet"
        raise DataTooPoor(what, where=str(folder), fix="name the state directory of one site with --state")
    return found[0]


def _facts(entry: dict[str, Any]) -> str:
    """Everything but the chain, in one line."""
    told = {name: value for name, value in entry.items() if name not in {"n", "at", "kind", *_CHAIN}}
    if "sent" in told:
        sent = told.pop("sent")
        told |= {name: sent[name] for name in ("v", "u", "seq", "epoch", "expires", "decision") if name in sent}
    return "  ".join(
        f"{name}={value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in told.items()
    )
