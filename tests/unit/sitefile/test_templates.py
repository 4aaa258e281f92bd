"""Templates stand for many ids and topics, and are never code."""

from __future__ import annotations

import pytest

from twin.sitefile.templates import TemplateError, names_in, render

FIELDS: dict[str, str | int] = {"site": "demo", "hall": "h1", "rack": "r021", "n": 21}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("dc/{site}/{hall}/{rack}/inlet", "dc/demo/h1/r021/inlet"),
        ("{hall}-r{n:03}", "h1-r021"),
        ("{n:2}|{n}", "21|21"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_fields_are_filled_in(template: str, text: str) -> None:
    assert render(template, FIELDS) == text


@pytest.mark.parametrize(
    ("template", "phrase"),
    [
        ("{rak}", "no field {rak}"),
        ("{n!r}", "not a template field"),
        ("{n.real}", "not a template field"),
        ("{n:099}", "not a template field"),
        ("{}", "not a template field"),
        ("{hall:03}", "has no width"),
        ("{hall", "without its partner"),
        ("hall}", "without its partner"),
    ],
)
def test_anything_else_is_refused_with_a_fix(template: str, phrase: str) -> None:
    with pytest.raises(TemplateError) as caught:
        render(template, FIELDS)
    assert phrase in str(caught.value)
    assert caught.value.fix


def test_names_of_fields_leave_widths_out() -> None:
    assert names_in("{hall}-r{n:03}") == {"hall", "n"}
