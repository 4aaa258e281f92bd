"""What the demo site says: real payloads of the simulated site, the same in every run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from twin.domain.clock import NS_PER_S
from twin.domain.messages import MessageIn
from twin.domain.samples import SampleBatch
from twin.domain.site import Site
from twin.domain.timestamps import ns_of_iso
from twin.ingest.decode import Decoder
from twin.shipped import shipped_config
from twin.simulator.site import SimulatedSite
from twin.sitefile.load import load_site

START_NS = ns_of_iso("2026-07-15T00:00:00Z")
SEED = 7
_STEP_NS = 20 * NS_PER_S  # the shortest period of the site's points


@dataclass(frozen=True, slots=True)
class Instant:
    """All that arrives together."""

    now_ns: int
    messages: tuple[MessageIn, ...]


def demo_site() -> Site:
    """The shipped demo site."""
    return load_site(shipped_config("demo"))


def demo_stream(site: Site, minutes: int) -> list[Instant]:
    """So many minutes of the site's messages, instant by instant."""
    simulated = SimulatedSite(site, start_ns=START_NS, seed=SEED)
    stream: list[Instant] = []
    for step in range(1, minutes * 60 * NS_PER_S // _STEP_NS + 1):
        now_ns = START_NS + step * _STEP_NS
        simulated.step_to(now_ns)
        said = simulated.messages(now_ns)
        stream.append(Instant(now_ns, tuple(MessageIn(topic, body, 1, False, now_ns) for topic, body in said)))
    return stream


def demo_samples(site: Site, minutes: int) -> SampleBatch:
    """The samples of so many minutes, in the order they come."""
    decoder = Decoder(site)
    return SampleBatch.joined([decoder.decode_all(instant.messages).batch for instant in demo_stream(site, minutes)])


def repeated(batch: SampleBatch, times: int, apart_s: float) -> SampleBatch:
    """The same samples again and again, each time so many seconds later."""
    later_ns = round(apart_s * NS_PER_S)
    return SampleBatch.joined(
        [
            replace(batch, source_ns=batch.source_ns + k * later_ns, received_ns=batch.received_ns + k * later_ns)
            for k in range(times)
        ]
    )


def pieces(batch: SampleBatch, size: int) -> Iterator[SampleBatch]:
    """A batch in pieces of at most `size` samples."""
    for start in range(0, len(batch), size):
        cut = slice(start, start + size)
        yield SampleBatch(
            batch.point[cut], batch.source_ns[cut], batch.received_ns[cut], batch.value[cut], batch.quality[cut]
        )


def messages_of(stream: Sequence[Instant]) -> int:
    """How many messages a stream has."""
    return sum(len(instant.messages) for instant in stream)
