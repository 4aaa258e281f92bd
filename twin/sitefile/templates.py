"""Templates: one line that stands for a hundred, such as "{hall}-r{n:03}" or "dc/{site}/{hall}/{rack}/inlet".

A field is a name in braces; a number may be padded with zeros to a width (`{n:03}`). Nothing else is possible, on
purpose: a site file is data, never code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches

_FIELD = re.compile(r"\{([^{}]*)\}")
_INSIDE = re.compile(r"([a-z]+)(?::0?([1-9]))?")


class TemplateError(ValueError):
    """A template that cannot be filled in; `fix` says what to write instead."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.fix = fix


def names_in(template: str) -> set[str]:
    """Names of the fields of a template, widths left out."""
    return {match.group(1).split(":")[0] for match in _FIELD.finditer(template)}


def render(template: str, fields: Mapping[str, str | int]) -> str:
    """Fill in a template. Raises: TemplateError: an unknown field, a wrong width, or a brace without its partner."""

    def fill(match: re.Match[str]) -> str:
        inside = _INSIDE.fullmatch(match.group(1))
        if inside is None:
            raise TemplateError(f"{match.group()} is not a template field", "write {name}, or {n:03} for 3 digits")
        name, width = inside.groups()
        if name not in fields:
            raise TemplateError(f"there is no field {{{name}}} here", _known(name, fields))
        value = fields[name]
        if width is None:
            return str(value)
        if not isinstance(value, int):
            raise TemplateError(f"{{{name}}} is a text and has no width", f"write {{{name}}}")
        return f"{value:0{width}d}"

    text = _FIELD.sub(fill, template)
    if "{" in text or "}" in text:
        raise TemplateError(f"a brace without its partner in {template!r}", "close every { with }")
    return text


def _known(name: str, fields: Mapping[str, str | int]) -> str:
    close = get_close_matches(name, list(fields), n=1)
    if close:
        return f"did you mean {{{close[0]}}}?"
    return "one of " + ", ".join(f"{{{field}}}" for field in sorted(fields))
