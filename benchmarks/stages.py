"""What each stage behind the socket costs for itself, on the messages of a flood."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.flood import BATCH_TOPICS, SINGLE, SINGLE_TOPICS, payload_of, topic_of
from benchmarks.flooded import flood_core, flooded_site
from twin.domain.clock import SystemClock
from twin.domain.messages import MessageIn
from twin.domain.samples import SampleBatch
from twin.historian.series import Catalogue
from twin.historian.spool import Spool
from twin.ingest.decode import Decoder

_TOGETHER = 250  # messages a turn, about what a flood brings
_TURNS_A_COMMIT = 4


def stages_us(kind: str, count: int) -> dict[str, float]:
    """Processor time a message, by stage."""
    site, core, topics = flooded_site(kind), flood_core(kind), SINGLE_TOPICS if kind == SINGLE else BATCH_TOPICS
    now_ns = SystemClock().now_ns()
    messages = [MessageIn(topic_of(kind, n % topics), payload_of(kind, n), 0, False, now_ns) for n in range(count)]
    turns = [messages[start : start + _TOGETHER] for start in range(0, count, _TOGETHER)]
    decoder = Decoder(site)
    decode_s = _spent_s(lambda: [decoder.decode_all(turn) for turn in turns])
    batches: list[SampleBatch] = []
    feed_s = _spent_s(lambda: batches.extend(core.feed(turn, n / 100.0) for n, turn in enumerate(turns)))
    together = [
        SampleBatch.joined(batches[start : start + _TURNS_A_COMMIT])
        for start in range(0, len(batches), _TURNS_A_COMMIT)
    ]
    spool_s = asyncio.run(_spooled_s(kind, together))
    per_message = 1e6 / count
    return {
        "decode": decode_s * per_message,
        "topics, clocks and mirror": (feed_s - decode_s) * per_message,
        "spool": spool_s * per_message,
    }


def _spent_s(job: Callable[[], object]) -> float:
    began_s = time.process_time()
    job()
    return time.process_time() - began_s


async def _spooled_s(kind: str, batches: Sequence[SampleBatch]) -> float:
    with TemporaryDirectory() as there:
        catalogue = Catalogue.of(flooded_site(kind).points, site="flood", source="simulation")
        spool = await Spool.open(Path(there) / "spool.db", catalogue, sinks=("nobody",), clock=SystemClock())
        began_s = time.process_time()
        for batch in batches:
            await spool.append_samples(batch)
        spent_s = time.process_time() - began_s
        await spool.close()
    return spent_s
