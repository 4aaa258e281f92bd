"""Printing: one console, one JSON form, one way to fail. Colours are those that read on white and on black alike."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeAlias, cast

import typer
from rich.console import Console
from rich.markup import escape
from rich.theme import Theme

from twin.domain.errors import ConfigError, Problem, TwinError, first_of

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | float | bool | None"

# no yellow, white or bright shade: those vanish on a light terminal
_THEME = Theme({"good": "green", "bad": "bold red", "where": "cyan", "fix": "blue", "quiet": "dim"})


def console(*, stderr: bool = False) -> Console:
    """A console for people. Plain text without a terminal; NO_COLOR is honoured."""
    return Console(stderr=stderr, theme=_THEME, highlight=False, soft_wrap=True)


def print_json(value: Json) -> None:
    """Facts for programs, on stdout: one JSON document, UTF-8, no NaN."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def problem_json(problem: Problem) -> dict[str, Json]:
    """A problem as `--json` gives it."""
    return {
        "file": problem.file,
        "key": problem.key,
        "line": problem.line,
        "message": problem.message,
        "fix": problem.fix,
    }


def error_json(error: TwinError) -> dict[str, Json]:
    """An error as `--json` gives it: {"ok": false, "errors": [...]}; at least one entry."""
    if isinstance(error, ConfigError):
        return {"ok": False, "errors": [problem_json(problem) for problem in error.problems]}
    return {
        "ok": False,
        "errors": [{"file": error.where, "key": "", "line": 0, "message": error.message, "fix": error.fix}],
    }


def fail(error: TwinError, *, as_json: bool = False) -> int:
    """Say what went wrong, where, and what to do; returns the exit code. Never a traceback."""
    if as_json:
        print_json(error_json(error))
        return int(error.exit_code)
    out = console(stderr=True)
    if isinstance(error, ConfigError):
        for problem in error.problems:
            out.print(
                f"[where]{escape(problem.file)}:{problem.line}[/] {escape(problem.key)}: "
                f"[bad]{escape(problem.message)}[/]\n    [fix]fix: {escape(problem.fix)}[/]"
            )
        count = len(error.problems)
        out.print(f"{count} problem{'s' if count > 1 else ''}")
    else:
        at = f"[where]{escape(error.where)}[/]: " if error.where else ""
        out.print(f"{at}[bad]{escape(error.message)}[/]")
        if error.fix:
            out.print(f"    [fix]fix: {escape(error.fix)}[/]")
    return int(error.exit_code)


@contextmanager
def failing(*, as_json: bool = False) -> Iterator[None]:
    """Turn any `TwinError` inside, alone or in a group of its like, into its words and its exit code."""
    try:
        yield
    except TwinError as error:
        raise typer.Exit(fail(error, as_json=as_json)) from error
    except BaseExceptionGroup as several:
        mine, others = several.split(TwinError)
        if mine is None or others is not None:
            raise
        raise typer.Exit(fail(cast("TwinError", first_of(mine)), as_json=as_json)) from several
