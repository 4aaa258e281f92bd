"""`twin explain`: why a setpoint moved, or why it did not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from controllers.explain import explained, headline
from twin.cli.options import ConfigOption, JsonOption, SiteOption, site_directory
from twin.cli.output import console, failing, print_json
from twin.domain.errors import DataTooPoor
from twin.historian.history import HistoryReader
from twin.settings import load_settings
from twin.sitefile.load import load_site


def explain(
    decision: Annotated[
        str, typer.Argument(metavar="[ID]", help="A decision's id; the newest ones when left out.")
    ] = "",
    site: SiteOption = None,
    config: ConfigOption = None,
    asset: Annotated[str, typer.Option(help="Only decisions on this asset, such as h1.")] = "",
    point: Annotated[str, typer.Option(help="Only decisions on this point, such as supply_air_sp_c.")] = "",
    last: Annotated[int, typer.Option("--last", metavar="N", help="How many of the newest.", min=1)] = 20,
    as_json: JsonOption = False,
) -> None:
    """Say in words why a setpoint was moved or left alone; without an ID, list the newest decisions.

    Reads the history in the state directory, also while the daemon runs. Exit 7: no such decision.
    """
    with failing(as_json=as_json):
        settings = load_settings(config)
        loaded = load_site(site_directory(site, settings))
        path = settings.state_dir / loaded.facility.site / "history.db"
        history = HistoryReader(path)
        try:
            records = _found(history, decision, asset, point, last)
        finally:
            history.close()
        if not records:
            what = f"there is no decision {decision!r}" if decision else "there are no such decisions yet"
            raise DataTooPoor(what, where=str(path), fix="twin explain without an ID lists what there is")
    if as_json:
        print_json(records[0] if decision else records)
        return
    out = console()
    if decision:
        out.print(explained(records[0]), markup=False)
        return
    for record in records:
        out.print(f"{record['ts'][:19]}  {record['id']:<12} {headline(record)}", markup=False)
    out.print(f"\none of them in full: twin explain {records[-1]['id']}", markup=False, style="quiet")


def _found(history: HistoryReader, decision: str, asset: str, point: str, last: int) -> list[Mapping[str, Any]]:
    """Records as published, oldest first."""
    if decision:
        row = history.decision(decision)
        rows = [] if row is None else [row]
    else:
        rows = history.decisions(asset=asset, point=point, limit=last)
    return [json.loads(row.record) for row in rows]
