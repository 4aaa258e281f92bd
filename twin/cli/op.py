"""`twin op`: an operator's orders to a running daemon, each with its answer."""

from __future__ import annotations

import asyncio
import getpass
import secrets
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import typer

from twin.cli.desk import desk
from twin.cli.logs import set_up_logs
from twin.cli.options import ConfigOption, JsonOption, SiteOption, site_directory
from twin.cli.output import console, failing, print_json
from twin.cli.spans import seconds_of
from twin.domain.errors import TwinError
from twin.domain.site import Site
from twin.settings import Settings, load_settings
from twin.settings.model import LogSettings
from twin.sitefile.load import load_site

app = typer.Typer(help="Orders to a running daemon: hold a point, release it, change the mode, put an alarm aside.")

PERIODS = 2.0  # an order is answered by the next cycle
PointArgument = Annotated[str, typer.Argument(metavar="POINT", help="A setpoint, such as h1/supply_air_sp_c.")]
AnyPointArgument = Annotated[str, typer.Argument(metavar="[POINT]", help="A setpoint; all of them when left out.")]
AlarmArgument = Annotated[str, typer.Argument(metavar="ID", help="An alarm's id, as twin alarms lists it.")]
ForOption = Annotated[str, typer.Option("--for", metavar="LONG", help="Ends by itself after: 30m, 2h, 1d.")]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; kept with the order and in the log.")]
ByOption = Annotated[str, typer.Option("--by", metavar="NAME", help="Who orders it; this account when left out.")]
WaitOption = Annotated[
    str, typer.Option("--wait", metavar="LONG", help="How long to wait for the answer; two control periods.")
]


@app.command()
def override(
    point: PointArgument,
    value: Annotated[float, typer.Argument(metavar="VALUE", help="In the setpoint's unit; a UPS mode is 0 or 1.")],
    reason: ReasonOption,
    lasting: ForOption = "",
    by: ByOption = "",
    wait: WaitOption = "",
    site: SiteOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hold a setpoint at a value. Without --for it ends after the site's override_hours."""
    body = {"point": point, "v": value, **_end(lasting)}
    _give("override", body, reason, by, wait, site, config, as_json=as_json)


@app.command()
def release(
    point: AnyPointArgument = "",
    reason: ReasonOption = "done",
    by: ByOption = "",
    wait: WaitOption = "",
    site: SiteOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """End an override, and let the daemon write again a point that it left alone."""
    _give("release", {"point": point}, reason, by, wait, site, config, as_json=as_json)


@app.command()
def mode(
    name: Annotated[str, typer.Argument(metavar="MODE", help="shadow, advise, bounded or control.")],
    reason: ReasonOption,
    point: AnyPointArgument = "",
    lasting: ForOption = "",
    by: ByOption = "",
    wait: WaitOption = "",
    site: SiteOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change what the daemon may do, never above a setpoint's ceiling. Without --for it stands until changed."""
    _give("mode", {"mode": name, "point": point, **_end(lasting)}, reason, by, wait, site, config, as_json=as_json)


@app.command()
def shelve(
    alarm: AlarmArgument,
    reason: ReasonOption,
    lasting: ForOption = "4h",
    by: ByOption = "",
    wait: WaitOption = "",
    site: SiteOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put an alarm aside for a while: it comes back by itself if its cause still stands then."""
    _give("shelve", {"alarm": alarm, **_end(lasting)}, reason, by, wait, site, config, as_json=as_json)


@app.command()
def unshelve(
    alarm: AlarmArgument,
    reason: ReasonOption = "done",
    by: ByOption = "",
    wait: WaitOption = "",
    site: SiteOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring an alarm back before its time."""
    _give("unshelve", {"alarm": alarm}, reason, by, wait, site, config, as_json=as_json)


@app.command()
def show(
    wait: WaitOption = "", site: SiteOption = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """List what stands: overrides, ordered modes and shelved alarms with owner, reason and end; points left alone."""
    with failing(as_json=as_json):
        settings, loaded = _loaded(site, config)
        told = asyncio.run(_standing(loaded, settings, _patience_s(wait, loaded)))
    if as_json:
        print_json(dict(told))
        return
    out = console()
    out.print(f"mode {told.get('mode')}, at {told.get('ts')}", markup=False)
    out.print(f"authority: {told.get('authority') or 'not told'}", markup=False)
    for line in standing_lines(told):
        out.print(line, markup=False)


def standing_lines(told: Mapping[str, Any]) -> list[str]:
    """What stands, a line each."""
    lines = [f"{o['point']} fixed at {o['v']:g} {o['u']}{_whose(o)}" for o in told.get("overrides", ())]
    lines += [f"mode of {m['point'] or 'the site'}: {m['mode']}{_whose(m)}" for m in told.get("modes", ())]
    lines += [f"alarm {s['id']} is put aside{_whose(s)}" for s in told.get("shelved", ())]
    lines += [f"{h['point']} is not written: {h['why']}" for h in told.get("held", ())]
    return lines or ["nothing is ordered"]


def _whose(order: Mapping[str, Any]) -> str:
    end = f"until {order['until'][:19]}Z" if order.get("until") else "until changed by hand"
    return f", by {order.get('by') or 'somebody'}, {end}: {order.get('reason') or 'no reason kept'}"


def _give(
    kind: str,
    body: Mapping[str, object],
    reason: str,
    by: str,
    wait: str,
    site: Path | None,
    config: Path | None,
    *,
    as_json: bool,
) -> None:
    with failing(as_json=as_json):
        settings, loaded = _loaded(site, config)
        _known(str(body.get("point", "")), loaded)
        whole = {**body, "by": by or _account(), "reason": reason}
        order_id, wait_s = f"op-{secrets.token_hex(4)}", _patience_s(wait, loaded)
        if not as_json:
            console(stderr=True).print(f"waiting for the next cycle, at most {wait_s:.0f} s", style="quiet")
        told = asyncio.run(_ordered(loaded, settings, kind, order_id, whole, wait_s))
        if not told.get("accepted"):
            raise TwinError(str(told.get("text")), where=f"order {order_id}", fix="twin op show lists what stands")
    if as_json:
        print_json({"ok": True, "id": order_id, "accepted": True, "text": str(told.get("text"))})
    else:
        console().print(str(told.get("text")), markup=False)


async def _ordered(
    site: Site, settings: Settings, kind: str, order_id: str, body: Mapping[str, object], wait_s: float
) -> Mapping[str, Any]:
    async with desk(site, settings, f"_twin/op/{order_id}") as operator:
        return await operator.order(kind, order_id, body, wait_s)


async def _standing(site: Site, settings: Settings, wait_s: float) -> Mapping[str, Any]:
    async with desk(site, settings, "_twin/op") as operator:
        return await operator.standing(wait_s)


def _loaded(site: Path | None, config: Path | None) -> tuple[Settings, Site]:
    settings = load_settings(config)
    set_up_logs(LogSettings(level="warning"))
    return settings, load_site(site_directory(site, settings))


def _known(point: str, site: Site) -> None:
    """Raises: TwinError: a setpoint of that name is not in limits.toml."""
    names = [actuator.point for actuator in site.limits.actuators]
    if point and point not in names:
        close = get_close_matches(point, names, n=1, cutoff=0.4)
        fix = f"did you mean {close[0]}?" if close else f"one of {', '.join(names)}"
        raise TwinError(f"there is no setpoint {point!r}", where="limits.toml", fix=fix)


def _end(lasting: str) -> dict[str, object]:
    return {"for_s": seconds_of(lasting, "--for")} if lasting else {}


def _patience_s(wait: str, site: Site) -> float:
    return seconds_of(wait, "--wait") if wait else PERIODS * site.control.period_s


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        raise TwinError("this account has no name", where="--by", fix="say who orders it: --by NAME") from error
