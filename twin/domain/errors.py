"""Errors that say what, where, and how to fix it; each knows the exit code of the command it ends."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of the command line; a change is a breaking release."""

    OK = 0
    USAGE = 2
    CONFIG = 3
    UNREACHABLE = 4
    SAFETY = 5
    REPLAY_DIFFERS = 6
    DATA_TOO_POOR = 7
    INTERRUPTED = 130


class TwinError(Exception):
    """Whatever a user can act on.

    Args:
        message: What went wrong, in the operator's words.
        where: File, topic, address or point.
        fix: What to do about it.
    """

    exit_code: ExitCode = ExitCode.USAGE

    def __init__(self, message: str, *, where: str = "", fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.fix = fix

    def __str__(self) -> str:
        parts = [self.message]
        if self.where:
            parts.append(f"at {self.where}")
        if self.fix:
            parts.append(f"fix: {self.fix}")
        return "; ".join(parts)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a configuration: where exactly, what, and what to write instead."""

    file: str
    key: str
    line: int
    message: str
    fix: str


class ConfigError(TwinError):
    """A configuration was refused; carries every problem found, not only the first."""

    exit_code = ExitCode.CONFIG

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{first.message}{more}", where=f"{first.file}:{first.line} [{first.key}]", fix=first.fix)
        self.problems = problems


class Unreachable(TwinError):
    """A broker or historian did not answer."""

    exit_code = ExitCode.UNREACHABLE


class SafetyBroken(TwinError):
    """A safety invariant was found broken; nothing more may be written."""

    exit_code = ExitCode.SAFETY


class ReplayDiffers(TwinError):
    """A replay did not give the recorded decisions."""

    exit_code = ExitCode.REPLAY_DIFFERS


class DataTooPoor(TwinError):
    """The data at hand cannot carry what was asked of it."""

    exit_code = ExitCode.DATA_TOO_POOR


class UnknownTopology(TwinError):
    """A site file describes something the model has no equations for."""

    exit_code = ExitCode.CONFIG


def first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first plain exception of nested groups: whoever runs us wants to know what, not how it was wrapped."""
    first = group.exceptions[0]
    return first_of(first) if isinstance(first, BaseExceptionGroup) else first


class BadPayload(TwinError):
    """A payload was refused at the edge; `reason` is a short, countable name."""

    def __init__(self, reason: str, message: str, *, where: str = "") -> None:
        super().__init__(message, where=where)
        self.reason = reason
