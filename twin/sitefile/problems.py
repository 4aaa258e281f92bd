"""Collecting what is wrong, each with its line, and saying pydantic's findings in the operator's words."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from twin.domain.errors import ConfigError, Problem
from twin.sitefile.locate import KeyPath, Lines, key_text
from twin.sitefile.schema_base import named_or_table, suggestion


class Problems:
    """Everything found so far, in the order it was found."""

    def __init__(self) -> None:
        self._found: list[Problem] = []
        self._lines: dict[str, Lines] = {}

    def __len__(self) -> int:
        return len(self._found)

    def knows(self, file: str, lines: Lines) -> None:
        """Take the positions of a file's keys, for problems found later."""
        self._lines[file] = lines

    def add(self, file: str, path: KeyPath, message: str, fix: str) -> None:
        """A problem at a key."""
        lines = self._lines.get(file)
        self._found.append(Problem(file, key_text(path), lines.of(path) if lines else 1, message, fix))

    def add_at_line(self, file: str, line: int, message: str, fix: str) -> None:
        """A problem of the text itself."""
        self._found.append(Problem(file, ".", line, message, fix))

    def add_validation(self, file: str, model: type[BaseModel], error: ValidationError) -> None:
        """Every finding of pydantic."""
        for detail in error.errors(include_url=False):
            path, message, fix = in_words(model, detail)
            self.add(file, path, message, fix)

    def raise_if_any(self) -> None:
        """Raises: ConfigError: something was found. Problems are sorted by file and line, doubles left out."""
        if self._found:
            order = {file: n for n, file in enumerate(self._lines)}
            unique = dict.fromkeys(self._found)
            raise ConfigError(tuple(sorted(unique, key=lambda p: (order.get(p.file, -1), p.file, p.line))))


def in_words(model: type[BaseModel], detail: ErrorDetails) -> tuple[KeyPath, str, str]:
    """Key path, message and fix of one finding."""
    kind, path, context = detail["type"], detail["loc"], detail.get("ctx", {})
    key = str(path[-1]) if path else "file"
    info = _field_at(model, path)
    about = f": {info.description}" if info is not None and info.description else ""
    if kind == "refused":
        return path, detail["msg"], str(context["fix"])
    if kind == "extra_forbidden":
        return path, f'unknown key "{key}"', suggestion(key, _keys_at(model, path[:-1]), quote="")
    if kind == "missing":
        return path, f'"{key}" is missing', f"add {key}{about}"
    shown = _shown(detail["input"])
    bound = _BOUNDS.get(kind)
    if bound is not None:
        template, name = bound
        limit = context.get(name, "")
        return path, f"{key} = {shown} is out of range", f"give {template.format(limit)}{about}"
    message = f"{key} = {shown} is not {_TYPES.get(kind, 'usable here')}"
    fix = f"{_fix_of(kind)}{about}"
    if kind == "literal_error":
        known = str(context.get("expected", "")).replace(" or ", ", ").replace("'", "")
        message, fix = f"{key} = {shown} is not known", suggestion(str(detail["input"]), known.split(", "))
    elif kind == "string_pattern_mismatch":
        message, fix = f"{key} = {shown} is not a usable name", f"match {context.get('pattern')}{about}"
    return path, message, fix


_BOUNDS = {
    "greater_than": ("more than {}", "gt"),
    "greater_than_equal": ("at least {}", "ge"),
    "less_than": ("less than {}", "lt"),
    "less_than_equal": ("at most {}", "le"),
    "too_short": ("at least {}", "min_length"),
    "too_long": ("at most {}", "max_length"),
    "string_too_short": ("at least {} character(s)", "min_length"),
    "string_too_long": ("at most {} characters", "max_length"),
}
_TYPES = {
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "string_type": "a text",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "finite_number": "a finite number",
}


def _fix_of(kind: str) -> str:
    if kind in {"float_type", "int_type", "int_from_float", "finite_number"}:
        return "give a plain number, without quotes and without a unit"
    if kind == "string_type":
        return "put it in quotes"
    return f"make it {_TYPES.get(kind, 'what the schema says')}"


def _shown(value: object) -> str:
    text = f'"{value}"' if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _models(annotation: Any) -> list[type[BaseModel]]:
    """Models named in an annotation such as `list[X]`, `dict[str, X]` or `X | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in {Union, types.UnionType, list, dict, tuple}:
        return [model for argument in get_args(annotation) for model in _models(argument)]
    return []


def _model_at(model: type[BaseModel], path: KeyPath) -> type[BaseModel] | None:
    """The model whose table stands at a path."""
    here: type[BaseModel] | None = model
    for part in path:
        if here is None:
            return None
        info = here.model_fields.get(str(part))
        if info is None:
            continue  # an index of a list, or a key of a dictionary of tables
        named = next((table for item in info.metadata if (table := named_or_table(item))), None)
        here = named or next(iter(_models(info.annotation)), None)
    return here


def _field_at(model: type[BaseModel], path: KeyPath) -> FieldInfo | None:
    holder = _model_at(model, path[:-1])
    return holder.model_fields.get(str(path[-1])) if holder is not None and path else None


def _keys_at(model: type[BaseModel], path: KeyPath) -> Mapping[str, FieldInfo]:
    holder = _model_at(model, path)
    return holder.model_fields if holder is not None else {}
