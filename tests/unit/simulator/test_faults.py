"""What goes wrong does so when, where and as the schedule says, and is mended afterwards."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.unit.simulator.builders import a_plant
from twin.domain.arrays import Floats
from twin.domain.errors import TwinError
from twin.simulator.faults import Fault, FaultSchedule, read_faults

POINTS = ("r1/inlet_c", "r2/inlet_c", "h1/supply_c")
NOW_NS = 1_779_148_800 * 10**9


def a_schedule(*faults: Fault, seed: int = 7) -> FaultSchedule:
    return FaultSchedule(faults, assets=("ch-1", "ch-2"), points=POINTS, seed=seed)


def disturbed(schedule: FaultSchedule, elapsed_s: float, values: tuple[float, ...] = (20.0, 21.0, 22.0)) -> Floats:
    return schedule.disturb(np.array(values), elapsed_s, NOW_NS + int(elapsed_s * 1e9))


def test_a_fault_begins_at_its_time_and_ends_before_its_end() -> None:
    schedule = a_schedule(Fault("bias", "r1/*", at_s=60.0, for_s=60.0, size=2.0))
    assert [float(disturbed(schedule, at_s)[0]) for at_s in (59.9, 60.0, 119.9, 120.0)] == [20.0, 22.0, 22.0, 20.0]


@pytest.mark.parametrize(
    ("kind", "size", "expected"),
    [("bias", -3.0, 17.0), ("drift", 2.0, 21.0), ("dropout", 0.0, np.nan), ("fahrenheit", 0.0, 68.0)],
)
def test_each_kind_of_sensor_fault_does_what_it_is_called(kind: str, size: float, expected: float) -> None:
    schedule = a_schedule(Fault(kind, "r1/inlet_c", at_s=0.0, for_s=1e9, size=size))
    seen = disturbed(schedule, 1800.0)
    np.testing.assert_allclose(seen, [expected, 21.0, 22.0])


def test_a_stuck_sensor_repeats_its_last_reading_and_then_recovers() -> None:
    schedule = a_schedule(Fault("stuck", "r?/inlet_c", at_s=10.0, for_s=20.0))
    told = [disturbed(schedule, at_s, (at_s, at_s + 0.5, 1.0)).tolist() for at_s in (0.0, 10.0, 20.0, 30.0)]
    assert told == [[0.0, 0.5, 1.0], [10.0, 10.5, 1.0], [10.0, 10.5, 1.0], [30.0, 30.5, 1.0]]


def test_a_sensor_that_sticks_again_sticks_at_its_new_reading() -> None:
    schedule = a_schedule(*(Fault("stuck", "r1/inlet_c", at_s=at_s, for_s=10.0) for at_s in (0.0, 20.0)))
    told = [float(disturbed(schedule, at_s, (at_s, 0.0, 0.0))[0]) for at_s in (0.0, 5.0, 15.0, 20.0, 25.0)]
    assert told == [0.0, 0.0, 15.0, 20.0, 20.0]


def test_noise_and_spikes_are_the_same_for_the_same_instant_and_seed() -> None:
    for kind in ("noise", "spike"):
        fault = Fault(kind, "r*/inlet_c", at_s=0.0, for_s=1e9, size=5.0)
        runs = [[disturbed(a_schedule(fault, seed=seed), 60.0 * k) for k in range(50)] for seed in (1, 1, 2)]
        np.testing.assert_array_equal(runs[0], runs[1])
        assert not np.array_equal(runs[0], runs[2])


def test_a_spike_hits_some_readings_and_leaves_the_others() -> None:
    schedule = a_schedule(Fault("spike", "r1/inlet_c", at_s=0.0, for_s=1e9, size=99.0))
    seen = [float(disturbed(schedule, 60.0 * k)[0]) for k in range(300)]
    assert set(seen) == {20.0, 99.0}
    assert 0.1 < seen.count(99.0) / 300 < 0.3


def test_of_many_targets_the_seed_chooses_so_many() -> None:
    points = [f"r{n}/inlet_c" for n in range(50)]

    def hit(seed: int) -> list[int]:
        fault = Fault("dropout", "r*", at_s=0.0, for_s=1.0, count=5)
        schedule = FaultSchedule([fault], assets=(), points=points, seed=seed)
        return np.flatnonzero(np.isnan(schedule.disturb(np.zeros(50), 0.0, NOW_NS))).tolist()

    assert len(hit(1)) == 5
    assert hit(1) == hit(1) != hit(2)


def test_plant_faults_break_and_mend_what_they_name() -> None:
    plant = a_plant()
    schedule = FaultSchedule(
        [
            Fault("chiller_trip", "ch-1", 0.0, 60.0),
            Fault("tower_fail", "ct-[23]", 0.0, 60.0),
            Fault("crah_fail", "h1-crah-01", 0.0, 60.0),
            Fault("mains_event", "ups-a", 0.0, 60.0),
        ],
        assets=("ch-1", "ct-2", "ct-3", "h1-crah-01", "ups-a"),
        points=(),
        seed=7,
    )
    schedule.break_plant(plant, 0.0)
    assert plant.water.staging.available == [False, True, True]
    assert plant.water.cells_ok == [True, False, False]
    assert list(plant.air.crah_ok[0]) == [False, True, True]
    assert [side.on_generator for side in plant.ups] == [1.0, 0.0]
    schedule.break_plant(plant, 60.0)
    assert all(plant.water.staging.available)
    assert all(plant.water.cells_ok)
    assert all(plant.air.crah_ok[0])
    assert [side.on_generator for side in plant.ups] == [0.0, 0.0]


def test_a_hold_names_point_and_value_while_it_lasts() -> None:
    schedule = a_schedule(Fault("operator_hold", "h1/supply_c", 0.0, 60.0, size=20.0))
    assert (schedule.holds(30.0), schedule.holds(60.0)) == ({"h1/supply_c": 20.0}, {})


@pytest.mark.parametrize(
    ("fault", "words"),
    [(Fault("gremlin", "r1", 0, 1), "no fault 'gremlin'"), (Fault("bias", "x*", 0, 1), "nothing matches")],
)
def test_a_fault_that_can_never_happen_is_refused_by_number(fault: Fault, words: str) -> None:
    with pytest.raises(TwinError, match=words) as refused:
        a_schedule(Fault("bias", "r1/*", 0, 1), fault)
    assert "fault number 2" in refused.value.where


def written(directory: Path, text: str) -> Path:
    path = directory / "faults.toml"
    path.write_text(text)
    return path


def test_a_schedule_is_read_in_minutes(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        '[[fault]]\nkind = "bias"\ntarget = "h1-r*/inlet_c"\nat_min = 5\nfor_min = 10\nsize = -2\ncount = 3\n'
        '[[fault]]\nkind = "chiller_trip"\ntarget = "ch-1"\nat_min = 0\nfor_min = 1.5\n',
    )
    assert read_faults(path) == (
        Fault("bias", "h1-r*/inlet_c", 300.0, 600.0, -2.0, 3),
        Fault("chiller_trip", "ch-1", 0.0, 90.0),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[fault]]\nkind = "bias"\n', "number 1"),
        ('[[fault]]\nkind = "bias"\ntarget = "x"\nat_min = "soon"\nfor_min = 1\n', "number 1"),
        ('[[fault]]\nkind = "bias"\ntarget = "x"\nat_min = 0\nfor_min = 1\ncolour = "red"\n', "colour"),
        ("[[fault]\n", "line 1"),
        ('[fault]\nkind = "bias"\n', r"\[\[fault\]\]"),
        ("fault = 3\n", r"\[\[fault\]\]"),
        ("fault = [3]\n", "number 1"),
        ('[[faults]]\nkind = "bias"\ntarget = "x"\nat_min = 0\nfor_min = 1\n', "faults"),
    ],
)
def test_a_file_that_is_no_schedule_says_where_it_is_not(tmp_path: Path, text: str, words: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(TwinError, match=words) as refused:
        read_faults(path)
    assert str(path) in refused.value.where


def test_a_schedule_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TwinError) as refused:
        read_faults(tmp_path / "none.toml")
    assert "none.toml" in refused.value.where
