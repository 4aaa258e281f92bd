"""The log on disk: segments by day, a crash healed and noted, tampering found after the fact."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from twin.audit import file as module
from twin.audit.file import AuditFile, Entry
from twin.audit.segments import HEAD, entries, segments, stored_head, verified
from twin.domain.clock import NS_PER_S
from twin.domain.errors import DataTooPoor
from twin.domain.timestamps import ns_of_iso

DAY_NS = ns_of_iso("2026-05-19T00:00:00Z")
HOUR_NS = 3600 * NS_PER_S


def an_entry(i: int, *, hours: float = 0.0, kind: str = "command") -> Entry:
    return Entry(kind, DAY_NS + round(hours * HOUR_NS) + i, {"i": i})


def written(directory: Path, *batches: list[Entry]) -> None:
    file = AuditFile(directory)
    for batch in batches:
        done = 0
        while done < len(batch):
            done += file.write(batch[done:])
        file.sync()
    file.close()


def kinds(directory: Path) -> list[str]:
    return [entry["kind"] for entry in entries(directory)]


def whats(directory: Path) -> list[str]:
    return [fault.what for fault in verified(directory).faults]


# --- writing
def test_what_was_written_is_read_and_is_whole(tmp_path: Path) -> None:
    written(tmp_path, [an_entry(i) for i in range(5)])
    assert [entry.get("i") for entry in entries(tmp_path)] == [None, 0, 1, 2, 3, 4]
    report = verified(tmp_path)
    assert (report.segments, report.lines, report.first, report.faults) == (1, 6, 1, ())


def test_a_second_run_goes_on_where_the_first_ended(tmp_path: Path) -> None:
    written(tmp_path, [an_entry(1)])
    written(tmp_path, [an_entry(2)])
    assert [entry["n"] for entry in entries(tmp_path)] == [1, 2, 3]
    assert verified(tmp_path).faults == ()


def test_each_day_has_its_segment_which_cites_the_one_before(tmp_path: Path) -> None:
    written(tmp_path, [an_entry(0), an_entry(1, hours=23.9), an_entry(2, hours=24.0), an_entry(3, hours=50.0)])
    names = [segment.path.name for segment in segments(tmp_path)]
    assert names == [
        "audit-2026-05-19-0000000001.jsonl",
        "audit-2026-05-20-0000000004.jsonl",
        "audit-2026-05-21-0000000006.jsonl",
    ]
    heads = [entry for entry in entries(tmp_path) if entry["kind"] == "segment"]
    assert [entry["before"] for entry in heads] == ["", *names[:2]]
    assert verified(tmp_path).faults == ()
    closed = [segment.path.stat().st_mode & 0o777 for segment in segments(tmp_path)]
    assert closed == [0o400, 0o400, 0o600]


def test_a_clock_that_was_set_back_does_not_reopen_a_day(tmp_path: Path) -> None:
    written(tmp_path, [an_entry(0, hours=30.0), an_entry(1)])
    assert len(segments(tmp_path)) == 1
    assert verified(tmp_path).faults == ()


def test_a_large_segment_is_closed_within_its_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 1000)
    written(tmp_path, *([an_entry(i)] for i in range(20)))
    assert len(segments(tmp_path)) > 3
    assert verified(tmp_path).faults == ()


def test_the_facts_of_the_last_start_are_known_after_days(tmp_path: Path) -> None:
    start = Entry("start", DAY_NS, {"version": "1", "limits": "aa"})
    written(tmp_path, [start, an_entry(1), an_entry(2, hours=30.0)])
    file = AuditFile(tmp_path)
    file.close()
    assert file.standing == {"version": "1", "limits": "aa"}


def test_only_this_account_reads_it(tmp_path: Path) -> None:
    written(tmp_path / "audit", [an_entry(1)])
    assert (tmp_path / "audit").stat().st_mode & 0o777 == 0o700
    assert segments(tmp_path / "audit")[0].path.stat().st_mode & 0o777 == 0o600


# --- crashes
def test_a_line_that_a_crash_cut_off_is_taken_away_and_noted(tmp_path: Path) -> None:
    written(tmp_path, [an_entry(1)])
    segment = segments(tmp_path)[0].path
    with segment.open("ab") as torn:
        torn.write(b'{"n":3,"at":"2026-05-19T00')
    assert verified(tmp_path).faults == ()
    assert verified(tmp_path).notes
    file = AuditFile(tmp_path)
    assert file.found == [("torn", {"segment": segment.name, "bytes": 26, "text": '{"n":3,"at":"2026-05-19T00'})]
    file.write([an_entry(3)])
    file.sync()
    file.close()
    assert [entry["n"] for entry in entries(tmp_path)] == [1, 2, 3]
    assert (verified(tmp_path).faults, verified(tmp_path).notes) == ((), ())


@pytest.mark.parametrize("cut", [1, 2, 30, 150])
def test_wherever_the_last_write_ends_the_log_goes_on_whole(tmp_path: Path, cut: int) -> None:
    file = AuditFile(tmp_path)
    file.write([an_entry(1)])
    file.sync()
    file.write([an_entry(2)])  # never brought to disk
    file.close()
    segment = segments(tmp_path)[0].path
    segment.write_bytes(segment.read_bytes()[:-cut])
    written(tmp_path, [an_entry(3)])
    assert verified(tmp_path).faults == ()
    assert {1, 3} <= {entry.get("i") for entry in entries(tmp_path)}


def test_a_segment_whose_first_line_a_crash_cut_off_is_begun_anew(tmp_path: Path) -> None:
    written(tmp_path, [an_entry(1)])
    (tmp_path / "audit-2026-05-20-0000000003.jsonl").write_bytes(b'{"n":3,"at":')
    written(tmp_path, [an_entry(2, hours=30.0)])
    assert kinds(tmp_path) == ["segment", "command", "segment", "command"]
    assert verified(tmp_path).faults == ()


# --- somebody was here
def test_a_shortened_log_keeps_its_gap_and_is_whole_again_once_the_lines_are_back(tmp_path: Path) -> None:
    written(tmp_path, [an_entry(i) for i in range(5)])
    segment = segments(tmp_path)[0].path
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join(lines[:3]))
    file = AuditFile(tmp_path)
    assert file.found == [("damage", {"what": "the log ends before its head", "ends": 3, "head": 6})]
    file.write([an_entry(9)])
    file.sync()
    file.close()
    assert whats(tmp_path) == ["lines 4 to 6 are missing"]
    after = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join([*lines, *after[3:]]))
    assert verified(tmp_path).faults == ()


def test_a_removed_segment_is_named(tmp_path: Path) -> None:
    written(tmp_path, [an_entry(0), an_entry(1, hours=30.0), an_entry(2, hours=60.0)])
    first, second, _ = (segment.path for segment in segments(tmp_path))
    second.unlink()
    assert whats(tmp_path) == ["lines 3 to 4 are missing"]
    first.unlink()
    assert whats(tmp_path) == ["lines 1 to 4 are missing"]
    assert verified(tmp_path, archived=True).faults == ()


def test_a_removed_head_is_named_and_noted(tmp_path: Path) -> None:
    written(tmp_path, [an_entry(1)])
    (tmp_path / HEAD).unlink()
    assert whats(tmp_path) == ["the head is missing or was changed: it says how long the log should be"]
    file = AuditFile(tmp_path)
    file.close()
    assert file.found == [("damage", {"what": "the head was missing or changed", "ends": 2})]
    assert stored_head(tmp_path) is not None


def test_a_log_of_which_everything_is_gone_but_the_head_says_so(tmp_path: Path) -> None:
    written(tmp_path, [an_entry(1)])
    segments(tmp_path)[0].path.unlink()
    assert whats(tmp_path) == ["lines 1 to 2 are missing at the end: the log was shortened"]
    written(tmp_path, [an_entry(2)])
    assert whats(tmp_path) == ["lines 1 to 2 are missing"]


def test_a_changed_last_line_does_not_keep_the_next_run_from_writing(tmp_path: Path) -> None:
    written(tmp_path, [an_entry(1)])
    segment = segments(tmp_path)[0].path
    segment.write_bytes(segment.read_bytes().replace(b'"i":1', b'"i":2'))
    written(tmp_path, [an_entry(3)])
    assert whats(tmp_path) == ["line 2 was changed: its checksum does not fit"]


def test_where_there_is_no_log_nothing_is_verified(tmp_path: Path) -> None:
    with pytest.raises(DataTooPoor, match="no audit log"):
        verified(tmp_path)


def test_any_change_of_any_byte_of_any_file_is_found(tmp_path: Path) -> None:
    written(tmp_path, [an_entry(0), an_entry(1, hours=30.0)])
    chance = random.Random(5)
    paths = [*(segment.path for segment in segments(tmp_path)), tmp_path / HEAD]
    for _ in range(300):
        path = chance.choice(paths)
        whole = path.read_bytes()
        path.chmod(0o600)
        changed = bytearray(whole)
        changed[chance.randrange(len(whole))] ^= chance.randrange(1, 256)
        path.write_bytes(bytes(changed))
        assert verified(tmp_path).faults
        path.write_bytes(whole)
    assert verified(tmp_path).faults == ()


# --- looking
def test_entries_are_chosen_by_kind_and_age(tmp_path: Path) -> None:
    written(tmp_path, [an_entry(0), an_entry(1, kind="mode"), an_entry(2, hours=5.0, kind="mode")])
    assert [entry["i"] for entry in entries(tmp_path, kinds=("mode",))] == [1, 2]
    assert [entry["i"] for entry in entries(tmp_path, since_ns=DAY_NS + HOUR_NS)] == [2]


def test_a_line_is_plain_json_for_everybody_else(tmp_path: Path) -> None:
    written(tmp_path, [an_entry(1)])
    for line in segments(tmp_path)[0].path.read_text().splitlines():
        assert {"n", "at", "kind", "prev", "sum"} <= set(json.loads(line))
