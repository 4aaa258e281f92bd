"""From payloads to the mirror."""

from __future__ import annotations

import json
from collections.abc import Sequence

from benchmarks.measuring import Effort, Figure, rate, seconds, side_by_side, tell
from benchmarks.stream import Instant, demo_site, demo_stream, messages_of
from twin.domain.clock import NS_PER_S
from twin.domain.site import Site
from twin.ingest.decode import Decoder
from twin.mirror.mirror import Mirror

IDS = ("ingest.points_per_s",)


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
