"""The sink that speaks to a server: from a full spool through the daemon's own drain into a real VictoriaMetrics."""

from __future__ import annotations

import asyncio
import resource
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.error import URLError

from benchmarks.measuring import Effort, Figure, rate, tell
from benchmarks.sensors import Hall
from twin.adapters.influx import InfluxWriter
from twin.domain.clock import SystemClock
from twin.domain.samples import SampleBatch
from twin.historian.line_sink import LineSink
from twin.historian.series import Catalogue
from twin.historian.sinks import Drain, DrainPolicy
from twin.historian.spool import Spool

IDS = ("sink.influx",)
_AT_ONCE = 50_000
_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin"
_START_TRIES, _TRY_S = 200, 0.05


def measure(effort: Effort) -> Sequence[Figure]:
    """Points per second of our own processor time; nothing where the server is not installed."""
    server = shutil.which("victoria-metrics", path=_PATH)
    if server is None:
        tell("sink: victoria-metrics is not installed, so this is left out (apt-get install victoria-metrics)")
        return ()
    hall = Hall(fast=100, slow=100, hours=effort.of(4, 1) / 2, stamps="mixed")
    batches, catalogue = list(hall.batches(5.0)), hall.catalogue()
    few = batches[: max(1, len(batches) // 10)]  # the client's own way takes twenty times as long
    ours: list[tuple[float, float, float]] = []
    theirs: list[tuple[float, float, float]] = []
    with TemporaryDirectory() as there, _running(server, Path(there)) as url:
        for k in range(effort.of(3, 1)):
            ours.append(asyncio.run(_drained(Path(there) / f"spool-{k}.db", url, catalogue, batches)))
            theirs.append(_by_the_client(url, catalogue, few))
    cpu_s, wall_s, n = sorted(ours)[len(ours) // 2]
    their_cpu_s, their_wall_s, their_n = sorted(theirs)[len(theirs) // 2]
    tell(
        f"sink: {n / wall_s:,.0f} points/s by the wall, the server on the same cores; "
        f"{1e6 * cpu_s / n:.2f} us of processor a point against {1e6 * their_cpu_s / their_n:.2f} "
        f"({their_n / their_wall_s:,.0f} points/s by the wall)"
    )
    against = "the client's own batching WriteApi and Point, processor time likewise"
    return (
        rate(
            IDS[0], n=int(n), ours_s=cpu_s, theirs_s=their_cpu_s * n / their_n, unit="points/s a core", against=against
        ),
    )


async def _drained(
    path: Path, url: str, catalogue: Catalogue, batches: Sequence[SampleBatch]
) -> tuple[float, float, float]:
    """Processor and wall seconds of emptying a spool, all threads of ours; filling it is not counted."""
    clock = SystemClock()
    writer = InfluxWriter(url=url, token="", org="", bucket="bench")
    sink = LineSink(writer)
    spool = await Spool.open(path, catalogue, sinks=(sink.name,), clock=clock)
    for batch in batches:
        await spool.append_samples(batch)
    drain = Drain(spool, sink, clock, policy=DrainPolicy(batch_items=_AT_ONCE, resend_window_s=0.0))
    began_s, began_cpu_s = clock.monotonic_s(), _cpu_s()
    await drain.catch_up()
    spent = _cpu_s() - began_cpu_s, clock.monotonic_s() - began_s, float(drain.status.sent_items)
    await writer.close()
    await spool.close()
    if drain.status.dead_letters or drain.status.failures:
        raise RuntimeError(f"the server did not take everything: {drain.status}")
    return spent


def _by_the_client(url: str, catalogue: Catalogue, batches: Sequence[SampleBatch]) -> tuple[float, float, float]:
    """The same samples as the client's documentation writes them: a `Point` each, batches made by the client."""
    from influxdb_client.client.influxdb_client import InfluxDBClient
    from influxdb_client.client.write.point import Point
    from influxdb_client.client.write_api import WriteOptions

    clock, series = SystemClock(), catalogue.series
    n, began_s, began_cpu_s = 0, clock.monotonic_s(), _cpu_s()
    options = WriteOptions(batch_size=5_000)
    with InfluxDBClient(url=url, token="", org="-") as client, client.write_api(write_options=options) as api:
        for batch in batches:
            columns = (batch.point.tolist(), batch.value.tolist(), batch.quality.tolist(), batch.source_ns.tolist())
            for p, v, q, t in zip(*columns, strict=True):
                one = series[p]
                point = Point.from_dict(
                    {
                        "measurement": one.measurement,
                        "tags": {"asset": one.asset, "hall": one.hall, "point": one.name, "site": "site"},
                        "fields": {"value": v, "q": q},
                        "time": t,
                    }
                )
                api.write(bucket="theirs", record=point)
                n += 1
    return _cpu_s() - began_cpu_s, clock.monotonic_s() - began_s, float(n)


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@contextmanager
def _running(server: str, there: Path) -> Iterator[str]:
    """A server on a free port of 127.0.0.1, ended with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    command = [server, f"-storageDataPath={there / 'server'}", f"-httpListenAddr={address}", "-retentionPeriod=100y"]
    process = subprocess.Popen([*command, "-loggerLevel=ERROR"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(_START_TRIES):
            if _answers(f"http://{address}/health"):
                break
            asyncio.run(SystemClock().sleep(_TRY_S))
        else:
            raise RuntimeError("victoria-metrics did not start")
        yield f"http://{address}"
    finally:
        process.kill()
        process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except (URLError, ConnectionError):
        return False
