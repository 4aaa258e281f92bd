"""Progress of long work: a bar on a terminal, a line now and then elsewhere, nothing at all when nobody listens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from twin.cli.output import console

STEPS = 10  # lines for a run without a terminal


class Say(Protocol):
    def __call__(self, done_frac: float, words: str) -> None: ...


@contextmanager
def progress(title: str) -> Iterator[Say]:
    """Gives a function to be called with the part done and a few words, on stderr."""
    out = console(stderr=True)
    if out.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[words]}"))
        with Progress(*columns, TimeRemainingColumn(), console=out, transient=True) as bar:
            task = bar.add_task(title, total=1.0, words="")
            yield lambda done_frac, words: bar.update(task, completed=done_frac, words=words)
        return
    said = 0

    def say(done_frac: float, words: str) -> None:
        nonlocal said
        while said < STEPS and done_frac >= (said + 1) / STEPS - 1e-9:
            said += 1
            if said == STEPS or done_frac < (said + 1) / STEPS - 1e-9:
                out.print(f"{title}: {100 * said // STEPS} %  {words}", markup=False)

    yield say
