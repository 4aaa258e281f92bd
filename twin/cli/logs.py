"""Logging of a command: on stderr, readable on a terminal, one JSON object a line for machines."""

from __future__ import annotations

import logging
import sys

import structlog

from twin.settings.model import LogSettings


def set_up_logs(wanted: LogSettings) -> None:
    """Send every log line to stderr from here on."""
    level = logging.getLevelNamesMapping()[wanted.level.upper()]
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    if wanted.json_lines:
        shown: list[structlog.typing.Processor] = [
            # the usual form of it adds what stood in every variable, passwords and tokens too
            structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(),
        ]
    else:
        colours = sys.stderr.isatty()
        shown = [structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback)]
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, structlog.processors.add_log_level, stamp, *shown],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
