"""The documentation says what the code says: links lead somewhere, and whatever has a name in the code has a line."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import typer.main
from pydantic import BaseModel

from controllers.catalogue import CONTROLLERS
from controllers.guard.pipeline import STEPS
from twin.adapters.mqtt import LinkHealth
from twin.alarms.facts import AlarmMemory
from twin.alarms.known import Known
from twin.audit.log import AuditHealth
from twin.cli.main import app
from twin.daemon.daemon import Parts
from twin.daemon.levels import level_sources
from twin.daemon.persist import PersistHealth
from twin.daemon.turns import LoopHealth
from twin.daemon.watch import Watch
from twin.domain.commands import AckStatus
from twin.domain.decisions import DecisionRecord
from twin.domain.errors import ExitCode
from twin.historian.sinks import DrainStatus
from twin.historian.spool import SpoolHealth
from twin.ingest.gaps import Gaps
from twin.ingest.tally import Tally
from twin.settings.model import DELIMITER, ENV_PREFIX, Settings
from twin.shipped import shipped_config
from twin.sitefile import schema_limits, schema_points, schema_site
from twin.sitefile.catalogue import KNOWN
from twin.sitefile.load import load_site
from twin.sitefile.schema_base import FileModel
from twin.sitefile.units import UNITS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
PYTHON = sorted(
    path for room in ("twin", "controllers", "tests", "benchmarks", "deploy") for path in (ROOT / room).rglob("*.py")
)
NOT_SETTINGS = {"TWIN_SECRETS_DIR"}  # read from the environment, but no keys of the model

_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CITED = re.compile(r"docs/[\w/.-]+\.md(?:#[\w-]+(?:,\s+#[\w-]+)*)?")


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    found: set[str] = set()
    seen: Counter[str] = Counter()
    for heading in re.findall(r"^#+ +(.+?)\s*$", prose(page), re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def named(page: Path) -> set[str]:
    """Everything a page shows as code."""
    return {code.strip("`") for code in _CODE.findall(prose(page))}


def fault_of(target: str, page: Path) -> str:
    """Why a link of a page leads nowhere, "" when it does not."""
    file, _, anchor = target.partition("#")
    path = (page.parent / file).resolve() if file else page
    if not path.exists():
        return f"{target}: no such file"
    if anchor and anchor not in anchors(path):
        return f"{target}: no such heading"
    return ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    targets = _LINK.findall(_CODE.sub("", prose(page)))
    faults = [fault_of(target, page) for target in targets if "://" not in target]
    assert [fault for fault in faults if fault] == []


def test_every_page_is_reached_from_the_index() -> None:
    reached: set[Path] = set()
    waiting = [DOCS / "index.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached and page.suffix == ".md":
            reached.add(page)
            files = [target.partition("#")[0] for target in _LINK.findall(prose(page)) if "://" not in target]
            waiting += [path for file in files if file and (path := (page.parent / file).resolve()).exists()]
    assert [str(page) for page in DOCS.rglob("*.md") if page not in reached] == []


def cited(path: Path) -> Iterator[tuple[str, str]]:
    """Pages, with anchor or "", that a Python file names."""
    for match in _CITED.findall(path.read_text(encoding="utf-8")):
        page, *names = re.split(r",?\s*#", match)
        for name in names or [""]:
            yield page, name


def test_every_page_and_anchor_cited_in_python_exists() -> None:
    faults = [
        f"{path.relative_to(ROOT)}: {page}#{anchor}"
        for path in PYTHON
        for page, anchor in cited(path)
        if not (ROOT / page).exists() or (anchor and anchor not in anchors(ROOT / page))
    ]
    assert faults == []


def setting_names(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from setting_names(field.annotation, f"{prefix}{name.upper()}{DELIMITER}")
        else:
            yield f"{prefix}{name.upper()}"


def test_settings_page_and_model_name_the_same_settings() -> None:
    text = prose(REFERENCE / "settings.md")
    rows = set(re.findall(rf"^\| `({ENV_PREFIX}\w+)`", text, re.MULTILINE))
    assert rows - NOT_SETTINGS == set(setting_names(Settings, ENV_PREFIX))


def metric_names() -> set[str]:
    """Names under `/metrics`, labels left out, of parts that have something of everything."""
    tally = Tally()
    tally.rejected["time"] = 1
    parts = SimpleNamespace(
        core=SimpleNamespace(
            tally=tally,
            mirror=SimpleNamespace(late=0),
            clocks=SimpleNamespace(ours_ns=0, counts=Counter({"late": 1})),
            gaps=Gaps(),
            refused_orders=0,
            cycle_number=0,
            order=SimpleNamespace(epoch=1),
            answered=Counter({AckStatus.APPLIED: 1}),
        ),
        turns=SimpleNamespace(health=LoopHealth()),
        intake=SimpleNamespace(waiting=0),
        link=SimpleNamespace(health=LinkHealth()),
        spool=SimpleNamespace(health=SpoolHealth()),
        persister=SimpleNamespace(health=PersistHealth()),
        drains={"history": SimpleNamespace(status=DrainStatus())},
        audit=SimpleNamespace(health=AuditHealth()),
        watch=Watch(Known.of(load_site(shipped_config("demo"))), AlarmMemory()),
    )
    return {name.partition("{")[0] for source in level_sources(cast("Parts", parts)) for name in source()}


def test_metrics_page_and_code_name_the_same_metrics() -> None:
    cells = re.findall(r"^\| (`[a-z].*?`) \|", prose(REFERENCE / "metrics.md"), re.MULTILINE)
    rows = {code.strip("`").partition("{")[0] for cell in cells for code in _CODE.findall(cell)}
    assert rows == metric_names()


def test_every_dependency_has_its_line() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [
        *project["project"]["dependencies"],
        *project["dependency-groups"]["dev"],
        *project["build-system"]["requires"],
    ]
    names = {re.split(r"[\[<>=~! ]", text)[0] for text in wanted}
    page = prose(DOCS / "explanation" / "dependencies.md")
    assert set(re.findall(r"^\| `([\w-]+)` \|", page, re.MULTILINE)) == names


@pytest.mark.parametrize("page", ["reference/cli.md", "how-to/when-something-is-wrong.md"])
def test_every_exit_code_is_listed(page: str) -> None:
    text = prose(DOCS / page)
    assert set(re.findall(r"^\| (\d+) \|", text, re.MULTILINE)) >= {str(int(code)) for code in ExitCode}


def commands(command: Any, path: str) -> Iterator[tuple[str, list[str]]]:
    """Every command with its long options. `Any`: typer keeps its own copy of click, which has no public types."""
    inner = getattr(command, "commands", None)
    if inner is None:
        options = [name for param in command.params for name in (*param.opts, *param.secondary_opts)]
        yield path, [name for name in options if name.startswith("--")]
        return
    for name, below in inner.items():
        yield from commands(below, f"{path} {name}")


def test_every_command_and_option_is_in_the_reference() -> None:
    text = (REFERENCE / "cli.md").read_text(encoding="utf-8")
    missing: list[str] = []
    for command, options in commands(typer.main.get_command(app), "twin"):
        missing += [command] if not re.search(rf"`{command}[ `]|### {command}$", text, re.MULTILINE) else []
        missing += [f"{command} {option}" for option in options if not re.search(rf"`{option}[ `|]", text)]
    # the page names the one of the two that says something
    assert [name for name in missing if name != "twin demo --web"] == []


def test_every_command_line_in_the_docs_works() -> None:
    """Command and options exist; what they do is not tried."""
    known = dict(commands(typer.main.get_command(app), "twin"))
    groups = {name.rpartition(" ")[0] for name in known}
    shown = re.compile(r"(?:^ +(?:\w+=\S+ )*|`)(twin (?:config |map )?[a-z][a-z-]*)([^`\n]*)", re.MULTILINE)
    faults: list[str] = []
    for page in PAGES:
        for command, rest in shown.findall(page.read_text(encoding="utf-8")):
            options = [option for option in re.findall(r"--[a-z][a-z-]*", rest) if option not in known.get(command, [])]
            if command in groups:
                continue
            if command not in known or options:
                faults.append(f"{page.relative_to(ROOT)}: {command} {' '.join(options)}")
    assert faults == []


def test_every_key_of_the_site_files_is_in_the_reference() -> None:
    rows = named(REFERENCE / "site-files.md")
    tables = [
        table
        for room in (schema_site, schema_points, schema_limits)
        for table in vars(room).values()
        if isinstance(table, type) and issubclass(table, FileModel) and table is not FileModel
    ]
    files = {"SiteFile", "PointsFile", "LimitsFile", "ControlFile", "TariffFile"}
    keys = {name for table in tables if table.__name__ not in files for name in table.model_fields}
    # tables below tables stand as headings
    headings = " ".join(re.findall(r"^#+ (.+)$", prose(REFERENCE / "site-files.md"), re.MULTILINE))
    assert sorted(key for key in keys if key not in rows and not re.search(rf"\b{key}\b", headings)) == []


def test_every_point_and_unit_is_in_the_reference() -> None:
    rows = named(REFERENCE / "site-files.md")
    assert {name for points in KNOWN.values() for name in points} - rows == set()
    assert set(UNITS) - rows == set()


def test_every_controller_and_guard_step_is_in_the_reference() -> None:
    page = REFERENCE / "controllers.md"
    assert set(CONTROLLERS) - named(page) == set()
    rows = re.findall(r"^\| (\d+) \| `", prose(page), re.MULTILINE)
    assert [int(number) for number in rows] == list(range(1, len(STEPS) + 1))


def test_the_decision_record_page_has_every_key() -> None:
    record = DecisionRecord(
        "1-1-0", 1, 0, "h1", "supply_air_sp_c", "degC", "shadow", "hold", None, None, "hold", "", (), "", "", None,
        0.0, 0.0, 0.0, 0.0, 0.0, 0.0, (), "", "",
    )  # fmt: skip
    assert set(record.to_json()) - named(REFERENCE / "decision-record.md") == set()


@pytest.mark.parametrize("name", ["equations.md", "vectors.md"])
def test_every_test_that_a_page_names_exists(name: str) -> None:
    text = (REFERENCE / name).read_text(encoding="utf-8").replace("`K/", "`tests/kernels/")
    path, faults = ROOT, []
    for file, test, of_the_same in re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`|`::(\w+)`", text):
        path = ROOT / file if file else path
        wanted = test or of_the_same
        if not path.exists() or (wanted and f"def {wanted}(" not in path.read_text(encoding="utf-8")):
            faults.append(f"{path.name}::{wanted}")
    assert faults == []
