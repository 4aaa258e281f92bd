"""`twin alarms`: what stands, since when, and what to do."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twin.cli.desk import desk
from twin.cli.logs import set_up_logs
from twin.cli.options import ConfigOption, JsonOption, SiteOption, site_directory
from twin.cli.output import Json, console, failing, print_json
from twin.cli.spans import StateOption
from twin.domain.errors import DataTooPoor, Unreachable
from twin.domain.site import Site
from twin.domain.timestamps import iso_utc
from twin.settings import Settings, load_settings
from twin.settings.model import LogSettings
from twin.sitefile.load import load_site

STORED = "alarms.1.msgpack"
_ORDER = {"critical": 0, "high": 1, "medium": 2, "low": 3}
_STYLE = {"critical": "bad", "high": "bad", "medium": "where", "low": "quiet"}
_KEYS = ("severity", "asset", "cause", "reading", "action", "since")


def alarms(
    site: SiteOption = None, state: StateOption = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """List the alarms that stand, worst first, each with its cause, what was read, and what to do.

    From what the broker keeps; from the state directory with --state, or when the broker cannot be reached and the
    site's own is on this machine. Exit 4: neither can be.
    """
    with failing(as_json=as_json):
        told = _told(site, state, config)
    if as_json:
        print_json(told)
        return
    _show(told)


def _told(site: Path | None, state: Path | None, config: Path | None) -> dict[str, Json]:
    set_up_logs(LogSettings(level="error"))
    if state is not None:
        return _stored(_file_below(state))
    settings = load_settings(config)
    loaded = load_site(site_directory(site, settings))
    own = settings.state_dir / loaded.facility.site / STORED
    try:
        return asyncio.run(_kept(loaded, settings))
    except* Unreachable:
        if not own.exists():
            raise
    return _stored(own)


async def _kept(site: Site, settings: Settings) -> dict[str, Json]:
    """As the broker keeps them."""
    async with desk(site, settings, "_twin/alarm/#") as operator:
        found, status = await operator.alarms()
    daemon: dict[str, Json] = {"state": status.get("state", "unknown"), "since": status.get("since")}
    return {"from": f"{settings.mqtt.host}:{settings.mqtt.port}", "daemon": daemon, "alarms": _sorted(found)}


def _stored(path: Path) -> dict[str, Json]:
    """As the daemon last stored them. Raises: DataTooPoor: they cannot be read."""
    from twin.alarms.board import shown
    from twin.daemon.watch import alarm_memory_of

    try:
        memory = alarm_memory_of(path.read_bytes())
    except OSError as error:
        raise DataTooPoor(f"the stored alarms cannot be read: {error.strerror}", where=str(path)) from error
    found = {
        alarm.id: {
            "severity": alarm.severity.word,
            "asset": alarm.asset,
            "cause": alarm.cause,
            "reading": alarm.reading,
            "action": alarm.described.action,
            "since": iso_utc(alarm.since_ns),
        }
        for alarm in shown(memory)
    }
    return {"from": str(path), "daemon": {"state": "unknown", "since": None}, "alarms": _sorted(found)}


def _file_below(state: Path) -> Path:
    """Raises: DataTooPoor: there is none, or more than one."""
    found = sorted({*state.glob(STORED), *state.glob(f"*/{STORED}"), *state.glob(f"state/*/{STORED}")})
    if len(found) != 1:
        what = "there are several sites below it" if found else "no alarm was ever stored below it"
        raise DataTooPoor(what, where=str(state), fix="name the state directory of one site")
    return found[0]


def _sorted(found: Mapping[str, Mapping[str, Any]]) -> Json:
    """Worst first, then oldest."""
    rows = [{"id": name, **{key: body.get(key) for key in _KEYS}} for name, body in found.items()]
    rows.sort(key=lambda row: (_ORDER.get(str(row["severity"]), 9), str(row["since"]), str(row["id"])))
    return rows


def _show(told: Mapping[str, Any]) -> None:
    out = console()
    for alarm in told["alarms"]:
        style = _STYLE.get(str(alarm["severity"]), "bad")
        out.print(f"[{style}]{alarm['severity']:<8}[/] ", end="")
        out.print(f"{alarm['id']}  since {str(alarm['since'])[:19]}Z", markup=False)
        out.print(f"         {alarm['cause']}: {alarm['reading']}", markup=False)
        out.print(f"         {alarm['action']}", markup=False, style="quiet")
    if not told["alarms"]:
        out.print("no alarm stands")
    daemon = told["daemon"]
    if daemon["state"] not in {"online", "degraded"}:
        since = f" since {daemon['since']}" if daemon["since"] else ""
        out.print(f"as it was last said in {told['from']}: the daemon is {daemon['state']}{since}", style="quiet")
