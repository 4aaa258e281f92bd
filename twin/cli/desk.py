"""A conversation with a running daemon, over the broker: an order and its answer, and what it keeps saying."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from twin.domain.clock import Clock, SystemClock
from twin.domain.errors import Unreachable
from twin.domain.messages import MessageIn, MessageOut
from twin.domain.site import Site
from twin.settings import Settings

STATUS_S = 2.0  # retained messages come at once, or not at all
QUIET_S = 0.5  # and one after the other


class Desk:
    """One connection of an operator. `root` is the site's; every wait is on the machine's steady clock."""

    def __init__(self, link: Any, root: str, clock: Clock) -> None:
        self._link, self._root, self._clock = link, root, clock
        self._heard: list[MessageIn] = []
        self._batches: AsyncIterator[Sequence[MessageIn]] = link.batches()

    async def order(self, kind: str, order_id: str, body: Mapping[str, object], wait_s: float) -> Mapping[str, Any]:
        """Give an order and wait for its answer.

        Raises: Unreachable: no daemon runs there, or none answered in time; the order is then void.
        """
        await self._running()
        payload = msgspec.json.encode({"id": order_id, **body})
        # a broker must not keep it for a daemon that comes back tomorrow
        await self._link.publish(MessageOut(f"{self._root}/_op/{kind}", payload, qos=1, expiry_s=max(1, round(wait_s))))
        answer = f"{self._root}/_twin/op/{order_id}"
        told = await self._first(lambda message: message.topic == answer, wait_s)
        if told is None:
            raise Unreachable(
                f"the daemon did not answer within {wait_s:.0f} s",
                where=answer,
                fix="see that this account may publish under _op, and what the log of the daemon says",
            )
        return _json(told)

    async def standing(self, wait_s: float) -> Mapping[str, Any]:
        """What operators ordered and stands. Raises: Unreachable: nobody says."""
        await self._running()
        topic = f"{self._root}/_twin/op"
        told = await self._first(lambda message: message.topic == topic, wait_s)
        if told is None:
            raise Unreachable(
                f"the daemon said nothing within {wait_s:.0f} s", where=topic, fix="see what the log of the daemon says"
            )
        return _json(told)

    async def alarms(self) -> tuple[dict[str, Mapping[str, Any]], Mapping[str, Any]]:
        """Alarms by id as the broker keeps them, and the daemon's status, empty when there is none."""
        prefix = f"{self._root}/_twin/alarm/"
        status: Mapping[str, Any] = {}
        found: dict[str, Mapping[str, Any]] = {}
        patience_s = STATUS_S
        while (message := await self._first(lambda _: True, patience_s)) is not None:
            patience_s = QUIET_S
            if message.topic == f"{self._root}/_twin/status":
                status = _json(message)
            elif message.topic.startswith(prefix):
                name = message.topic.removeprefix(prefix)
                found.pop(name, None)
                if message.payload:
                    found[name] = _json(message)
        return found, status

    async def _running(self) -> None:
        topic = f"{self._root}/_twin/status"
        message = await self._first(lambda message: message.topic == topic, STATUS_S)
        status = {} if message is None else _json(message)
        if status.get("state") not in {"online", "degraded"}:
            since = f" since {status.get('since')}" if status else ""
            raise Unreachable(
                f"no daemon runs for this site{since}: nothing was ordered" if status else "no daemon ever spoke here",
                where=topic,
                fix="start it, or name the broker and the site it is on",
            )

    async def _first(self, wanted: Callable[[MessageIn], bool], wait_s: float) -> MessageIn | None:
        """The oldest message that is wanted and not yet handed out; None after `wait_s`. Others are forgotten."""
        until_s = self._clock.monotonic_s() + wait_s
        while True:
            while self._heard:
                message = self._heard.pop(0)
                if wanted(message):
                    return message
            left_s = until_s - self._clock.monotonic_s()
            if left_s <= 0.0:
                return None
            try:
                async with asyncio.timeout(left_s):
                    self._heard += await anext(self._batches)
            except TimeoutError:
                self._batches = self._link.batches()  # a generator that was interrupted is over


@asynccontextmanager
async def desk(site: Site, settings: Settings, *topics: str) -> AsyncIterator[Desk]:
    """Connected, and hearing the daemon's status and `topics` below the root. Raises: Unreachable: no broker."""
    from twin.adapters.mqtt import MqttLink
    from twin.daemon.wiring import link_settings

    clock, root = SystemClock(), site.topics.root
    name = f"thermotwin-op-{secrets.token_hex(4)}"
    link = MqttLink(
        link_settings(settings.mqtt, name, session_expiry_s=0),
        tuple(f"{root}/{topic}" for topic in ("_twin/status", *topics)),
        clock,
    )
    async with asyncio.TaskGroup() as group:
        running = group.create_task(link.run(), name="operator's link")
        try:
            await link.wait_connected(settings.mqtt.timeout_s)
            yield Desk(link, root, clock)
        finally:
            running.cancel()


def _json(message: MessageIn) -> Mapping[str, Any]:
    try:
        told: Mapping[str, Any] = msgspec.json.decode(message.payload, type=dict)
    except msgspec.MsgspecError as error:
        raise Unreachable(f"what is said there cannot be read: {error}", where=message.topic) from error
    return told
