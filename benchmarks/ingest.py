"""From payloads to the mirror, and from a real broker to the disk."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median

from benchmarks.flood import BATCH, BATCH_POINTS, SINGLE, broker, mosquitto_path
from benchmarks.flooded import counted, taken_in
from benchmarks.measuring import Effort, Figure, rate, seconds, side_by_side, tell
from benchmarks.stages import stages_us
from benchmarks.stream import Instant, demo_site, demo_stream, messages_of
from twin.domain.clock import NS_PER_S
from twin.domain.site import Site
from twin.ingest.decode import Decoder
from twin.mirror.mirror import Mirror

IDS = ("ingest.points_per_s",)
_FLOODS = {  # kind, QoS, messages
    "ingest.single_qos0": (SINGLE, 0, 40_000),
    "ingest.single_qos1": (SINGLE, 1, 40_000),
    "ingest.batch100": (BATCH, 0, 8_000),
}


def measure(effort: Effort) -> Sequence[Figure]:
    """Decoder and mirror over the demo site's messages, against the standard library reading the same JSON."""
    site = demo_site()
    stream = demo_stream(site, effort.of(60, 1))
    documents = _documents(stream)
    n = _taken_in(site, stream)
    tell(f"ingest: {n} points in {messages_of(stream)} messages, {len(documents)} of them JSON")
    ours_s, theirs_s = side_by_side(
        lambda: seconds(lambda: _taken_in(site, stream)),
        lambda: seconds(lambda: [json.loads(document) for document in documents]),
        effort.repetitions,
    )
    against = "json.loads of the same payloads, nothing kept"
    return (rate(IDS[0], n=n, ours_s=ours_s, theirs_s=theirs_s, unit="points/s", against=against),)


def parts() -> Sequence[tuple[str, Callable[[Effort], Sequence[Figure]]]]:
    """One figure each, from a broker's socket to the spool's commit."""
    return tuple((id_, partial(_flooded, id_, *flood)) for id_, flood in _FLOODS.items())


def _flooded(id_: str, kind: str, qos: int, most: int, effort: Effort) -> Sequence[Figure]:
    if mosquitto_path() is None:
        tell(f"{id_}: left out, mosquitto is not installed (apt-get install mosquitto)")
        return ()
    count, per_message = effort.of(most, most // 50), 1 if kind == SINGLE else BATCH_POINTS
    runs = []
    for _ in range(effort.of(3, 1)):
        with broker() as port:
            ours = taken_in(port, kind, qos, count)
        with broker() as port:
            runs.append((ours, counted(port, kind, qos, count)))
    ours_us = median(ours.us_per_message for ours, _ in runs)
    theirs_us = median(theirs.us_per_message for _, theirs in runs)
    wall_s = median(ours.wall_s for ours, _ in runs)
    stages = stages_us(kind, count)
    stages = {"client, link and loop": ours_us - sum(stages.values())} | stages
    told = ", ".join(f"{name} {spent_us:.1f}" for name, spent_us in stages.items())
    tell(f"{id_}: {ours_us:.1f} us of processor a message, {1e6 * per_message / ours_us:,.0f}/s a core")
    tell(f"{id_}: {told}; the client alone takes {theirs_us:.1f}")
    against = "aiomqtt alone, a hook that counts; ratio by processor time a message"
    unit = "messages/s" if kind == SINGLE else "points/s"
    return (Figure(id_, count * per_message / wall_s, unit, count * per_message, against, theirs_us / ours_us),)


def _taken_in(site: Site, stream: Sequence[Instant]) -> int:
    decoder, mirror, n = Decoder(site), Mirror(site.points), 0
    for instant in stream:
        batch = decoder.decode_all(instant.messages).batch
        mirror.take(batch, instant.now_ns / NS_PER_S)
        n += len(batch)
    return n


def _documents(stream: Sequence[Instant]) -> list[bytes]:
    """The payloads that json.loads can read: all but line protocol."""
    documents: list[bytes] = []
    for instant in stream:
        for message in instant.messages:
            try:
                json.loads(message.payload)
            except ValueError:
                continue
            documents.append(message.payload)
    return documents
