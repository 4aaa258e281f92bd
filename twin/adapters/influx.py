"""InfluxDB 2 and 3, VictoriaMetrics, and whatever else serves `/api/v2/write`: the only file that knows the client.

Lines arrive as one joined string and leave through the client's asynchronous write interface, whose `Point`s and
batching are left alone: they cost twenty times as much, and drop data when their retries end. What the network or the
server may do comes back as an `Answer`; nothing of the client's or of aiohttp's gets past this file.
"""

from __future__ import annotations

import asyncio
import gzip
import traceback
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import aiohttp
    from influxdb_client.client.influxdb_client_async import InfluxDBClientAsync

_CONNECT_S = 5.0
_MOST_WORDS = 1_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said to one write. `status` 0: no answer, and `words` says why."""

    status: int
    retry_after_s: float | None = None
    words: str = ""


class InfluxWriter:
    """One bucket of one server. Made anywhere; the client inside is made at the first write, in the running loop.

    Simulations and replays get a bucket of their own. The token is in no message and in no `repr`.
    """

    def __init__(
        self, *, url: str, token: str, org: str, bucket: str, gzip_body: bool = True, timeout_s: float = 10.0
    ) -> None:
        self.where = url
        self._token, self._org, self._bucket = token, org, bucket
        self._gzip_body, self._timeout_s = gzip_body, timeout_s
        self._client: InfluxDBClientAsync | None = None
        self.link = 0

    def __repr__(self) -> str:
        return f"InfluxWriter({self.where!r}, org={self._org!r}, bucket={self._bucket!r})"

    async def post(self, lines: str) -> Answer:
        """Write lines joined by line breaks, timestamps in ns."""
        import aiohttp
        from influxdb_client.rest import ApiException

        if self._client is None:
            self._client = self._made()
        try:
            await self._client.write_api().write(bucket=self._bucket, org=self._org, record=lines)
        except ApiException as error:
            headers: Mapping[str, str] = error.headers or {}
            return Answer(int(error.status or 0), _retry_after_s(headers), self._words(error.body or error.reason))
        except TimeoutError as error:
            _let_go(error)
            return Answer(0, None, f"no answer within {self._timeout_s:g} s")
        except (aiohttp.ClientError, OSError) as error:
            _let_go(error)
            return Answer(0, None, self._words(f"{type(error).__name__}: {error}"))
        return Answer(204)

    async def close(self) -> None:
        """Close the connection. Harmless when repeated; a later write opens it again."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()  # type: ignore[no-untyped-call]

    def _made(self) -> InfluxDBClientAsync:
        import aiohttp
        from influxdb_client.client.influxdb_client_async import InfluxDBClientAsync

        return InfluxDBClientAsync(
            url=self.where,
            token=self._token,
            org=self._org,
            timeout=aiohttp.ClientTimeout(total=self._timeout_s, sock_connect=min(_CONNECT_S, self._timeout_s)),
            connection_pool_maxsize=1,  # one link, so that a new one tells of a restart
            allow_redirects=False,  # the token goes to the address it was given for
            client_session_type=self._session,
        )

    def _session(self, **arguments: Any) -> _Session:
        """What the client makes instead of an `aiohttp.ClientSession`: it counts links, and packs bodies cheaply."""
        import aiohttp

        trace = aiohttp.TraceConfig()
        trace.on_connection_create_end.append(self._note_link)
        arguments["trace_configs"] = [*(arguments.get("trace_configs") or ()), trace]
        return _Session(aiohttp.ClientSession(**arguments), self._gzip_body)

    def _words(self, said: object) -> str:
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        if self._token:
            text = text.replace(self._token, "***")  # a proxy may repeat our own header to us
        return " ".join(text.split())[:_MOST_WORDS]

    async def _note_link(self, *_: object) -> None:
        self.link += 1


def _let_go(error: BaseException | None) -> None:
    """Clear the frames an error came through. The client's hold the error in turn, and with it the body they sent: an
    hour of tries against a closed door would be an hour of bodies waiting for the collector.
    """
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


class _Session:
    """The two calls the client makes on a session. Packing at level 1 and off the loop costs a fifth of its own."""

    def __init__(self, session: aiohttp.ClientSession, gzip_body: bool) -> None:
        self._session, self._gzip_body = session, gzip_body

    async def request(self, **arguments: Any) -> aiohttp.ClientResponse:
        body = arguments.get("data")
        if self._gzip_body and isinstance(body, bytes):
            arguments["data"] = await asyncio.to_thread(gzip.compress, body, 1)
            arguments["headers"] = {**arguments["headers"], "Content-Encoding": "gzip"}
        return await self._session.request(**arguments)

    async def close(self) -> None:
        await self._session.close()


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait: `Retry-After` as a number, or as a date beside the answer's own."""
    told = headers.get("Retry-After")
    if told is None:
        return None
    try:
        return max(0.0, float(told))
    except ValueError:
        pass
    try:
        wait = parsedate_to_datetime(told) - parsedate_to_datetime(headers["Date"])
    except (KeyError, TypeError, ValueError):
        return None
    return max(0.0, wait.total_seconds())
