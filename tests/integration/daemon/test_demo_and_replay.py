"""The demo, its public JSON, and its recording played once more."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.processes import Ended, Running, run_twin, twin_environment
from tests.support.servers import free_port
from twin.recording.cassette import CassetteReader, CassetteWriter
from twin.recording.entries import Fed

DAYS = 0.06
SUMMARY = {
    *("facility_kwh", "it_kwh", "it_fan_kwh", "cooling_kwh", "ups_loss_kwh", "pue", "cost", "co2_kg"),
    *("worst_inlet_c", "degree_hours_over_27", "limit_breaches"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A demo that has run, with a second recorder beside it."""

    folder: Path
    ended: Ended
    env: dict[str, str]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Shown:
    folder = tmp_path_factory.mktemp("demo")
    port = free_port()
    env = twin_environment(folder / "state", port, TWIN_CLOCK__SOURCE="event", TWIN_MQTT__TIMEOUT_S="60")
    from twin.shipped import shipped_config

    beside = Running(
        *("record", str(folder / "beside.cassette"), "--site", str(shipped_config("demo"))),
        env=env,
        log=folder / "record.log",
    )
    ended = run_twin(
        *("demo", "--days", str(DAYS), "--speed", "max", "--seed", "3", "--no-web", "--json"),
        *("--record", "in-charge.cassette", "--port", str(port)),
        env=env,
        cwd=folder,
    )
    assert beside.end().code == 0
    return Shown(folder, ended, env)


def test_its_last_line_is_the_public_json(shown: Shown) -> None:
    assert shown.ended.code == 0, shown.ended.err
    told = json.loads(shown.ended.out.splitlines()[-1])
    assert set(told) == {
        *("site", "seed", "days", "baseline", "controlled", "saving", "cycles", "cycle_ms", "samples", "commands"),
        "wall_s",
    }
    assert set(told["baseline"]) == set(told["controlled"]) == SUMMARY
    assert set(told["saving"]) == {"facility_pct", "cooling_pct"}
    assert set(told["cycle_ms"]) == {"p50", "p99"}
    assert (told["site"], told["seed"], told["days"]) == ("demo", 3, DAYS)
    assert told["cycles"] == round(DAYS * 1440)


def test_it_loses_nothing_and_breaks_no_limit(shown: Shown) -> None:
    told = json.loads(shown.ended.out.splitlines()[-1])
    samples, commands = told["samples"], told["commands"]
    assert samples["received"] == samples["rejected"] + samples["stored"] > 0
    assert samples["dropped"] == 0
    assert commands["sent"] == commands["applied"] + commands["rejected"] + commands["expired"] > 0
    assert told["controlled"]["limit_breaches"] == 0
    for run in (told["baseline"], told["controlled"]):
        parts = run["it_kwh"] + run["cooling_kwh"] + run["ups_loss_kwh"]
        assert 0.9 * run["facility_kwh"] < parts < run["facility_kwh"]


def test_it_leaves_a_picture_the_figures_and_a_history_to_ask(shown: Shown) -> None:
    out = shown.folder / "demo-seed-3"
    assert (out / "day.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((out / "comparison.json").read_text()) == json.loads(shown.ended.out.splitlines()[-1])
    from twin.shipped import shipped_config

    env = shown.env | {"TWIN_STATE_DIR": str(out / "state")}
    asked = run_twin("explain", "--site", str(shipped_config("demo")), "--last", "3", env=env)
    assert asked.code == 0
    assert len(asked.out.strip().splitlines()) >= 3


@pytest.mark.parametrize("name", ["in-charge", "beside"])
@pytest.mark.parametrize("speed", ["max", "3600"])
def test_a_replay_decides_the_same_to_the_byte(shown: Shown, name: str, speed: str) -> None:
    cassette = shown.folder / f"{name}.cassette"
    ended = run_twin("replay", str(cassette), "--verify", "--speed", speed, "--json", env=shown.env)
    assert ended.code == 0, ended.err
    told = json.loads(ended.out)
    assert set(told) == {"decisions", "identical", "first_difference"}
    assert told["identical"] is True
    assert told["decisions"] > 0


def test_a_changed_reading_is_found_with_exit_6(shown: Shown, tmp_path: Path) -> None:
    changed = tmp_path / "changed.cassette"
    reader = CassetteReader(shown.folder / "in-charge.cassette")
    with CassetteWriter(changed, reader.header) as writer:
        for entry in reader.entries():
            writer.append(_warmer(entry) if isinstance(entry, Fed) else entry)
    ended = run_twin("replay", str(changed), "--verify", "--json", env=shown.env)
    assert ended.code == 6
    first = json.loads(ended.out)["first_difference"]
    assert first["recorded"] != first["replayed"]
    assert run_twin("replay", str(changed), env=shown.env).code == 0  # shown, not judged


def test_a_recording_that_was_cut_off_is_replayed_as_far_as_it_goes(shown: Shown, tmp_path: Path) -> None:
    whole = (shown.folder / "in-charge.cassette").read_bytes()
    cut = tmp_path / "cut.cassette"
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    ended = run_twin("replay", str(cut), "--verify", env=shown.env)
    assert ended.code == 0
    assert "cut off" in ended.err


def _warmer(fed: Fed) -> Fed:
    """Every rack inlet of the entry some degrees up."""
    import msgspec

    messages = tuple(
        msgspec.structs.replace(message, payload=message.payload.replace(b'inlet": 2', b'inlet": 3'))
        if message.topic.endswith("/telemetry")
        else message
        for message in fed.messages
    )
    return Fed(fed.mono_s, messages)
