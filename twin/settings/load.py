"""Reading the settings once, with every problem named after the place it was written in."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from twin.domain.errors import ConfigError, Problem
from twin.settings.model import DELIMITER, ENV_PREFIX, Settings
from twin.settings.sources import Source, Tree, credential_source, env_source, file_source, key_file_problems

# TWIN_* names that are not settings
_NOT_SETTINGS = ("TWIN_SECRETS_DIR",)


def load_settings(config: Path | None = None, overrides: Mapping[str, Any] | None = None) -> Settings:
    """Settings from all sources.

    Args:
        config: A TOML file that must exist; without it /etc/thermotwin/twin.toml or ./twin.toml, where present.
        overrides: Nested values that win over everything, as given on the command line.
    Raises: ConfigError: with every problem found, each naming its source and key.
    """
    problems: list[Problem] = []
    sources = (
        Source("arguments", dict(overrides or {})),
        credential_source(os.environ, problems),
        env_source(problems),
        file_source(config, problems),
    )
    problems += _unknown_variables(os.environ)
    joined: Tree = {}
    for source in reversed(sources):
        joined = _joined(joined, source.values)
    settings: Settings | None = None
    try:
        settings = Settings(**joined)
    except ValidationError as error:
        problems += [_problem(detail, sources) for detail in error.errors(include_url=False)]
    else:
        key_source = next((s for s in sources if s.has(("mqtt", "tls", "key_file"))), sources[0])
        problems += key_file_problems(settings.mqtt.tls.key_file, key_source, os.environ)
    if problems or settings is None:
        raise ConfigError(tuple(problems))
    return settings


def _joined(below: Tree, above: Mapping[str, Any]) -> Tree:
    merged = dict(below)
    for key, value in above.items():
        known = merged.get(key)
        merged[key] = _joined(known, value) if isinstance(known, dict) and isinstance(value, Mapping) else value
    return merged


def _unknown_variables(environ: Mapping[str, str]) -> list[Problem]:
    """TWIN_* names that nobody reads, where they can only be meant for us: nested ones and near misses.

    Others are left alone: a cluster sets names such as TWIN_PORT for any service called twin.
    """
    problems: list[Problem] = []
    groups = list(Settings.model_fields)
    for name in sorted(environ):
        if not name.upper().startswith(ENV_PREFIX) or name in _NOT_SETTINGS:
            continue
        head, nested, _ = name[len(ENV_PREFIX) :].lower().partition(DELIMITER)
        close = get_close_matches(head, groups, n=1, cutoff=0.75)
        if head in groups or not (nested or close):
            continue
        fix = f"did you mean {ENV_PREFIX}{close[0].upper()}?" if close else "one of " + ", ".join(groups)
        problems.append(Problem("environment", name, 1, f"there is no setting {name}", fix))
    return problems


def _problem(detail: ErrorDetails, sources: Sequence[Source]) -> Problem:
    path = tuple(str(part) for part in detail["loc"])
    source = next((s for s in sources if s.has(path)), sources[0])
    key, message = path[-1] if path else "", detail["msg"].removeprefix("Value error, ")
    fix = "see: twin config show"
    if detail["type"] == "extra_forbidden":
        group = _group_at(path[:-1])
        close = get_close_matches(key, list(group), n=1)
        message = f'unknown setting "{key}"'
        fix = f"did you mean {close[0]}?" if close else "one of " + ", ".join(group)
    else:
        field = _group_at(path[:-1]).get(key)
        if field is not None and field.description:
            fix = f"{key}: {field.description}"
    return Problem(source.name, source.key(path), source.line(path), message[:1].lower() + message[1:], fix)


def _group_at(path: tuple[str, ...]) -> Mapping[str, Any]:
    """Fields of the group at a path."""
    model: type[BaseModel] = Settings
    for part in path:
        info = model.model_fields.get(part)
        if info is None or not isinstance(info.annotation, type) or not issubclass(info.annotation, BaseModel):
            return {}
        model = info.annotation
    return model.model_fields
