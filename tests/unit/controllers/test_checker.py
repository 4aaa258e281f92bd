"""The second look knows the limits file and the bytes, and nothing else."""

from __future__ import annotations

import ast
import json
import tomllib
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import controllers.guard.checker as checker_module
from controllers.guard.checker import MAX_BYTES, Checker
from tests.support.states import CHW, H1, LIMITS_FILE, ROOT, UPS_A, UPS_B

HASH = sha256(LIMITS_FILE).hexdigest()[:16]
CHECKER = Checker(LIMITS_FILE, ROOT)


def command(value: object = 22.1, **changed: Any) -> dict[str, Any]:
    body = {
        "v": value,
        "u": "degC",
        "seq": 1,
        "epoch": 3,
        "lease": "3.1",
        "issued": "2026-07-15T12:00:00.000Z",
        "expires": "2026-07-15T12:03:00.000Z",
        "mode": "control",
        "decision": "3-100-0",
        "prev": 22.0,
        "limits": HASH,
    }
    return body | changed


def release(**changed: Any) -> dict[str, Any]:
    body = {
        "release": True,
        "seq": 2,
        "epoch": 3,
        "lease": "3.1",
        "issued": "2026-07-15T12:00:00.000Z",
        "decision": "3-100-0",
        "limits": HASH,
    }
    return body | changed


def objection(body: object, point: str = H1) -> str:
    return CHECKER.objection(f"{ROOT}/_cmd/{point}", json.dumps(body).encode())


def switch(value: object, **changed: Any) -> dict[str, Any]:
    return command(value, u="1", prev=0.0, **changed)


def test_a_command_within_the_file_may_leave() -> None:
    assert objection(command()) == ""
    assert objection(switch(1), UPS_B) == ""
    assert objection(release()) == ""


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        (f"{ROOT}/_twin/advice/{H1}", "is no command topic"),
        (f"dc/elsewhere/_cmd/{H1}", "is no command topic"),
        (f"x{ROOT}/_cmd/{H1}", "is no command topic"),
        (f"{ROOT}/_cmd/h1/fan_sp_frac", "names no setpoint h1/fan_sp_frac"),
        (f"{ROOT}/_cmd/h1/row/supply_air_sp_c", "names no setpoint"),
        (f"{ROOT}/_cmd/{H1}/x", "names no setpoint"),
        (f"{ROOT}/_cmd/", "names no setpoint"),
    ],
)
def test_a_topic_the_file_does_not_name_is_refused(topic: str, said: str) -> None:
    assert said in CHECKER.objection(topic, json.dumps(command()).encode())


@pytest.mark.parametrize("value", [17.9, 25.1, -22.0, 1e308, 0.0])
def test_a_value_outside_the_file_is_refused(value: float) -> None:
    assert "is outside" in objection(command(value))


@pytest.mark.parametrize("value", ["22", None, True, [22], {"v": 22}, 10**400])
def test_a_value_that_is_no_number_is_refused(value: object) -> None:
    assert "is no number" in objection(command(value))


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_word_for_no_number_is_refused(word: str) -> None:
    payload = json.dumps(command("@")).replace('"@"', word).encode()
    assert "is no number" in CHECKER.objection(f"{ROOT}/_cmd/{H1}", payload)


@pytest.mark.parametrize(
    ("unit", "point", "body"), [("K", H1, command()), ("degF", CHW, command(10.0)), ("", H1, command())]
)
def test_a_temperature_in_another_unit_is_refused(unit: str, point: str, body: dict[str, Any]) -> None:
    assert objection(body | {"u": unit}, point) == f"the unit is {unit!r}, it must be 'degC'"


def test_a_mode_has_no_unit() -> None:
    assert objection(switch(1) | {"u": "degC"}, UPS_B) == "the unit is 'degC', it must be '1'"


@pytest.mark.parametrize("value", [0.5, 1.0000001])
def test_half_a_mode_is_refused(value: float) -> None:
    assert objection(switch(value), UPS_B) != ""


@pytest.mark.parametrize(
    "expires",
    ["2026-07-15T12:00:00.000Z", "2026-07-15T11:59:59.000Z", "2026-07-15T12:03:00.002Z", "2027-01-01T00:00:00.000Z"],
)
def test_a_lease_that_is_over_or_longer_than_the_file_allows_is_refused(expires: str) -> None:
    assert "allowed are 180 s" in objection(command(expires=expires))


@pytest.mark.parametrize("expires", ["soon", "", None, 5, "2026-07-15T12:03:00"])
def test_an_end_that_is_no_time_is_refused(expires: object) -> None:
    assert objection(command(expires=expires)).startswith("no times")


@pytest.mark.parametrize("mode", ["shadow", "advise", "", None])
def test_only_control_writes(mode: object) -> None:
    assert "does not let this setpoint be controlled" in objection(command(mode=mode))


def bounded(value: float, **changed: object) -> dict[str, Any]:
    return command(value) | {"mode": "bounded"} | changed


def test_what_is_bounded_is_near_the_sites_own_or_comes_down() -> None:
    assert objection(bounded(22.3)) == ""
    assert objection(bounded(23.0, prev=23.0)) == ""
    assert objection(bounded(23.1, prev=23.0)) == "23.1 is above 23, and bounded"
    assert objection(bounded(23.8, prev=24.0)) == ""
    wider = Checker(LIMITS_FILE.replace(b"local = 22", b"local = 22\nbounded_span_k = 2"), ROOT)
    said = json.dumps(bounded(23.1, prev=23.0)).encode()
    assert "and bounded" not in wider.objection(f"{ROOT}/_cmd/{H1}", said)


def test_a_ceiling_of_bounded_lets_nothing_else_pass() -> None:
    file = LIMITS_FILE.replace(b'ceiling = "control"', b'ceiling = "bounded"')
    checker = Checker(file, ROOT)
    cited = {"limits": sha256(file).hexdigest()[:16]}

    def said(body: dict[str, Any]) -> str:
        return checker.objection(f"{ROOT}/_cmd/{H1}", json.dumps(body | cited).encode())

    assert said(bounded(22.3)) == ""
    assert "its ceiling is bounded" in said(command(22.3))


def test_a_setpoint_whose_ceiling_is_below_control_is_never_written() -> None:
    assert "does not let this setpoint be controlled" in objection(switch(1), UPS_A)


def test_a_command_under_other_limits_is_refused() -> None:
    assert objection(command(limits="0" * 16)) == f"cites limits {'0' * 16}, the file is {HASH}"
    edited = Checker(LIMITS_FILE.replace(b"high = 25", b"high = 24"), ROOT)
    assert "cites limits" in edited.objection(f"{ROOT}/_cmd/{H1}", json.dumps(command()).encode())


@pytest.mark.parametrize(
    ("before", "value", "fine"), [(22.0, 22.3, True), (22.0, 22.5, False), (20.0, 22.0, False), (-999.0, 24.0, False)]
)
def test_within_one_lease_nothing_rises_faster_than_the_file_allows(before: float, value: float, fine: bool) -> None:
    said = objection(command(value, prev=before))  # three minutes at 0.1 K/min
    assert (said == "") == fine
    if not fine:
        assert said == f"rises from {before:g} to {value:g}, at most 0.3 within one lease"


def test_cooling_may_be_sudden() -> None:
    assert objection(command(18.0, prev=25.0)) == ""


@pytest.mark.parametrize("before", [None, "22", True, 10**400])
def test_a_command_says_what_it_replaces(before: object) -> None:
    assert objection(command(prev=before)) == "prev is no number"


@pytest.mark.parametrize("name", ["seq", "epoch"])
@pytest.mark.parametrize("value", [-1, 1.0, "1", True, None])
def test_numbers_that_order_commands_are_whole(name: str, value: object) -> None:
    assert objection(command(**{name: value})) == "seq and epoch must be whole numbers"


@pytest.mark.parametrize("name", ["lease", "decision"])
def test_a_command_names_its_lease_and_its_decision(name: str) -> None:
    assert objection(command(**{name: ""})) == "a command names its lease and its decision"
    assert objection(release(**{name: ""})) == "a command names its lease and its decision"


@pytest.mark.parametrize("body", [command(), release()], ids=["command", "release"])
def test_fields_are_those_of_the_contract_no_more_no_fewer(body: dict[str, Any]) -> None:
    for name in body:
        fewer = {key: value for key, value in body.items() if key != name}
        assert "they must be" in objection(fewer)
    assert "they must be" in objection(body | {"retain": True})


def test_a_release_cannot_smuggle_a_value() -> None:
    assert "they must be" in objection(release(v=25.0))
    assert "they must be" in objection(command(release=True))


def test_a_field_said_twice_is_refused() -> None:
    payload = json.dumps(command()).replace('"v": 22.1', '"v": 99, "v": 22.1').encode()
    assert CHECKER.objection(f"{ROOT}/_cmd/{H1}", payload) == "not JSON: a field is said twice"


def test_more_bytes_than_a_command_has_are_refused() -> None:
    assert objection(command(decision="d" * MAX_BYTES)).endswith("bytes are no command")


@pytest.mark.parametrize("payload", [b"", b"22.1", b"[]", b"null", b"\xff\xfe", b"{", b"[" * 2000, b'{"a":' * 400])
def test_bytes_that_are_no_object_are_refused_and_never_raise(payload: bytes) -> None:
    assert CHECKER.objection(f"{ROOT}/_cmd/{H1}", payload) != ""


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None, derandomize=True)
@given(changed=st.dictionaries(st.sampled_from(sorted(command())), anything, min_size=1, max_size=3))
def test_whatever_stands_in_a_field_is_judged_and_only_sound_commands_pass(changed: dict[str, Any]) -> None:
    body = command() | changed
    if objection(body) == "":
        assert 18.0 <= body["v"] <= 25.0
        assert (body["u"], body["mode"], body["limits"]) == ("degC", "control", HASH)
        assert body["v"] <= body["prev"] + 0.3 + 1e-6


@settings(deadline=None, derandomize=True)
@given(payload=st.binary(max_size=300))
def test_whatever_the_bytes_nothing_is_raised(payload: bytes) -> None:
    assert CHECKER.objection(f"{ROOT}/_cmd/{H1}", payload) != ""


def test_a_file_that_cannot_be_read_makes_no_checker() -> None:
    with pytest.raises(tomllib.TOMLDecodeError):
        Checker(b"[lease", ROOT)
    with pytest.raises(KeyError):
        Checker(b"", ROOT)


def test_the_checker_shares_no_code_with_what_it_checks() -> None:
    tree = ast.parse(Path(checker_module.__file__).read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not [name for name in imported if name.split(".")[0] in {"twin", "controllers"}]


def test_the_shipped_files_make_a_checker() -> None:
    for site in ("demo", "site.example", "site.full"):
        content = (Path(__file__).parents[3] / "configs" / site / "limits.toml").read_bytes()
        assert Checker(content, ROOT).objection(f"{ROOT}/_cmd/none/such", b"{}") != ""
