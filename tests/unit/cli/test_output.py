"""Errors are said once, in words, on stderr; facts go to stdout as one JSON document."""

from __future__ import annotations

import json

import pytest

from twin.cli.output import console, fail, print_json
from twin.domain.errors import ConfigError, Problem, Unreachable


def test_an_error_says_what_where_and_how_to_mend_it(capsys: pytest.CaptureFixture[str]) -> None:
    code = fail(Unreachable("the broker did not answer", where="127.0.0.1:1883", fix="is mosquitto running?"))

    out, err = capsys.readouterr()
    assert code == 4
    assert out == ""
    assert err == "127.0.0.1:1883: the broker did not answer\n    fix: is mosquitto running?\n"


def test_brackets_in_a_message_are_text_and_not_markup(capsys: pytest.CaptureFixture[str]) -> None:
    fail(ConfigError((Problem("points.toml", "points[0]", 3, "add [[points]] [/]", "[bold]"),)))
    assert "points.toml:3 points[0]: add [[points]] [/]" in capsys.readouterr().err


def test_json_of_any_error_has_at_least_one_entry(capsys: pytest.CaptureFixture[str]) -> None:
    code = fail(Unreachable("no answer", where="host", fix="start it"), as_json=True)

    answer = json.loads(capsys.readouterr().out)
    assert code == 4
    assert answer == {
        "ok": False,
        "errors": [{"file": "host", "key": "", "line": 0, "message": "no answer", "fix": "start it"}],
    }


def test_json_has_no_nan() -> None:
    with pytest.raises(ValueError):
        print_json({"v": float("nan")})


def test_a_console_without_terminal_writes_plain_text(capsys: pytest.CaptureFixture[str]) -> None:
    console().print("[bad]broken[/] " + "x" * 200)
    assert capsys.readouterr().out == "broken " + "x" * 200 + "\n"
