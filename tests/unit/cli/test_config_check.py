"""`twin config check` names every mistake by file, key and line, says how to mend it, and never shows a traceback."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.unit.cli.broken import BROKEN, Broken
from tests.unit.cli.broken_systems import SYSTEMS
from twin.cli.config import app
from twin.shipped import shipped_config

CONFIG = 3
EVERY = (*BROKEN, *SYSTEMS)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TWIN_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    return Path(shutil.copytree(shipped_config("demo"), tmp_path / "site"))


def broken_site(directory: Path, case: Broken) -> tuple[Path, int]:
    """Copy the case's site and make the change; the copy, and the line the problem must stand on."""
    copy = Path(shutil.copytree(shipped_config(case.site), directory / "broken"))
    path = copy / case.file
    text = path.read_text(encoding="utf-8")
    assert case.old in text, f"the table no longer fits configs/{case.site}"
    text = text.replace(case.old, case.new, 1)
    path.write_text(text, encoding="utf-8")
    start = text.index(case.after) if case.after else 0
    return copy, text.count("\n", 0, text.index(case.line_with, start)) + 1


@pytest.mark.parametrize("case", EVERY, ids=lambda case: case.name)
def test_a_mistake_is_named_with_file_key_line_and_fix(case: Broken, tmp_path: Path) -> None:
    site, line = broken_site(tmp_path, case)

    result = CliRunner().invoke(app, ["check", "--json", "--site", str(site)])

    assert result.exit_code == CONFIG, result.output
    answer = json.loads(result.stdout)
    assert answer["ok"] is False
    assert all(error["fix"] and error["line"] >= 1 for error in answer["errors"])
    found = [error for error in answer["errors"] if error["file"] == case.file and error["key"] == case.key]
    assert found, answer["errors"]
    assert any(case.phrase in error["message"] and case.fix in error["fix"] for error in found), found
    assert found[0]["line"] == line


@pytest.mark.parametrize("case", EVERY, ids=lambda case: case.name)
def test_a_mistake_is_printed_for_people_without_a_traceback(case: Broken, tmp_path: Path) -> None:
    site, line = broken_site(tmp_path, case)

    result = CliRunner().invoke(app, ["check", "--site", str(site)])

    assert result.exit_code == CONFIG
    assert isinstance(result.exception, SystemExit)
    assert f"{case.file}:{line} {case.key}: " in result.output
    assert "fix: " in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("case", [BROKEN[0], BROKEN[22]], ids=lambda case: case.name)
def test_the_exit_code_reaches_the_shell(case: Broken, tmp_path: Path) -> None:
    site, _ = broken_site(tmp_path, case)
    call = "from twin.cli.config import app; app()"

    done = subprocess.run(
        [sys.executable, "-c", call, "check", "--site", str(site)], capture_output=True, text=True, check=False
    )

    assert done.returncode == CONFIG
    assert case.file in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("name", ["demo", "site.example", "site.full"])
def test_shipped_sites_are_sound(name: str) -> None:
    result = CliRunner().invoke(app, ["check", "--json", "--site", str(shipped_config(name))])

    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert answer["ok"] is True
    assert answer["errors"] == []
    assert answer["unmapped"] == []


def test_all_files_report_at_once(demo: Path) -> None:
    for file, old, new in (
        ("site.toml", "seed = 1", "sead = 1"),
        ("limits.toml", "panic_c = 32", "panic_c = 20"),
        ("tariff.toml", "\n[rest]", "\n[rst]"),
        ("control.toml", "period_s = 60", "period_s = 0"),
    ):
        path = demo / file
        path.write_text(path.read_text().replace(old, new, 1))

    answer = json.loads(CliRunner().invoke(app, ["check", "--json", "--site", str(demo)]).stdout)

    assert {error["file"] for error in answer["errors"]} == {"site.toml", "limits.toml", "tariff.toml", "control.toml"}


def test_a_missing_file_and_a_missing_directory_are_problems(demo: Path) -> None:
    (demo / "limits.toml").unlink()
    answer = json.loads(CliRunner().invoke(app, ["check", "--json", "--site", str(demo)]).stdout)
    assert [(e["file"], e["line"]) for e in answer["errors"]] == [("limits.toml", 1)]

    result = CliRunner().invoke(app, ["check", "--json", "--site", str(demo / "nowhere")])
    assert result.exit_code == CONFIG
    assert "does not exist" in json.loads(result.stdout)["errors"][0]["message"]


def test_bytes_that_are_no_text_are_a_problem_on_their_line(demo: Path) -> None:
    path = demo / "control.toml"
    path.write_bytes(b'# one\n# two\nmode = "\xff"\n')

    answer = json.loads(CliRunner().invoke(app, ["check", "--json", "--site", str(demo)]).stdout)

    assert [(e["file"], e["line"]) for e in answer["errors"]] == [("control.toml", 3)]


def test_settings_are_checked_with_the_site(monkeypatch: pytest.MonkeyPatch, demo: Path) -> None:
    monkeypatch.setenv("TWIN_MQTT__PORT", "none")

    result = CliRunner().invoke(app, ["check", "--json", "--site", str(demo)])

    assert result.exit_code == CONFIG
    assert [e["key"] for e in json.loads(result.stdout)["errors"]] == ["TWIN_MQTT__PORT"]


def test_show_masks_secrets_and_gives_the_mode_in_force(monkeypatch: pytest.MonkeyPatch, demo: Path) -> None:
    monkeypatch.setenv("TWIN_MQTT__USERNAME", "twin")
    monkeypatch.setenv("TWIN_MQTT__PASSWORD", "hush-hush")
    monkeypatch.setenv("TWIN_CONTROL__MODE", "advise")

    as_json = CliRunner().invoke(app, ["show", "--json", "--site", str(demo)])
    for_people = CliRunner().invoke(app, ["show", "--site", str(demo)])

    assert json.loads(as_json.stdout)["site"]["control"]["mode"] == "advise"
    assert 'mqtt.username = "twin"' in for_people.stdout
    assert "hush-hush" not in as_json.output + for_people.output


def test_schema_covers_every_file_and_is_json() -> None:
    schemas = json.loads(CliRunner().invoke(app, ["schema"]).stdout)

    assert set(schemas) == {"site.toml", "points.toml", "limits.toml", "control.toml", "tariff.toml", "twin.toml"}
    hall = schemas["site.toml"]["$defs"]["HallTable"]["properties"]
    assert {"enum": ["modern", "R410", "IBM1U"], "type": "string"} in hall["fleet"]["anyOf"]


def test_points_lists_unmapped_points_by_name(demo: Path) -> None:
    path = demo / "points.toml"
    path.write_text(path.read_text().replace('rh_frac = { path = "humidity", unit = "%" }\n', ""))

    answer = json.loads(CliRunner().invoke(app, ["points", "--json", "--site", str(demo)]).stdout)

    assert answer["unmapped"] == ["outdoor/rh_frac"]
    first = answer["points"][0]
    assert (first["id"], first["topic"], first["path"]) == (
        "h1-r001/inlet_c",
        "dc/demo/h1/row-01/telemetry",
        "values/r001.inlet",
    )
