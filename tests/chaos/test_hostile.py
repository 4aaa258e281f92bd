"""R11: hostile messages in twelve classes, in process and through a broker: nothing breaks, every one is counted."""

from __future__ import annotations

import ctypes
import gc
import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from tests.chaos.feed import rss_bytes
from tests.chaos.hostile import BROKER_BYTES, CLASSES, MAX_BYTES, Hostile, hostile_messages, hostile_payloads
from tests.chaos.hostile_sender import ROOT, misbehave, publish_all
from tests.chaos.promise import Promise, scaled
from tests.chaos.watching import metrics
from tests.support.processes import Running, twin_environment, wait_until
from tests.support.servers import Mosquitto, free_port
from tests.unit.daemon.builders import demo_order
from twin.daemon.core import Core
from twin.daemon.cycle import Memory
from twin.domain.clock import NS_PER_S
from twin.domain.messages import MessageIn
from twin.domain.site import Site
from twin.ingest.decode import Decoder
from twin.sitefile.load import load_site

pytestmark = pytest.mark.alone

IN_PROCESS, THROUGH_A_BROKER = scaled(80_000, 800_000), scaled(20_000, 200_000)
LEAST_PER_S, MOST_GROWTH_FRAC = 10_000, 0.05
TOGETHER, WARM = 2_400, 24_000
WARM_BROKER, AHEAD = 12_000, 4_000
ARRIVAL_NS = 1_779_148_800 * NS_PER_S
LINE = "outdoor/weather"
# one value each, so that every message is one sample or one refusal
ONE_VALUE = {"meter/it/power": "", "h1/crah-01/telemetry": "supply_air", "h1/row-01/telemetry": "r001.inlet"}
NEVER_READ = {"broken_utf8", "truncated_json", "deep_nesting", "compressed", "odd_topics"}
SURVIVOR = b'{"ts":"2026-05-19T00:00:00Z","supply_air":21.5}'


def one_value_site() -> Site:
    wanted = {(f"{ROOT}/{topic}", path) for topic, path in (*ONE_VALUE.items(), (LINE, "dry_bulb"))}
    site = demo_order(controller="hold").site
    scalars = {f"{ROOT}/meter/it/power"}
    rules = tuple(r for r in site.topics.rules if (r.topic, r.value_path) in wanted or r.topic in scalars)
    assert len(rules) == len(wanted)
    return replace(site, topics=replace(site.topics, rules=rules))


def as_it_arrives(hostile: Hostile) -> MessageIn:
    return MessageIn(f"{ROOT}/{hostile.topic}", hostile.payload, 1, False, ARRIVAL_NS)


def expected_outcomes(kind: str, part: Sequence[Hostile]) -> int:
    return sum(sum(hostile.lines) for hostile in part) if kind == "line_injection" else len(part)


def test_r11_in_process_every_hostile_message_is_one_sample_or_one_refusal(promised: Callable[..., None]) -> None:
    core = Core(replace(demo_order(controller="hold"), site=one_value_site()), Memory(), event_time=False)
    stream = hostile_messages(tuple(ONE_VALUE), seed=11, count=WARM + IN_PROCESS, line_topic=LINE)
    sent: Counter[str] = Counter()
    taken: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    expected: Counter[str] = Counter()
    spent_s = began_bytes = 0.0
    while part := list(islice(stream, TOGETHER)):
        for kind in CLASSES:  # a class at a time: so the counts are known by class
            of_kind = [hostile for hostile in part if hostile.kind == kind]
            messages = [as_it_arrives(hostile) for hostile in of_kind]
            before = (core.tally.samples, core.tally.rejected.total() + core.refused_orders)
            began_s = time.process_time()
            core.feed(messages, sum(sent.values()) / 1e4)
            spent_s += time.process_time() - began_s
            sent[kind] += len(of_kind)
            expected[kind] += expected_outcomes(kind, of_kind)
            taken[kind] += core.tally.samples - before[0]
            refused[kind] += core.tally.rejected.total() + core.refused_orders - before[1]
        if sum(sent.values()) == WARM:
            spent_s, began_bytes = 0.0, resident_bytes()
    wrong = {
        kind: (expected[kind], taken[kind], refused[kind])
        for kind in CLASSES
        if taken[kind] + refused[kind] != expected[kind]
    }
    read = {kind: taken[kind] for kind in NEVER_READ if taken[kind]}
    per_s = round(IN_PROCESS / spent_s)
    growth_frac = resident_bytes() / began_bytes - 1.0
    alive = len(core.feed([MessageIn(f"{ROOT}/h1/crah-01/telemetry", SURVIVOR, 1, False, ARRIVAL_NS)], 1e6)) == 1
    passed = not wrong and not read and alive and per_s >= LEAST_PER_S and growth_frac < MOST_GROWTH_FRAC
    promised(
        Promise("R11", sum(sent.values()), sum(map(abs, (e - t - r for e, t, r in wrong.values()))), 0, passed),
        what="hostile messages in process that were not counted exactly once",
        classes=len(CLASSES),
        taken=taken.total(),
        refused=refused.total(),
        per_cpu_s=per_s,
        memory_growth_frac=round(growth_frac, 4),
        read_though_unreadable=sum(read.values()),
    )


@pytest.mark.mosquitto
def test_r11_through_a_broker_the_daemon_counts_what_an_offline_decoder_counts(
    tmp_path: Path, site: Path, mosquitto: Mosquitto, promised: Callable[..., None]
) -> None:
    page = free_port()
    env = twin_environment(tmp_path / "state", mosquitto.port, TWIN_MQTT__MOST_PER_TOPIC_HZ="1000000")
    daemon = Running("run", "--site", str(site), env=env | {"TWIN_HTTP__PORT": str(page)}, log=tmp_path / "run.log")
    daemon.wait_for("connected")
    loaded = load_site(site)
    topics = sorted({rule.topic.removeprefix(f"{ROOT}/") for rule in loaded.topics.rules})
    stream = hostile_messages(
        topics, seed=12, count=WARM_BROKER + THROUGH_A_BROKER, line_topic=LINE, most_bytes=1_000_000
    )
    offline = Core(replace(demo_order(controller="hold"), site=loaded), Memory(), event_time=False)
    sent, began_bytes, cycles = 0, 0.0, 0.0
    while part := list(islice(stream, AHEAD)):
        publish_all(mosquitto.port, part)
        sent += len(part)
        for hostile in part:
            if arrives(hostile, topics):
                offline.feed([as_it_arrives(hostile)], 0.0)
        wait_until(lambda: taken_in(page) >= offline.tally.messages, "all are taken in", 120.0)
        if sent == WARM_BROKER:
            wait_until(lambda: metrics(page)["twin_cycles_total"] >= 3, "it has settled")
            began_bytes, cycles = rss_bytes(daemon.pid), metrics(page)["twin_cycles_total"]
    refused_by_the_broker = misbehave(mosquitto.port)
    wait_until(lambda: metrics(page)["twin_cycles_total"] > cycles + 1, "it still runs its cycles")
    growth_frac = rss_bytes(daemon.pid) / began_bytes - 1.0
    found = metrics(page)
    said = daemon.said()
    assert daemon.end().code == 0
    wanted = levels_of(offline)
    counted = {name: found.get(name, 0.0) for name in wanted}
    surplus = {name for name in found if name.startswith("twin_rejects_total") and name not in wanted}
    off = sum(abs(counted[name] - wanted[name]) for name in wanted) + len(surplus)
    quiet = "Traceback" not in said and "[error" not in said and "restart" not in said
    promised(
        Promise("R11", sent, off, 0, off == 0 and quiet and growth_frac < MOST_GROWTH_FRAC),
        what="counts of the daemon that differ from those of an offline decoder",
        messages=found["twin_messages_total"],
        memory_growth_frac=round(growth_frac, 4),
        packets_the_broker_refused=refused_by_the_broker,
        quiet_log=str(quiet),
    )


def test_r11_a_payload_that_is_too_large_is_not_looked_at() -> None:
    decoder = Decoder(demo_order(controller="hold").site)
    messages = [MessageIn(f"{ROOT}/{topic}", b"[" * BROKER_BYTES, 1, False, ARRIVAL_NS) for topic in ONE_VALUE]
    began_s = time.process_time()
    decoded = [decoder.decode(message) for message in messages * 20]
    assert {reject.reason for one in decoded for reject in one.rejects} == {"too_large"}
    assert time.process_time() - began_s < 0.1  # a look at every byte of 600 MB would take longer


def test_r11_the_same_messages_break_a_reader_that_only_expects_bad_json() -> None:
    breaks: Counter[str] = Counter()
    accepted = 0
    for kind in CLASSES:
        for payload in hostile_payloads(kind, seed=11, count=500):
            try:
                value = json.loads(payload)["supply_air"]
                accepted += isinstance(value, float) and abs(value) not in range(1_000)
            except json.JSONDecodeError:
                pass
            except (ValueError, RecursionError, TypeError, KeyError) as error:
                breaks[type(error).__name__] += 1
    # bytes that are no text, a nesting without end, no object, and more digits than Python reads
    assert {"UnicodeDecodeError", "RecursionError", "TypeError", "ValueError"} <= set(breaks)
    assert accepted  # NaN and infinity for temperatures


def test_r11_two_runs_of_one_seed_are_the_same_and_hold_every_class() -> None:
    one, other = (list(hostile_messages(("a", "b"), seed=3, count=1_200, line_topic="c")) for _ in range(2))
    assert one == other
    assert Counter(hostile.kind for hostile in one) == dict.fromkeys(CLASSES, 100)
    assert max(len(hostile.payload) for hostile in one) > 1_000_000 > MAX_BYTES


def resident_bytes() -> int:
    """What this process holds when nothing is left to be collected, and what is free is given back."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return rss_bytes()


def arrives(hostile: Hostile, topics: Iterable[str]) -> bool:
    """Whether the daemon has asked for this topic."""
    return hostile.topic in topics or hostile.topic.startswith(("_op/", "_ack/"))


def taken_in(page: int) -> float:
    return metrics(page)["twin_messages_total"]


def levels_of(core: Core) -> dict[str, float]:
    """What the counters of a daemon should say that took in the same, and never saw a socket."""
    levels = {"twin_messages_total": core.tally.messages, "twin_samples_total": core.tally.samples}
    rejects = {f'twin_rejects_total{{reason="{reason}"}}': n for reason, n in core.tally.rejected.items()}
    return levels | rejects | {"twin_orders_refused_total": core.refused_orders}
