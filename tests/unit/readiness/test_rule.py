"""R29: what a start may do rests on a report for the very files in force, or on somebody who vouches."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.daemon.builders import demo_site
from tests.unit.readiness.builders import BASIS, SUPPLY, actuators, of_days
from tests.unit.readiness.test_evaluate import shadow_days
from twin.domain.actuators import Mode
from twin.domain.errors import DataTooPoor
from twin.domain.site import Site
from twin.readiness.evaluate import evaluated
from twin.readiness.facts import Notes
from twin.readiness.rule import (
    Evidence,
    basis_of,
    evidence_bytes,
    evidence_from,
    evidence_of,
    files_of,
    standing,
    with_ceilings,
)
from twin.readiness.site_criteria import Recorded

EARNED = {SUPPLY: "control", "plant/chws_sp_c": "advise"}


def evidence(basis: str = BASIS, earned: dict[str, str] | None = None) -> Evidence:
    return Evidence("2026-06-01T00:00:00.000Z", "ann", "demo", basis, "l", {}, EARNED if earned is None else earned, {})


def ceilings(site: Site) -> dict[str, str]:
    return {actuator.point: actuator.ceiling.value for actuator in site.limits.actuators}


def test_r29_without_a_report_every_setpoint_stays_in_shadow() -> None:
    may = standing(demo_site(), BASIS, None, Mode.CONTROL, "")
    assert set(ceilings(may.site).values()) == {"shadow"}
    assert len(may.lowered) == len(demo_site().limits.actuators)
    assert may.words == "none: no readiness report is on file"


def test_r29_a_report_lifts_each_setpoint_as_far_as_it_earned() -> None:
    may = standing(demo_site(), BASIS, evidence(), Mode.CONTROL, "")
    assert ceilings(may.site) == dict.fromkeys(ceilings(demo_site()), "shadow") | EARNED
    assert (SUPPLY, Mode.CONTROL) not in may.lowered
    assert ("plant/chws_sp_c", Mode.ADVISE) in may.lowered


def test_r29_a_report_for_other_files_counts_for_nothing() -> None:
    may = standing(demo_site(), "other", evidence(), Mode.CONTROL, "")
    assert set(ceilings(may.site).values()) == {"shadow"}
    assert "other limits" in may.words


def test_r29_no_report_lifts_a_setpoint_above_the_operators_ceiling() -> None:
    low = with_ceilings(demo_site(), dict.fromkeys(ceilings(demo_site()), "advise"))
    may = standing(low, BASIS, evidence(), Mode.CONTROL, "")
    assert ceilings(may.site)[SUPPLY] == "advise"


def test_r29_somebody_may_vouch_and_is_named() -> None:
    may = standing(demo_site(), BASIS, None, Mode.CONTROL, "ann")
    assert (may.site, may.words, may.lowered) == (demo_site(), "vouched by ann", ())


def test_shadow_asks_for_nothing_and_so_nothing_is_lowered() -> None:
    assert standing(demo_site(), BASIS, None, Mode.SHADOW, "").lowered == ()


def test_a_change_of_limits_plant_or_points_is_another_basis_a_change_of_tariff_is_not(tmp_path: Path) -> None:
    for name in ("limits", "site", "points", "control", "tariff"):
        (tmp_path / f"{name}.toml").write_text(name)
    basis, files = files_of(tmp_path, event_time=False)
    assert set(files) == {"limits.toml", "site.toml", "points.toml", "control.toml", "tariff.toml"}
    assert basis == basis_of(b"limits", (b"site", b"points"))
    (tmp_path / "tariff.toml").write_text("dearer")
    assert files_of(tmp_path, event_time=False)[0] == basis
    for name in ("limits", "site", "points"):
        was = (tmp_path / f"{name}.toml").read_text()
        (tmp_path / f"{name}.toml").write_text(was + " ")
        assert files_of(tmp_path, event_time=False)[0] != basis
        (tmp_path / f"{name}.toml").write_text(was)


def test_r29_days_that_a_simulation_played_in_minutes_do_not_count_for_a_real_one(tmp_path: Path) -> None:
    for name in ("limits", "site", "points"):
        (tmp_path / f"{name}.toml").write_text(name)
    played, real = files_of(tmp_path, event_time=True)[0], files_of(tmp_path, event_time=False)[0]
    assert played != real
    assert standing(demo_site(), real, evidence(played), Mode.CONTROL, "").lowered


def test_a_stored_report_comes_back_and_a_changed_one_does_not() -> None:
    stored = evidence_bytes(evidence())
    assert evidence_of(stored) == evidence()
    assert evidence_of(b"") is None
    assert json.loads(stored)["evidence"]["earned"] == EARNED
    for bad in (stored.replace(b'"advise"', b'"control"'), stored[:-30], b"{}", b"\xff"):
        with pytest.raises(DataTooPoor):
            evidence_of(bad)
    with pytest.raises(DataTooPoor, match="godlike"):
        evidence_of(evidence_bytes(evidence(earned={SUPPLY: "godlike"})))


def test_what_was_earned_stays_under_the_same_files_only() -> None:
    report = evaluated("demo", BASIS, "l", actuators(), Notes(), Recorded())
    assert evidence_from(report, evidence(), {}, "t", "bob").earned[SUPPLY] == "control"
    assert evidence_from(report, evidence("other"), {}, "t", "bob").earned[SUPPLY] == "shadow"
    report = evaluated("demo", BASIS, "l", actuators(), of_days(*shadow_days(14)), Recorded())
    put = evidence_from(report, None, {"limits.toml": "ab"}, "t", "bob")
    assert (put.earned[SUPPLY], put.by, put.files) == ("advise", "bob", {"limits.toml": "ab"})
    assert replace(report, points=()).ready
