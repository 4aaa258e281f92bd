"""What all files share: strictness, kinds of numbers, and values that may be given by name or in full."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, StringConstraints
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema


class FileModel(BaseModel):
    """A table of a file: unknown keys are errors, "7" is not 7, and no number is infinite."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


Positive = Annotated[float, Field(gt=0.0)]
NotNegative = Annotated[float, Field(ge=0.0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Celsius = Annotated[float, Field(ge=-60.0, le=120.0)]
Count = Annotated[int, Field(ge=1, le=10_000)]
First = Annotated[int, Field(ge=0, le=100_000)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=200)]
IdTemplate = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9{][A-Za-z0-9_.:{}-]*$", max_length=64)]


def suggestion(word: str, known: Collection[str], *, quote: str = '"') -> str:
    """What to write instead of a word that nobody knows."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    if close:
        return f"did you mean {quote}{close[0]}{quote}?"
    return "one of " + ", ".join(f"{quote}{name}{quote}" for name in known)


def refuse(message: str, fix: str) -> PydanticCustomError:
    """An error whose text is ours, with its fix."""
    # braces would be read as placeholders of the error's template
    safe = message.replace("{", "(").replace("}", ")")
    return PydanticCustomError("refused", safe, {"fix": fix})


@dataclass(frozen=True, slots=True)
class ByName:
    """Marks a field that takes a name of a list, or the whole table. Without `names`, whoever has the list checks."""

    names: tuple[str, ...] | None
    what: str
    table: type[FileModel]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        # not the union of both: its errors would name the branch instead of the key
        inner = handler.generate_schema(self.table)

        def resolve(value: Any, validate: core_schema.ValidatorFunctionWrapHandler) -> Any:
            if not isinstance(value, str):
                return validate(value)
            if self.names is None:
                if not 1 <= len(value) <= 200:
                    raise refuse(f"this is no name of a {self.what}", "give 1 to 200 characters, or a table")
            elif value not in self.names:
                raise refuse(f'there is no {self.what} "{value}"', suggestion(value, self.names))
            return value

        return core_schema.no_info_wrap_validator_function(resolve, inner)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        name: JsonSchemaValue = (
            {"type": "string"} if self.names is None else {"enum": list(self.names), "type": "string"}
        )
        return {"anyOf": [name, handler(schema)]}


def named_or_table(annotation: Any) -> type[FileModel] | None:
    """The table behind a `ByName` field's metadata, else None."""
    return annotation.table if isinstance(annotation, ByName) else None
