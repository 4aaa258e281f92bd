"""Whatever is done to a log afterwards is found, and named by number."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.audit.chain import START, Link, digest, head_bytes, head_of, line_after, link_of, read_line
from twin.audit.examine import Examination, Fault

SEGMENT = "audit-2026-05-19-0000000001.jsonl"


def a_log(count: int) -> tuple[list[bytes], Link]:
    """Some lines, and the head that belongs to them."""
    lines, link = [], START
    for i in range(count):
        raw = line_after(link, f"2026-05-19T00:00:{i:02}.000Z", "command", {"point": "h1/supply_air_sp_c", "v": 22 + i})
        lines.append(raw)
        link = Link(i + 1, digest(raw))
    return lines, link


def faults_of(content: bytes, head: Link | None, *, archived: bool = False) -> tuple[Fault, ...]:
    """What an examination of one segment with these bytes finds."""
    examination = Examination(head, archived=archived)
    examination.begin(SEGMENT, 1)
    *whole, rest = content.split(b"\n")
    for raw in whole:
        examination.take(raw)
    if rest:
        examination.torn(rest, last=True)
    return examination.faults()


def joined(lines: Sequence[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def words(faults: Sequence[Fault]) -> list[str]:
    return [fault.what for fault in faults]


# --- a line
def test_a_line_says_its_number_its_facts_and_cites_the_line_before() -> None:
    first = line_after(START, "2026-05-19T00:00:00.000Z", "start", {"version": "1"})
    second = line_after(Link(1, digest(first)), "2026-05-19T00:00:01.000Z", "stop", {})
    assert first.startswith(b'{"n":1,"at":"2026-05-19T00:00:00.000Z","kind":"start","version":"1","prev":"0000')
    line = read_line(second)
    assert not isinstance(line, str)
    assert (line.n, line.kind, line.prev) == (2, "stop", digest(first))


def test_a_fact_may_not_pass_for_a_part_of_the_chain() -> None:
    with pytest.raises(ValueError, match="prev"):
        line_after(START, "", "start", {"prev": "0"})


def test_a_text_with_a_newline_stays_one_line() -> None:
    assert b"\n" not in line_after(START, "", "mode", {"reason": 'night\nshift "x"'})


def test_a_head_is_always_as_long_and_only_itself() -> None:
    _, head = a_log(3)
    raw = head_bytes(head)
    assert head_of(raw) == head
    assert len(raw) == len(head_bytes(START)) == len(head_bytes(Link(10**19, "f" * 64)))
    assert head_of(raw + b"\n") is None
    assert head_of(b"") is None


# --- a log as it was written
def test_a_log_as_it_was_written_has_no_fault() -> None:
    lines, head = a_log(7)
    assert faults_of(joined(lines), head) == ()
    assert faults_of(b"", START) == ()


def test_lines_beyond_the_head_are_those_a_crash_left() -> None:
    lines, _ = a_log(7)
    _, earlier = a_log(5)
    assert faults_of(joined(lines), earlier) == ()
    assert faults_of(joined(lines) + b'{"n":8,"at', earlier) == ()


# --- each kind of tampering, by number
def test_a_changed_line_is_named() -> None:
    lines, head = a_log(7)
    lines[3] = lines[3].replace(b'"v":25', b'"v":35')
    assert words(faults_of(joined(lines), head)) == ["line 4 was changed: its checksum does not fit"]


def test_a_line_that_was_replaced_by_a_well_made_one_is_named() -> None:
    lines, head = a_log(7)
    before = link_of(lines[2])
    assert before is not None
    lines[3] = line_after(before, "2026-05-19T00:00:03.000Z", "command", {"point": "h1/supply_air_sp_c", "v": 35})
    assert words(faults_of(joined(lines), head)) == [
        "line 5 does not cite line 4 as it stands: one of them was replaced"
    ]
    # also the last, which nobody cites but the head
    lines, head = a_log(4)
    lines[3] = line_after(before, "2026-05-19T00:00:03.000Z", "command", {"v": 35})
    assert words(faults_of(joined(lines), head)) == ["line 4 is not the one that the head names: it was replaced"]


def test_removed_lines_are_named() -> None:
    lines, head = a_log(7)
    assert words(faults_of(joined([*lines[:2], *lines[3:]]), head)) == ["line 3 is missing"]
    assert words(faults_of(joined(lines[2:]), head)) == ["lines 1 to 2 are missing"]
    cut = faults_of(joined(lines[:4]), head)
    assert words(cut) == ["lines 5 to 7 are missing at the end: the log was shortened"]
    assert (cut[0].segment, cut[0].line, cut[0].n) == (SEGMENT, 4, 5)


def test_lines_in_another_order_are_named() -> None:
    lines, head = a_log(7)
    lines[4], lines[5] = lines[5], lines[4]
    assert words(faults_of(joined(lines), head)) == ["line 5 stands behind line 6: lines were put in another order"]


def test_a_line_that_is_there_twice_is_named() -> None:
    lines, head = a_log(7)
    assert words(faults_of(joined([*lines[:4], lines[1], *lines[4:]]), head)) == ["line 2 stands here a second time"]


def test_a_log_cut_within_a_line_is_named() -> None:
    lines, head = a_log(7)
    assert words(faults_of(joined(lines)[:-10], head)) == ["line 7 is cut off"]


def test_a_log_without_its_head_is_not_believed() -> None:
    lines, _ = a_log(7)
    assert "the head is missing" in words(faults_of(joined(lines), None))[0]


def test_segments_that_were_put_away_on_purpose_may_be_left_out() -> None:
    lines, head = a_log(7)
    examination = Examination(head, archived=True)
    examination.begin("audit-2026-05-20-0000000004.jsonl", 4)
    for raw in lines[3:]:
        examination.take(raw)
    assert examination.faults() == ()
    assert examination.first == 4


# --- whatever is done
@st.composite
def tampered(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A log, and the same log with something done to it."""
    lines, _ = a_log(draw(st.integers(1, 8)))
    whole = joined(lines)
    place = draw(st.integers(0, len(whole) - 1))
    match draw(st.sampled_from(["change", "insert", "remove", "truncate", "swap", "duplicate"])):
        case "change":
            byte = draw(st.integers(0, 255).filter(lambda b: b != whole[place]))
            return whole, whole[:place] + bytes([byte]) + whole[place + 1 :]
        case "insert":
            return whole, whole[:place] + draw(st.binary(min_size=1, max_size=300)) + whole[place:]
        case "remove":
            length = draw(st.integers(1, 400))
            return whole, whole[:place] + whole[place + length :]
        case "truncate":
            return whole, whole[:place]
        case "swap":
            order = draw(st.permutations(lines))
            return whole, joined(order)
        case _:
            i, j = draw(st.integers(0, len(lines) - 1)), draw(st.integers(0, len(lines)))
            return whole, joined([*lines[:j], lines[i], *lines[j:]])


@given(tampered())
def test_whatever_is_done_to_a_log_is_found(log: tuple[bytes, bytes]) -> None:
    whole, changed = log
    _, head = a_log(whole.count(b"\n"))
    assert faults_of(whole, head) == ()
    if changed != whole:
        assert faults_of(changed, head)


@given(st.integers(0, len(head_bytes(START)) - 1), st.integers(0, 255))
def test_any_changed_byte_of_the_head_is_found(place: int, byte: int) -> None:
    lines, head = a_log(3)
    raw = head_bytes(head)
    changed = raw[:place] + bytes([byte]) + raw[place + 1 :]
    assert (changed == raw) == (faults_of(joined(lines), head_of(changed)) == ())


def test_every_single_byte_of_a_log_counts() -> None:
    lines, head = a_log(3)
    whole = joined(lines)
    for place in range(len(whole)):
        for flip in (1, 32, 128):
            changed = bytearray(whole)
            changed[place] ^= flip
            assert faults_of(bytes(changed), head), place
