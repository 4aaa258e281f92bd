"""The simulated MQTT broker: in this process, on loopback only, with faults on demand.

It speaks MQTT 3.1.1 and 5 with QoS 0 and 1 and is held to the same conformance tests as mosquitto. What it does not
do, on purpose:

- QoS 2. A SUBSCRIBE for it is granted QoS 1. A PUBLISH with it ends the connection, with 0x9B for MQTT 5 (whose
  clients were told so in CONNACK) and in silence for 3.1.1, which has no word for it; likewise a will with QoS 2.
- Durability. Sessions and retained messages live in memory; a broker that is stopped has forgotten them, unless
  `stop(keep_state=True)` plays an orderly restart of a durable one within the process.
- TLS, access lists, enhanced authentication, outbound topic aliases, bridges. Real sites run mosquitto or EMQX.
- Handing a lost shared subscriber's unacknowledged messages to another member.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import TracebackType

from twin import __version__
from twin.domain.clock import Clock, SystemClock
from twin.domain.errors import TwinError
from twin.simulator.mqtt.agenda import Entry
from twin.simulator.mqtt.connection import Connection, Flusher
from twin.simulator.mqtt.counters import Counters, Limits
from twin.simulator.mqtt.faults import FaultHandle, FaultRule, Faults
from twin.simulator.mqtt.hub import Hub
from twin.simulator.mqtt.messages import a_message
from twin.simulator.mqtt.reasons import Reason

__all__ = ["Broker", "BrokerStats", "FaultHandle", "FaultRule", "Faults", "Limits"]

SWEEP_S = 0.25
STOP_DEADLINE_S = 1.0


@dataclass(frozen=True, slots=True)
class BrokerStats:
    """A snapshot of the broker.

    Args:
        counters: Counts since the broker was made.
        queued: QoS 1 messages not acknowledged by their subscriber yet, over all sessions.
    """

    counters: Counters
    clients_connected: int
    sessions: int
    subscriptions: int
    retained: int
    queued: int


class Broker:
    """An MQTT broker for tests, demonstrations and simulated sites.

    Args:
        host: A loopback address.
        port: 0 takes a free one; a restart takes the same again.
        credentials: User name to password; None lets everyone in.
        max_packet_bytes: Larger packets end the connection; overrides the one in `limits`.
        limits: What the broker allows.
        fault_topic: Lets clients order faults by publishing under `$SYS/faults/`.
        clock: For expiry, keep-alive, will delays and delayed faults.
    Raises: TwinError: the address is not loopback.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        credentials: Mapping[str, str] | None = None,
        max_packet_bytes: int | None = None,
        limits: Limits | None = None,
        fault_topic: bool = False,
        clock: Clock | None = None,
    ) -> None:
        self.host = _loopback(host)
        self._port = port
        self._clock = clock or SystemClock()
        limits = limits or Limits()
        self._hub = Hub(
            limits=limits if max_packet_bytes is None else replace(limits, max_packet_bytes=max_packet_bytes),
            monotonic_s=self._clock.monotonic_s,
            credentials=credentials,
            fault_topic=fault_topic,
        )
        self._flusher = Flusher()
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._swept_s = 0.0
        self._chores: dict[str, Entry] = {}

    @property
    def port(self) -> int:
        """The port it listens on; 0 before the first start."""
        return self._port

    @property
    def faults(self) -> Faults:
        """What is to go wrong: `faults.add(FaultRule(...))`, `faults.clear()`."""
        return self._hub.faults

    @property
    def stats(self) -> BrokerStats:
        """A snapshot of counts and sizes."""
        hub = self._hub
        sessions = hub.sessions.all()
        return BrokerStats(
            counters=replace(hub.counters),
            clients_connected=len(hub.links),
            sessions=len(sessions),
            subscriptions=sum(len(session.subscriptions) for session in sessions),
            retained=len(hub.retained),
            queued=sum(session.pending for session in sessions),
        )

    async def start(self) -> None:
        """Listen, and begin to keep time. Raises: TwinError: the port is taken."""
        if self._server is not None:
            raise TwinError("the broker runs already", where=f"{self.host}:{self.port}", fix="stop it first")
        await self.open_listener()
        self._hub.agenda.start(asyncio.get_running_loop())
        self._swept_s = self._clock.monotonic_s()
        self._sweep()
        self._publish_statistics()

    async def stop(self, *, keep_state: bool = False) -> None:
        """Close every connection, tell MQTT 5 clients why (0x8B), publish no wills, and forget everything.

        Args:
            keep_state: Keep sessions, queues and retained messages for the next start, as a durable broker would.
        """
        await self.close_listener()
        self._hub.agenda.stop()
        for chore in self._chores.values():
            chore.cancel()
        for session in self._hub.sessions.all():
            if session.link is not None:
                session.will = None  # a will speaks for a lost client, not for a stopped broker
        ends = [connection.gone for connection in self._connections]
        for connection in list(self._connections):
            connection.close(Reason.SERVER_SHUTTING_DOWN)
        if ends:
            _, late = await asyncio.wait(ends, timeout=STOP_DEADLINE_S)
            for connection in list(self._connections):
                connection.abort()
            if late:
                await asyncio.wait(late, timeout=STOP_DEADLINE_S)
        if not keep_state:
            self._hub.forget_everything()

    async def open_listener(self) -> None:
        """Accept connections (again). Raises: TwinError: the port is taken."""
        if self._server is not None:
            return
        try:
            self._server = await asyncio.get_running_loop().create_server(
                lambda: Connection(self._hub, self._flusher, self._connections), self.host, self._port, backlog=512
            )
        except OSError as error:
            raise TwinError(
                f"cannot listen: {error.strerror}", where=f"{self.host}:{self._port}", fix="choose another port, or 0"
            ) from error
        self._port = int(self._server.sockets[0].getsockname()[1])

    async def close_listener(self) -> None:
        """Refuse new connections at TCP level; those that are open go on."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def cut(self, client_id: str | None = None) -> int:
        """Reset one client's TCP connection, or all. Returns: how many were reset."""
        return self._hub.cut(client_id)

    async def __aenter__(self) -> Broker:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _sweep(self) -> None:
        now_s = self._clock.monotonic_s()
        # after a pause of the whole loop the clients' bytes still wait to be read: their silence is ours
        if now_s - self._swept_s < 4 * SWEEP_S:
            for connection in list(self._connections):
                connection.check_silence(now_s)
        self._swept_s = now_s
        self._chores["sweep"] = self._hub.agenda.after(SWEEP_S, self._sweep)

    def _publish_statistics(self) -> None:
        counters = self._hub.counters
        facts = {
            "version": f"thermotwin simulated broker {__version__}",
            "clients/connected": len(self._hub.links),
            "messages/received": counters.messages_received,
            "messages/sent": counters.messages_sent,
        }
        for name, value in facts.items():
            self._hub.accept(
                a_message(
                    f"$SYS/broker/{name}",
                    str(value).encode(),
                    qos=0,
                    retain=True,
                    publisher="",
                    now_s=self._clock.monotonic_s(),
                )
            )
        interval_s = self._hub.limits.sys_interval_s
        self._chores["statistics"] = self._hub.agenda.after(interval_s, self._publish_statistics)


def _loopback(host: str) -> str:
    """The address as it is bound. Raises: TwinError: it can be reached from elsewhere, or is no address."""
    if host == "localhost":
        return "127.0.0.1"
    try:
        inside = ipaddress.ip_address(host).is_loopback
    except ValueError:
        inside = False
    if not inside:
        raise TwinError(
            "the simulated broker listens on loopback only",
            where=f"host = {host}",
            fix="use 127.0.0.1 or ::1 here, and mosquitto or EMQX for a site",
        )
    return host
