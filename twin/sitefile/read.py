"""Reading the files: bytes, text, TOML, schema; each step's failure is a problem with a line."""

from __future__ import annotations

import re
import tomllib
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from twin.sitefile.locate import locate
from twin.sitefile.problems import Problems
from twin.sitefile.schema import FILES
from twin.sitefile.schema_base import FileModel

Model = TypeVar("Model", bound=FileModel)

# far beyond any site; a larger file is a mistake, and would only waste memory
_MAX_BYTES = 4_000_000
_AT_LINE = re.compile(r" \(at line (\d+), column \d+\)$")
_AT_END = " (at end of document)"


def hash_of(parts: dict[str, bytes]) -> str:
    """First 16 hex digits of the SHA-256 over names and contents, in the order of the names."""
    digest = sha256()
    for name in sorted(parts):
        digest.update(f"{name}\0{len(parts[name])}\0".encode())
        digest.update(parts[name])
    return digest.hexdigest()[:16]


def read_directory(directory: Path, problems: Problems) -> dict[str, bytes]:
    """Contents of the files of a site directory, by name; what cannot be read is a problem."""
    contents: dict[str, bytes] = {}
    if not directory.is_dir():
        what = "is not a directory" if directory.exists() else "does not exist"
        problems.add_at_line(str(directory), 1, f"the site directory {what}", "give --site a directory with site.toml")
        return contents
    for name in FILES:
        try:
            with (directory / name).open("rb") as stream:
                contents[name] = stream.read(_MAX_BYTES + 1)
        except FileNotFoundError:
            problems.add_at_line(name, 1, f"{name} is missing", f"copy configs/site.example/{name} into {directory}")
        except OSError as error:
            problems.add_at_line(name, 1, f"{name} cannot be read: {error.strerror}", "make it a file we may read")
    return contents


def parse(name: str, content: bytes, model: type[Model], problems: Problems) -> Model | None:
    """A checked file, or None with its problems noted."""
    if len(content) > _MAX_BYTES:
        problems.add_at_line(name, 1, f"{name} is larger than {_MAX_BYTES} bytes", "use templates: count, first, {n}")
        return None
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problems.add_at_line(name, line, "this is not UTF-8 text", "save the file as UTF-8")
        return None
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # RecursionError: brackets nested a thousand deep
        problems.add_at_line(name, *_syntax_error(text, error))
        return None
    problems.knows(name, locate(text))
    try:
        return model.model_validate(data)
    except ValidationError as error:
        problems.add_validation(name, model, error)
        return None


def _syntax_error(text: str, error: Exception) -> tuple[int, str, str]:
    """Line, message and fix of what the TOML parser refused."""
    message = str(error).splitlines()[0] if str(error) else type(error).__name__
    line = 1
    match = _AT_LINE.search(message)
    if match:
        line, message = int(match.group(1)), message[: match.start()]
    elif message.endswith(_AT_END):
        line, message = text.rstrip().count("\n") + 1, message.removesuffix(_AT_END)
    return line, f"not valid TOML: {message[:1].lower()}{message[1:]}", "look for a missing quote, bracket or = here"
