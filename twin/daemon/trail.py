"""What the daemon writes into its audit log: commands before they leave, orders and answers, changes of rights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from controllers.api import Grant
from controllers.guard.authority import AuthorityMemory, OrderAnswer
from twin.audit.file import AuditFile, Entry
from twin.audit.log import AuditLog
from twin.daemon.core import RefusedOrder
from twin.daemon.cycle import Order, Outcome
from twin.domain.actuators import Mode
from twin.domain.clock import Clock
from twin.domain.commands import OperatorOrder
from twin.domain.sealed import SealedCommand
from twin.domain.timestamps import iso_utc

WAIT_S = 0.2  # longest that a command waits for its line; a disk that takes longer must not hold up control
MOST_REFUSED = 20  # in one cycle, one line each: whoever floods us must not fill the disk
_COMPARED = ("version", "config", "limits", "mode", "controller", "authority")  # between two starts


class Trail:
    """Entries of one daemon; without a log they go nowhere."""

    def __init__(self, log: AuditLog | None, clock: Clock) -> None:
        self._log, self._clock = log, clock
        self._grants: dict[str, Grant] = {}

    async def commands(self, commands: Sequence[SealedCommand]) -> None:
        """Write commands down, each as the bytes that are about to leave, and wait a moment for the file."""
        for sealed in commands:
            command = sealed.command
            kind = "release" if command.release else "command"
            point = f"{command.asset}/{command.point}"
            self.say(kind, point=point, sent=msgspec.Raw(sealed.payload))
        if self._log is not None and commands:
            await self._log.in_file(WAIT_S)

    def unsent(self, points: Sequence[tuple[str, int]], why: str) -> None:
        """Commands that were written down and did not get through."""
        self.say("unsent", commands=[{"point": point, "seq": seq} for point, seq in points], why=why)

    def cycle(self, order: Order, before: AuthorityMemory, after: AuthorityMemory, outcome: Outcome) -> None:
        """What a cycle decided about rights: orders with their answers, ended orders, refusals, changed grants."""
        cycle = outcome.state.cycle
        for asked, answer in zip(outcome.orders, outcome.answers, strict=True):
            self.order(asked, answer, cycle)
        self._ended(before, after, outcome)
        for refusal in outcome.refusals:
            self.say("checker", cycle=cycle, refused=refusal)
        for actuator, grant in zip(order.site.limits.actuators, outcome.grants, strict=True):
            was = self._grants.get(actuator.point, Grant(Mode.SHADOW, None, False, ""))
            if (was.mode, was.held) != (grant.mode, grant.held):
                facts = {"from": was.mode.value, "to": grant.mode.value, "held": grant.held, "why": grant.why}
                self.say("rights", cycle=cycle, point=actuator.point, **facts)
            self._grants[actuator.point] = grant

    def order(self, asked: OperatorOrder, answer: OrderAnswer, cycle: int) -> None:
        """An operator's order and what became of it."""
        kind = {"release": "order_release"}.get(asked.kind, asked.kind) if answer.accepted else "refused_order"
        self.say(kind, cycle=cycle, order=_in_words(asked), answer=answer.text)

    def refused(self, refused: Sequence[RefusedOrder]) -> None:
        """Orders that could not even be read."""
        for one in refused[:MOST_REFUSED]:
            self.say("refused_order", topic=one.topic, why=one.why, said=one.said)
        if len(refused) > MOST_REFUSED:
            self.say("refused_order", why="more of them in the same cycle", count=len(refused) - MOST_REFUSED)

    def stop(self) -> None:
        """An orderly end."""
        self.say("stop")

    def say(self, kind: str, **facts: object) -> None:
        """One entry, now."""
        if self._log is not None:
            self._log.put((Entry(kind, self._clock.now_ns(), facts),))

    def _ended(self, before: AuthorityMemory, after: AuthorityMemory, outcome: Outcome) -> None:
        now_ns, cycle = outcome.state.now_ns, outcome.state.cycle
        for what, stood, stands in (
            ("override", before.overrides, after.overrides),
            ("mode", before.modes, after.modes),
        ):
            for one in stood:
                if one not in stands and 0 < one.until_ns <= now_ns:
                    self.say("ended", cycle=cycle, what=what, point=one.point, until=iso_utc(one.until_ns))


def first_entries(file: AuditFile, start: Mapping[str, object], at_ns: int) -> list[Entry]:
    """The entries a run begins with: the start, and what is not as it was at the last one."""
    last = file.standing
    changed = [
        Entry("configuration", at_ns, {"what": name, "from": last.get(name, ""), "to": start[name]})
        for name in _COMPARED
        if last and last.get(name) != start[name]
    ]
    return [Entry("start", at_ns, start), *changed]


def start_facts(order: Order, version: str, *, event_time: bool, authority: str = "") -> dict[str, object]:
    """What a start is made of. `authority`: what its rights rest on, in words."""
    return {
        "version": version,
        "site": order.site.facility.site,
        "config": order.site.config_hash,
        "limits": order.site.limits.hash,
        "mode": order.mode.value,
        "controller": order.controller.name,
        "epoch": order.epoch,
        "clock": "event" if event_time else "wall",
        "authority": authority,
    }


def _in_words(asked: OperatorOrder) -> dict[str, object]:
    told: dict[str, object] = {"kind": asked.kind, "id": asked.id, "point": asked.point}
    if asked.value is not None:
        told["value"] = asked.value
    if asked.mode:
        told["mode"] = asked.mode
    if asked.alarm:
        told["alarm"] = asked.alarm
    if asked.for_s:
        told["for_s"] = asked.for_s
    until = iso_utc(asked.until_ns) if asked.until_ns else ""
    return told | {"by": asked.by, "reason": asked.reason, "until": until}
