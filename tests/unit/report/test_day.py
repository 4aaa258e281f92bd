"""Two runs side by side: the controlled one is counted, the baseline is what it is measured against."""

from __future__ import annotations

import msgspec
import pytest

from tests.unit.report.builders import a_day, a_summary
from twin.report.day import Comparison, compare


def test_savings_are_per_cent_of_the_baseline() -> None:
    baseline = a_day("reset_rules", summary=a_summary(facility_kwh=1000.0, cooling_kwh=200.0))
    controlled = a_day(summary=a_summary(facility_kwh=960.0, cooling_kwh=150.0))
    saving = compare(baseline, controlled, 9.876).saving
    assert (saving.facility_pct, saving.cooling_pct) == (4.0, 25.0)


def test_using_more_is_a_negative_saving() -> None:
    worse = a_day(summary=a_summary(facility_kwh=1010.0, cooling_kwh=210.0))
    saving = compare(a_day("reset_rules"), worse, 0.0).saving
    assert (saving.facility_pct, saving.cooling_pct) == (-1.0, -5.0)


def test_a_baseline_of_nothing_saves_nothing() -> None:
    nothing = a_day("reset_rules", summary=a_summary(facility_kwh=0.0, cooling_kwh=0.0))
    assert compare(nothing, a_day(), 0.0).saving.facility_pct == 0.0


def test_counts_are_those_of_the_controlled_run_and_both_summaries_stay_whole() -> None:
    baseline = msgspec.structs.replace(a_day("reset_rules", summary=a_summary(cost=800.0)), cycles=1)
    controlled = a_day()
    told = compare(baseline, controlled, 9.876)
    assert (told.cycles, told.commands, told.samples) == (24, controlled.commands, controlled.samples)
    assert (told.baseline, told.controlled) == (baseline.summary, controlled.summary)
    assert told.wall_s == 9.88


def test_the_public_object_keeps_its_keys() -> None:
    document = msgspec.json.decode(msgspec.json.encode(compare(a_day("reset_rules"), a_day(), 1.0)))
    assert list(document) == list(Comparison.__struct_fields__)
    assert {"site", "seed", "days", "baseline", "controlled", "saving", "cycles", "cycle_ms", "samples", "commands",
            "wall_s"} <= set(document)  # fmt: skip
    assert document["cycle_ms"] == {"p50": pytest.approx(12.0), "p99": pytest.approx(34.0)}
