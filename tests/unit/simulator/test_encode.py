"""What the simulated gateways say is what the topic map reads: the same values, in every dialect of the site."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.simulator.builders import START_NS, a_site
from twin.domain.arrays import Floats
from twin.domain.clock import NS_PER_S
from twin.domain.messages import MessageIn
from twin.domain.points import Quality
from twin.domain.samples import SampleBatch
from twin.domain.site import Site
from twin.ingest.decode import Decoder
from twin.simulator.encode import Encoder, encode_time


def middle_values(site: Site) -> Floats:
    """A plausible value for every point; those that words stand for are 1."""
    values = np.array([0.5 * (point.low + point.high) for point in site.points])
    worded = [rule.point for rule in site.topics.rules if rule.words]
    values[worded] = 1.0
    return values


def an_encoder(site: Site) -> Encoder:
    return Encoder(site.topics, np.array([point.period_s for point in site.points]))


def heard(site: Site, told: list[tuple[str, bytes]]) -> SampleBatch:
    messages = [MessageIn(topic, body, 1, False, START_NS) for topic, body in told]
    decoded = Decoder(site).decode_all(messages)
    assert decoded.rejects == ()
    return decoded.batch


def test_every_point_comes_back_with_its_value_and_its_time() -> None:
    site = a_site().site
    values, now_ns = middle_values(site), START_NS + 250_000_000
    told = an_encoder(site).messages(values, now_ns, [0] * len(values))
    batch = heard(site, told)
    assert sorted(batch.point.tolist()) == list(range(len(site.points)))
    np.testing.assert_allclose(batch.value, values[batch.point], rtol=1e-9)
    assert set(batch.quality.tolist()) == {int(Quality.GOOD)}
    timed = {rule.point for rule in site.topics.rules if rule.time_path or rule.codec == "line"}
    assert {batch.source_ns[i] for i in range(len(batch)) if batch.point[i] in timed} == {now_ns}


def test_what_a_sensor_did_not_give_is_bad_or_left_out_never_a_number() -> None:
    site = a_site().site
    told = an_encoder(site).messages(np.full(len(site.points), np.nan), START_NS, [0] * len(site.points))
    batch = heard(site, told)
    assert np.all(np.isnan(batch.value))
    assert set(batch.quality.tolist()) <= {int(Quality.BAD)}


def test_one_silent_sensor_does_not_silence_its_neighbours() -> None:
    site = a_site().site
    values = middle_values(site)
    silent = site.points.index("h1-r001/inlet_c")
    values[silent] = np.nan
    batch = heard(site, an_encoder(site).messages(values, START_NS, [0] * len(values)))
    good = batch.quality == int(Quality.GOOD)
    assert silent not in batch.point[good]
    assert len(batch.point[good]) == len(site.points) - 1


def test_a_clock_that_is_off_shows_in_its_own_messages_only() -> None:
    site = a_site().site
    values = middle_values(site)
    skew_ns = [-2 * NS_PER_S if point.asset == "h1-crah-01" else 0 for point in site.points]
    batch = heard(site, an_encoder(site).messages(values, START_NS, skew_ns))
    late = batch.point[batch.source_ns == START_NS - 2 * NS_PER_S]
    assert {site.points.points[i].asset for i in late} == {"h1-crah-01"}


def test_a_topic_speaks_as_often_as_its_fastest_point_is_due() -> None:
    site = a_site().site
    values = middle_values(site)
    encoder = an_encoder(site)
    counts = [len(encoder.messages(values, START_NS + n * 10 * NS_PER_S, [0] * len(values))) for n in range(7)]
    fast = sum(1 for period_ns in encoder._period_ns if period_ns <= 20 * NS_PER_S)
    assert counts[0] == counts[6] == len(encoder.topics)  # at first and at the full minute: all
    assert counts[1] == counts[3] == counts[5] == sum(1 for ns in encoder._period_ns if ns <= 10 * NS_PER_S)
    assert counts[2] == counts[4] == fast


@pytest.mark.parametrize(
    ("unit", "expected"),
    [("iso", "2026-05-19T00:00:00.000Z"), ("s", START_NS // 10**9), ("ms", START_NS // 10**6), ("ns", START_NS)],
)
def test_times_are_said_in_every_unit(unit: str, expected: str | int) -> None:
    assert encode_time(START_NS, unit) == expected
