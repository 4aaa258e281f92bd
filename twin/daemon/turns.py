"""What the loop does in one turn: take messages in, run a cycle and carry it out, show that it is alive."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec
import structlog

from controllers.explain import headline
from twin.alarms.facts import AlarmMemory, Change
from twin.alarms.known import Known
from twin.daemon.core import Core, memory_bytes, outcome_lines
from twin.daemon.cycle import Outcome
from twin.daemon.evidence import Journal
from twin.daemon.outbound import Voice
from twin.daemon.outlet import Outlet
from twin.daemon.persist import Persister
from twin.daemon.recorder import Recorder
from twin.daemon.sensors import SensorLog
from twin.daemon.trail import Trail
from twin.daemon.watch import Watch
from twin.domain.actuators import Mode
from twin.domain.clock import Clock
from twin.domain.errors import Unreachable
from twin.domain.messages import MessageIn, MessageOut
from twin.domain.sealed import SealedCommand
from twin.readiness.facts import Notes

log = structlog.get_logger("loop")

SEND_S = 2.0  # longest that a command may hold up the loop
KEPT_TIMES = 100_000
NO_ANSWER = f"no answer within {SEND_S:g} s"


@dataclass(slots=True)
class LoopHealth:
    """Levels for the health page and the metrics. Times are monotonic."""

    beats: int = 0
    turned_s: float = 0.0
    cycled_s: float = 0.0
    commands_sent: int = 0
    commands_unsent: int = 0
    refusals: int = 0
    missing: tuple[str, ...] = ("the first cycle",)
    mode: Mode = Mode.SHADOW
    last_words: str = ""  # why the newest decision was taken
    sensors: SensorLog = field(default_factory=SensorLog)
    cycle_ms: deque[float] = field(default_factory=lambda: deque(maxlen=KEPT_TIMES))


class Turns:
    """Carries out what the core says. `save` stores the memory, `alive` tells the service manager."""

    def __init__(
        self,
        core: Core,
        outlet: Outlet,
        persister: Persister,
        recorder: Recorder,
        voice: Voice,
        clock: Clock,
        *,
        save: Callable[[bytes], None],
        alive: Callable[[], None] = lambda: None,
        trail: Trail | None = None,
        watch: Watch | None = None,
        journal: Journal | None = None,
    ) -> None:
        self._core, self._outlet, self._persister, self._recorder = core, outlet, persister, recorder
        self._voice, self._clock, self._save, self._alive = voice, clock, save, alive
        self._trail = trail or Trail(None, clock)
        self._watch = watch or Watch(Known.of(core.order.site), AlarmMemory())
        self._journal = journal or Journal("", Notes())
        self._owed: dict[str, MessageOut] = {}  # what the broker must keep or forget and does not know of yet
        self._unsent: tuple[tuple[str, int], ...] = ()
        self._speechless = True  # until a first word got through, silence is no news
        self._leaving = False
        self._save_failed = False
        self._standing: list[MessageOut] = []  # what operators ordered, once a cycle knows
        self._said: tuple[str, Mode, tuple[str, ...]] | None = None
        self.health = LoopHealth(turned_s=clock.monotonic_s(), cycled_s=clock.monotonic_s())

    def feed(self, messages: Sequence[MessageIn], mono_s: float) -> None:
        """Take messages in and hand their samples to the disk."""
        if messages:
            self._recorder.fed(messages, mono_s)
            self._persister.put(self._core.feed(messages, mono_s), messages)

    async def cycle(self, now_ns: int, mono_s: float) -> None:
        """Run one cycle: records to disk, commands out, and then the last word on it. None after `leave`."""
        if self._leaving:
            return
        began_s = self._clock.monotonic_s()
        core, unsent = self._core, self._unsent
        self._unsent = ()
        self._recorder.ticked(core.cycle_number + 1, now_ns, mono_s, unsent)
        before = core.memory.authority
        outcome = core.tick(now_ns, mono_s, unsent)
        self._alive()  # a broker that does not answer may now hold the loop up for longer than a beat
        self._recorder.decided(core.cycle_number, outcome_lines(outcome))
        self._store(memory_bytes(core.memory))
        self._persister.put_records([msgspec.json.encode(record.to_json()) for record in outcome.records])
        self._trail.refused(core.take_refused())
        self._trail.cycle(core.order, before, core.memory.authority, outcome)
        self._alarmed(self._watch.cycle(core, outcome))
        self._journal.cycle(core, outcome)
        answers = self._put_aside(core, now_ns)
        await self._send(outcome.commands)
        spent_ms = 1e3 * (self._clock.monotonic_s() - began_s)
        await self._tell(outcome, answers, spent_ms, now_ns)
        self._note(outcome, 1e3 * (self._clock.monotonic_s() - began_s))

    async def beat(self, now_ns: int) -> None:
        """The sign of life, sent by the loop itself so that it ends with the loop."""
        health = self.health
        mono_s = self._clock.monotonic_s()
        health.beats += 1
        health.turned_s = mono_s
        await self._say([self._voice.heartbeat(health.beats, now_ns, mono_s - health.cycled_s), *self._standing])
        self._alive()

    async def announce(self, now_ns: int, *, anew: bool) -> None:
        """The retained status, when something in it changed, or `anew` after the link was made."""
        state = "degraded" if self.health.missing else "online"
        status = (state, self.health.mode, self.health.missing)
        if anew or status != self._said:
            self._said = status
            standing = [self._voice.alarm(alarm) for alarm in self._watch.shown()] if anew else []
            await self._say([self._voice.status(state, self.health.mode, now_ns, self.health.missing), *standing])

    async def leave(self, now_ns: int) -> None:
        """Give every lease back and say that we are gone. No cycle runs after this."""
        self._leaving = True
        await self._send(self._core.farewell(now_ns))
        self._trail.stop()
        self._journal.flush()
        self._store(memory_bytes(self._core.memory))
        await self._say([self._voice.status("offline", self.health.mode, now_ns, ())])

    async def _send(self, commands: tuple[SealedCommand, ...]) -> None:
        if not commands:
            return
        await self._trail.commands(commands)
        try:
            async with asyncio.timeout(SEND_S):
                await self._outlet.send_sealed(commands)
            self.health.commands_sent += len(commands)
        except (Unreachable, TimeoutError) as error:
            points = tuple((f"{c.command.asset}/{c.command.point}", c.command.seq) for c in commands)
            self._unsent = points
            self.health.commands_unsent += len(commands)
            self._trail.unsent(points, str(error) or NO_ANSWER)
            log.warning(
                "commands did not get through, their leases do not count",
                count=len(points),
                error=str(error) or NO_ANSWER,
            )

    def _alarmed(self, changes: Sequence[Change]) -> None:
        for change in changes:
            alarm = change.alarm
            self._trail.say("alarm", what=change.what, id=alarm.id, severity=alarm.severity.word, cause=alarm.cause)
            self._owed[alarm.id] = self._voice.alarm(alarm) if change.shown else self._voice.no_alarm(alarm)

    def _put_aside(self, core: Core, now_ns: int) -> list[MessageOut]:
        """Answers to orders about alarms."""
        answers: list[MessageOut] = []
        for asked in core.take_shelving():
            answer, changes = self._watch.order(asked, now_ns)
            self._trail.order(asked, answer, core.cycle_number)
            self._alarmed(changes)
            answers.append(self._voice.answer(answer))
        return answers

    async def _tell(self, outcome: Outcome, answers: Sequence[MessageOut], spent_ms: float, now_ns: int) -> None:
        voice, state = self._voice, outcome.state
        messages = [voice.decision(record) for record in outcome.records]
        messages += [voice.advice(advice.asset, advice.point, advice.payload) for advice in outcome.advice]
        messages += [voice.answer(answer) for answer in outcome.answers]
        limits, memory = self._core.order.site.limits, self._core.memory.authority
        shelves = self._watch.memory.shelves.values()
        self._standing = [voice.standing(now_ns, outcome.mode, memory, limits, outcome.grants, shelves)]
        owed = tuple(self._owed.values())
        messages += [*answers, *self._standing, *owed]
        messages += voice.estimates(self._core.order.site.facility, state)
        messages += voice.kpis(state)
        messages.append(voice.cycle(state, duration_ms=spent_ms, commands=len(outcome.commands), held=outcome.held))
        self.health.missing, self.health.mode = state.missing, outcome.mode
        await self.announce(now_ns, anew=False)
        if await self._say(messages):
            self._owed = {}

    async def _say(self, messages: Sequence[MessageOut]) -> bool:
        """Whether the broker took them."""
        try:
            async with asyncio.timeout(SEND_S):
                await self._outlet.publish_many(messages)
            self._speechless = False
            return True
        except (Unreachable, TimeoutError) as error:
            if not self._speechless:
                log.warning("nothing can be said to the broker now", error=str(error) or NO_ANSWER)
            self._speechless = True
            return False

    def _store(self, memory: bytes) -> None:
        try:
            self._save(memory)
            self._save_failed = False
        except OSError as error:
            if not self._save_failed:
                log.error("the memory cannot be stored, control goes on without", error=str(error))
            self._save_failed = True

    def _note(self, outcome: Outcome, spent_ms: float) -> None:
        health = self.health
        for refusal in outcome.refusals:
            log.error("the second checker refused a command", what=refusal)
        health.refusals += len(outcome.refusals)
        health.sensors.note(outcome.findings)
        if outcome.records:
            health.last_words = headline(outcome.records[-1].to_json())
        health.cycle_ms.append(spent_ms)
        health.turned_s = health.cycled_s = self._clock.monotonic_s()
