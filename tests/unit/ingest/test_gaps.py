"""Gaps in what senders count, against the plain set of what came."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from twin.ingest.gaps import Gaps


def noted(*numbers: int, topic: str = "a") -> Gaps:
    gaps = Gaps()
    gaps.note((topic, number) for number in numbers)
    return gaps


def test_the_first_message_says_nothing_about_those_before() -> None:
    assert noted(700, 701, 702).missing == 0


def test_a_gap_is_known_to_the_message_and_closed_by_what_comes_late() -> None:
    assert noted(5, 6, 10).missing == 3
    assert noted(5, 6, 10, 8).missing == 2
    assert noted(5, 6, 10, 8, 7, 9, 11).missing == 0


def test_what_comes_twice_changes_nothing() -> None:
    gaps = noted(5, 6, 6, 5, 7)
    assert (gaps.missing, gaps.repeated, gaps.restarts) == (0, 2, 0)


def test_a_sender_that_begins_anew_has_lost_nothing() -> None:
    gaps = noted(5, 6, 0, 1, 2, 4)
    assert (gaps.missing, gaps.restarts) == (1, 1)
    assert noted(90_000, 90_001, 70_000, 70_001).restarts == 1


def test_topics_count_apart() -> None:
    gaps = Gaps()
    gaps.note([("a", 1), ("b", 8), ("a", 2), ("b", 10)])
    assert gaps.missing == 1


@given(st.sets(st.integers(100, 160), min_size=1), st.randoms(use_true_random=False))
def test_whatever_the_order_what_is_missing_is_what_never_came(came: set[int], random: object) -> None:
    order = sorted(came)[1:]
    random.shuffle(order)  # type: ignore[attr-defined]
    gaps = noted(min(came), *order)
    assert gaps.missing == max(came) - min(came) + 1 - len(came)
