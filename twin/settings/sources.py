"""Where settings come from: a TOML file, the environment, credential files. Each gives a nested dictionary."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from pydantic_settings import EnvSettingsSource, NestedSecretsSettingsSource, SettingsError

from twin.domain.errors import Problem
from twin.settings.model import DELIMITER, ENV_PREFIX, Settings

Tree: TypeAlias = dict[str, Any]  # the wire's shape: checked by the models afterwards

USUAL_FILES = (Path("/etc/thermotwin/twin.toml"), Path("twin.toml"))
SECRETS = (("mqtt", "password"), ("mqtt", "tls", "key_password"), ("influx", "token"))
_AT_LINE = re.compile(r" \(at line (\d+), column \d+\)$")
# systemd hands credentials to the group of a service; elsewhere a secret has one reader
_OPEN_TO_OTHERS = 0o037
_OPEN_TO_ANYONE_ELSE = 0o077
_SYSTEMD = "CREDENTIALS_DIRECTORY"


@dataclass(frozen=True, slots=True)
class Source:
    """Values of one source, and how its keys are called there."""

    name: str
    values: Tree
    text: str = ""  # of a file, to find lines in

    def key(self, path: tuple[str, ...]) -> str:
        """A key as the operator wrote it."""
        if self.name == "environment":
            return ENV_PREFIX + DELIMITER.join(path).upper()
        return ".".join(path) if self.text or self.name == "arguments" else DELIMITER.join(path)

    def line(self, path: tuple[str, ...]) -> int:
        """Line of a key in a file; 1 where there are no lines."""
        table: tuple[str, ...] = ()
        for number, line in enumerate(self.text.splitlines(), 1):
            header = re.match(r"\s*\[([\w.\s-]+)\]", line)
            key = re.match(r"\s*([\w.-]+)\s*=", line)
            if header:
                table = tuple(part.strip() for part in header.group(1).split("."))
            here = (*table, *key.group(1).split(".")) if key else table if header else ()
            if here and here == path[: len(here)] and (key or here == path):
                return number
        return 1

    def has(self, path: tuple[str, ...]) -> bool:
        """Whether the source says anything at a path."""
        node: Any = self.values
        for part in path:
            if not isinstance(node, dict) or part not in node:
                return False
            node = node[part]
        return True


def file_source(path: Path | None, problems: list[Problem]) -> Source:
    """The TOML file: the one asked for, else the first usual one that is there."""
    chosen = path or next((usual for usual in USUAL_FILES if usual.is_file()), None)
    if chosen is None:
        return Source("defaults", {})
    name = str(chosen)
    try:
        text = chosen.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except OSError as error:
        problems.append(Problem(name, ".", 1, f"the settings file cannot be read: {error.strerror}", "check --config"))
        return Source(name, {})
    except (ValueError, RecursionError) as error:
        match = _AT_LINE.search(str(error))
        line = int(match.group(1)) if match else 1
        message = f"not valid TOML: {_AT_LINE.sub('', str(error))}"
        problems.append(Problem(name, ".", line, message, "look for a missing quote, bracket or = here"))
        return Source(name, {})
    source = Source(name, values, text)
    for secret in SECRETS:
        if source.has(secret):
            table = values
            for part in secret[:-1]:
                table = table[part]
            table.pop(secret[-1])
            name_there = DELIMITER.join(secret)
            fix = f"put it into {ENV_PREFIX}{name_there.upper()} or a credential file {name_there}"
            problems.append(
                Problem(name, ".".join(secret), source.line(secret), "a secret does not belong in this file", fix)
            )
    return source


def env_source(problems: list[Problem]) -> Source:
    """TWIN_* of the environment; a JSON group that is none is a problem."""
    try:
        values = EnvSettingsSource(Settings)()
    except SettingsError as error:
        problems.append(Problem("environment", ENV_PREFIX, 1, str(error), "set single values, such as TWIN_MQTT__HOST"))
        return Source("environment", {})
    return Source("environment", values)


def credential_source(environ: Mapping[str, str], problems: list[Problem]) -> Source:
    """Files named as their settings (mqtt__password), from TWIN_SECRETS_DIR and systemd's $CREDENTIALS_DIRECTORY."""
    directories: list[Path] = []
    for variable, forbidden, right in (
        ("TWIN_SECRETS_DIR", _OPEN_TO_ANYONE_ELSE, "chmod 600"),
        (_SYSTEMD, _OPEN_TO_OTHERS, "let systemd provide it: LoadCredential="),
    ):
        text = environ.get(variable, "")
        if not text:
            continue
        directory = Path(text)
        if not directory.is_dir():
            message = f"{variable} is not a directory"
            problems.append(Problem("environment", variable, 1, message, f"create {directory}, or unset it"))
        elif _sound(directory, forbidden, right, problems):
            directories.append(directory)
    if not directories:
        return Source("credentials", {})
    try:
        values = NestedSecretsSettingsSource(
            Settings,  # type: ignore[arg-type]  # documented: the class itself may stand for its secret source
            secrets_dir=[str(directory) for directory in directories],
            secrets_prefix="",
            secrets_nested_delimiter=DELIMITER,
        )()
    except (SettingsError, OSError, UnicodeDecodeError) as error:
        name = str(directories[-1])
        message = f"a credential cannot be read: {type(error).__name__}"
        problems.append(Problem(name, ".", 1, message, "files of UTF-8 text, readable by us"))
        return Source("credentials", {})
    return Source(" and ".join(map(str, directories)), values)


def key_file_problems(key_file: Path | None, source: Source, environ: Mapping[str, str]) -> list[Problem]:
    """What is wrong with who may read the key of our certificate."""
    path = ("mqtt", "tls", "key_file")
    if key_file is None:
        return []
    given = environ.get(_SYSTEMD, "")
    by_systemd = bool(given) and key_file.resolve().is_relative_to(Path(given).resolve())
    message = _open_to(key_file, _OPEN_TO_OTHERS if by_systemd else _OPEN_TO_ANYONE_ELSE, "the key file")
    return (
        [Problem(source.name, source.key(path), source.line(path), message, f"chmod 600 {key_file}")] if message else []
    )


def _open_to(path: Path, forbidden: int, what: str) -> str:
    """Who else may use a file, in words; "" when nobody may."""
    mode = path.stat().st_mode & 0o777
    return f"{what} {path} may be read or changed by others: mode {mode:04o}" if mode & forbidden else ""


def _sound(directory: Path, forbidden: int, right: str, problems: list[Problem]) -> bool:
    """Whether nobody else may read the files of a directory."""
    before = len(problems)
    for path in sorted(directory.iterdir()) if os.access(directory, os.R_OK | os.X_OK) else ():
        if path.name.startswith(".") or not path.is_file():
            continue
        if message := _open_to(path, forbidden, "the credential file"):
            problems.append(Problem(str(path), path.name, 1, message, f"{right} {path}"))
        elif not os.access(path, os.R_OK):
            problems.append(Problem(str(path), path.name, 1, "the credential file may not be read by us", "chown it"))
    return len(problems) == before
