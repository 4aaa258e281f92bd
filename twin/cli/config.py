"""`twin config`: check, show, schema, points, acl. Checking and showing never touch broker, historian or state."""

from __future__ import annotations

from json import dumps
from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel
from rich.markup import escape

from twin.cli.acl import acl
from twin.cli.facts import point_facts, settings_facts, site_facts, unmapped_points
from twin.cli.options import ConfigOption, JsonOption, SiteOption, site_directory
from twin.cli.output import Json, console, fail, failing, print_json
from twin.domain.chillers import ReformulatedCurve
from twin.domain.errors import ConfigError, Problem, TwinError
from twin.domain.site import Site
from twin.settings import Settings, load_settings
from twin.sitefile.load import load_site
from twin.sitefile.locate import locate
from twin.sitefile.schema import FILES
from twin.sitefile.schema_base import suggestion

app = typer.Typer(help="Check and show the configuration.", no_args_is_help=True)
app.command()(acl)


@app.command()
def check(site: SiteOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Check settings and site files; every problem at once, with file, key and line. Exit 0, or 3."""
    with failing(as_json=json):
        loaded = checked(site, config)
    unmapped = unmapped_points(loaded)
    if json:
        print_json({"ok": True, "errors": [], "unmapped": unmapped, **_counts(loaded)})
        return
    out = console()
    counts = _counts(loaded)
    out.print(f"[good]ok[/]: {escape(loaded.facility.name)} ({escape(loaded.directory)})")
    halls = "1 hall" if counts["halls"] == 1 else f"{counts['halls']} halls"
    out.print(f"    {counts['racks']} racks in {halls}, {counts['points']} points from {counts['topics']} topics")
    out.print(f"    {counts['setpoints']} setpoints, config {loaded.config_hash}, limits {loaded.limits.hash}")
    if unmapped:
        out.print("    [quiet]not mapped, so never read:[/] " + escape(", ".join(unmapped)))


@app.command()
def show(site: SiteOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Print what is in force after all sources are joined; secrets are masked."""
    with failing(as_json=json):
        settings = load_settings(config)
        facts: dict[str, Json] = {"settings": settings_facts(settings)}
        if site or settings.site_dir:
            loaded = load_site(site_directory(site, settings))
            facts["site"] = site_facts(loaded, settings)
    if json:
        print_json(facts)
        return
    out = console()
    for name, value in facts.items():
        out.print(f"[where]\\[{name}][/]")
        for line in _flat(value):
            out.print(escape(line))


@app.command()
def schema(
    file: Annotated[
        str, typer.Argument(help="site.toml, points.toml, limits.toml, control.toml, tariff.toml, twin.toml")
    ] = "",
) -> None:
    """Print the JSON schema of every file, or of one."""
    models: dict[str, type[BaseModel]] = {**FILES, "twin.toml": Settings}
    if file and file not in models:
        error = TwinError(f"there is no file {file!r}", where="FILE", fix=suggestion(file, models))
        raise typer.Exit(fail(error))
    schemas: dict[str, Json] = {name: model.model_json_schema() for name, model in models.items()}
    print_json(schemas[file] if file else schemas)


@app.command()
def points(site: SiteOption = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """List every point: its unit and range, and where in which message it stands."""
    with failing(as_json=json):
        loaded = load_site(site_directory(site, load_settings(config)))
    facts = point_facts(loaded)
    unmapped = unmapped_points(loaded)
    if json:
        print_json({"points": facts, "unmapped": unmapped})
        return
    out = console()
    wide = max(len(str(fact["id"])) for fact in facts)
    for fact in facts:
        place = f"{fact['topic']} {fact['path']}".rstrip()
        unit = f"{fact['unit']} <- {fact['wire_unit']}"
        out.print(f"{fact['id']!s:<{wide}}  {unit:<18}  [where]{escape(place)}[/]")
    if unmapped:
        out.print("[quiet]not mapped, so never read:[/] " + escape(", ".join(unmapped)))


def checked(site: Path | None, config: Path | None) -> Site:
    """A site whose settings and files are sound, and whose chillers the model knows.

    Raises: ConfigError: with the problems of settings and site together. TwinError: no site is named.
    """
    problems: list[Problem] = []
    settings = Settings()
    try:
        settings = load_settings(config)
    except ConfigError as error:
        problems += error.problems
    loaded: Site | None = None
    if site is not None or not problems:
        directory = site_directory(site, settings)
        try:
            loaded = load_site(directory)
            problems += _unknown_curve(loaded, directory)
        except ConfigError as error:
            problems += error.problems
    if problems or loaded is None:
        raise ConfigError(tuple(problems))
    return loaded


def _unknown_curve(site: Site, directory: Path) -> list[Problem]:
    from twin.model.chiller_catalogue import CATALOGUE
    from twin.model.reformulated_catalogue import REFORMULATED

    bank = site.facility.plant.chillers
    own, curve = bank.own_curve, bank.curve
    usable = [name for name, machine in CATALOGUE.items() if not machine.air_cooled] + list(REFORMULATED)
    key: tuple[str, ...] = ("plant", "chillers", "curve")
    if own is not None:
        if isinstance(own, ReformulatedCurve) or not own.air_cooled:
            return []
        key = (*key, "air_cooled")
    elif curve in usable:
        return []
    line = locate((directory / "site.toml").read_text(encoding="utf-8")).of(key)
    air_cooled = own is not None or curve in CATALOGUE
    what = "is air-cooled; the model has water-cooled plants only" if air_cooled else "is not in the catalogue"
    message = f'chiller curve "{curve}" {what}'
    return [Problem("site.toml", ".".join(key), line, message, suggestion(curve, usable))]


def _counts(site: Site) -> dict[str, Json]:
    return {
        "site": site.facility.site,
        "halls": len(site.facility.halls),
        "racks": sum(len(hall.racks) for hall in site.facility.halls),
        "points": len(site.points),
        "topics": len({rule.topic for rule in site.topics.rules}),
        "setpoints": len(site.limits.actuators),
        "config_hash": site.config_hash,
        "limits_hash": site.limits.hash,
    }


def _flat(value: Json, prefix: str = "") -> list[str]:
    """A tree as lines `a.b.c = value`."""
    if isinstance(value, dict):
        return [line for key, part in value.items() for line in _flat(part, f"{prefix}.{key}" if prefix else key)]
    if isinstance(value, list) and any(isinstance(part, dict | list) for part in value):
        return [line for n, part in enumerate(value) for line in _flat(part, f"{prefix}[{n}]")]
    shown = "" if value is None else dumps(value, ensure_ascii=False)
    return [f"{prefix} = {shown}"]
