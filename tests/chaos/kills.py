"""A daemon under load that is killed again and again, at random instants and in the midst of chosen calls."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from tests.chaos.doomed import BETWEEN, HALFWAY, MOMENTS, PHASES, Marks
from tests.support.processes import PATIENCE_S, Ear

_REPOSITORY = Path(__file__).parents[2]
# calls of a phase to live through: from the first on, or (publish) from the cycle on that commands
_CALLS = {"start": (1, 5), "ingest": (1, 400), "commit": (1, 60), "drain": (1, 12), "publish": (7, 16)}
# commands are the rarest, so every third chosen call is one of theirs
_IN_TURN = ("publish", "commit", "start", "publish", "drain", "ingest")
_DEATH_S = 30.0
_UNDER_WAY_S = 0.3


@dataclass(frozen=True, slots=True)
class Life:
    """One life of the daemon: what it was doing when it was killed, and when its first cycle was heard, if one was.

    `queued_s` is how long, up to that cycle, its main thread was ready to run and had to wait for a core: what other
    processes on this machine cost it.
    """

    started_s: float
    ended_s: float
    phase: str
    first_cycle_s: float | None
    queued_s: float


@dataclass(frozen=True, slots=True)
class Return:
    """From a death to the first cycle of the next daemon."""

    took_s: float
    queued_s: float


@dataclass(slots=True)
class Killed:
    """All lives of a run; the last one goes on."""

    lives: list[Life] = field(default_factory=list)

    @property
    def by_phase(self) -> dict[str, int]:
        counts = Counter(life.phase for life in self.lives[:-1])
        return {f"kills_{phase}": counts[phase] for phase in (*PHASES, BETWEEN)}

    @property
    def returns(self) -> list[Return]:
        return [
            Return(life.first_cycle_s - before.ended_s, life.queued_s)
            for before, life in pairwise(self.lives)
            if life.first_cycle_s is not None
        ]


class Victim:
    """`twin run` on one site and one state, started as often as it is killed.

    Args:
        arguments: Of `twin`.
        env: Of the process.
        directory: For its log and its marks.
        weakness: A build of `weak.py`, "-" for the product.
    """

    def __init__(self, arguments: Sequence[str], env: Mapping[str, str], directory: Path, weakness: str = "-") -> None:
        self.log = directory / "victim.log"
        self._marks = directory / "marks"
        self._arguments, self._weakness = tuple(arguments), weakness
        self._env = dict(env) | {"PYTHONPATH": str(_REPOSITORY)}
        self._process: subprocess.Popen[bytes] | None = None
        self.started_s = 0.0

    def start(self, death: str = "-") -> None:
        """Start it, to die at a chosen call or when it is killed."""
        Marks.fresh(self._marks)
        command = (sys.executable, "-m", "tests.chaos.doomed", str(self._marks), death, self._weakness, "--")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                (*command, *self._arguments), env=self._env, stdout=subprocess.DEVNULL, stderr=log
            )
        self.started_s = time.monotonic()

    def live(self, ear: Ear, seconds: float, *, enough: Callable[[Life], bool] = lambda _life: False) -> Life:
        """Let it live so long after its start, or until it dies by its own hand, or it is `enough`."""
        process = self._running()
        life = Life(self.started_s, 0.0, "", None, 0.0)
        while process.poll() is None and time.monotonic() < self.started_s + seconds and not enough(life):
            # no start is so fast that what is heard sooner could be its own
            heard = (c.at_s for c in ear.under("/_twin/cycle") if c.at_s > self.started_s + _UNDER_WAY_S)
            if life.first_cycle_s is None and (first_s := next(heard, None)) is not None:
                life = replace(life, first_cycle_s=first_s, queued_s=queued_s(process.pid))
            time.sleep(0.005)
        return life

    def kill(self, life: Life) -> Life:
        """kill -9, unless it has done so by itself."""
        process = self._running()
        process.kill()
        assert process.wait() == -signal.SIGKILL, f"it ended with {process.returncode}: {self.said()[-3000:]}"
        return replace(life, ended_s=time.monotonic(), phase=Marks.phase(self._marks))

    def stop(self) -> None:
        """An orderly end."""
        process = self._running()
        process.terminate()
        assert process.wait(_DEATH_S) == 0, self.said()[-3000:]

    def close(self) -> None:
        """Leave nothing running."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process


def kill_again_and_again(
    victim: Victim, ear: Ear, deaths: Sequence[str], chance: np.random.Generator, *, longest_s: float
) -> Killed:
    """Start and kill, once for each death: at a chosen call, or ("-") at an instant that is uniform over `longest_s`.

    Returns when the daemon after the last kill has had its first cycle.
    """
    killed = Killed()
    for death in deaths:
        victim.start(death)
        life = victim.kill(victim.live(ear, chance.uniform(0.0, longest_s) if death == "-" else _DEATH_S))
        chosen = death != "-" and life.ended_s - life.started_s < _DEATH_S
        killed.lives.append(replace(life, phase=death.partition(":")[0]) if chosen else life)
    victim.start()
    last = victim.live(ear, PATIENCE_S, enough=lambda life: life.first_cycle_s is not None)
    assert last.first_cycle_s is not None, victim.said()[-3000:]
    killed.lives.append(last)
    return killed


def queued_s(pid: int) -> float:
    """How long the main thread of a process has waited for a core."""
    return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[1]) / 1e9


def mixed_deaths(count: int, chance: np.random.Generator) -> list[str]:
    """Every other one at a random instant, the others at a random call and moment of each phase in turn."""
    deaths: list[str] = []
    for i in range(count):
        if i % 2 == 0:
            deaths.append("-")
            continue
        phase = _IN_TURN[i // 2 % len(_IN_TURN)]
        moments = MOMENTS if phase in HALFWAY else MOMENTS[:2]
        number = int(chance.integers(*_CALLS[phase], endpoint=True))
        deaths.append(f"{phase}:{number}:{chance.choice(moments)}")
    return deaths
