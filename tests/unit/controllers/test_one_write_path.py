"""There is one way to a command topic: the guard's seal, then the link's `send_sealed`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import FrozenInstanceError, replace
from functools import cache
from pathlib import Path

import pytest

from controllers.guard.checker import Checker
from controllers.guard.seal import seal
from controllers.wire import advice_payload, command_expiry_s, command_payload
from tests.support.states import LIMITS_FILE, ROOT, T0_NS, reference_limits
from twin.adapters.mqtt import MqttLink
from twin.adapters.mqtt_settings import LinkSettings
from twin.domain.clock import NS_PER_S, SystemClock
from twin.domain.commands import Command
from twin.domain.errors import SafetyBroken
from twin.domain.messages import MessageOut
from twin.domain.sealed import SealedCommand, claim_key

REPOSITORY = Path(__file__).parents[3]
CHECKER = Checker(LIMITS_FILE, ROOT)


def a_command(value: float = 22.1) -> Command:
    return Command(
        actuator=0,
        asset="h1",
        point="supply_air_sp_c",
        value=value,
        unit="degC",
        seq=5,
        epoch=3,
        lease="3.1",
        issued_ns=T0_NS,
        expires_ns=T0_NS + 180 * NS_PER_S,
        mode="control",
        decision="3-100-0",
        prev=22.0,
        limits_hash=reference_limits().hash,
    )


def a_sealed_command() -> SealedCommand:
    sealed = seal(a_command(), ROOT, CHECKER)
    assert isinstance(sealed, SealedCommand)
    return sealed


# --- the seal
def test_a_sound_command_is_sealed_as_the_bytes_that_were_looked_at() -> None:
    sealed = a_sealed_command()
    assert sealed.topic == "dc/reference/_cmd/h1/supply_air_sp_c"
    assert sealed.payload == command_payload(a_command())
    assert sealed.expiry_s == 180
    assert CHECKER.objection(sealed.topic, sealed.payload) == ""


def test_an_unsound_command_is_not_sealed_and_the_reason_is_told() -> None:
    assert seal(a_command(25.5), ROOT, CHECKER) == "25.5 is outside 18 to 25"
    assert seal(a_command(float("nan")), ROOT, CHECKER) == "the value None is no number"
    assert "cites limits" in str(seal(replace(a_command(), limits_hash="other"), ROOT, CHECKER))
    assert "names no setpoint" in str(seal(replace(a_command(), point="fan_sp"), ROOT, CHECKER))


def test_a_release_is_sealed_too_and_kept_by_the_broker_as_long_as_its_lease() -> None:
    sealed = seal(replace(a_command(), release=True), ROOT, CHECKER)
    assert isinstance(sealed, SealedCommand)
    assert b'"release":true' in sealed.payload


@pytest.mark.parametrize(("lease_s", "kept_s"), [(180.0, 180), (0.4, 1), (179.2, 180), (-5.0, 1)])
def test_a_broker_forgets_a_command_when_its_lease_ends(lease_s: float, kept_s: int) -> None:
    command = replace(a_command(), expires_ns=T0_NS + round(lease_s * NS_PER_S))
    assert command_expiry_s(command) == kept_s


def test_nobody_else_can_make_a_sealed_command() -> None:
    for key in (None, object(), "key", type("_Key", (), {})()):
        with pytest.raises(SafetyBroken, match="without passing the guard"):
            SealedCommand(key, a_command(), "t", b"{}", 180)  # type: ignore[arg-type]


def test_the_key_is_given_once() -> None:
    with pytest.raises(SafetyBroken, match="a second part"):
        claim_key()


def test_a_sealed_command_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        a_sealed_command().payload = b"{}"  # type: ignore[misc]


def test_advice_carries_the_fields_of_a_command() -> None:
    assert advice_payload(a_command()) == command_payload(a_command())


# --- the source
@cache
def nodes() -> dict[str, tuple[ast.AST, ...]]:
    """Every node of every file of ours that may call, name or import something."""
    kept = (ast.Call, ast.Name, ast.alias)
    files = sorted([*(REPOSITORY / "twin").rglob("*.py"), *(REPOSITORY / "controllers").rglob("*.py")])
    return {
        path.relative_to(REPOSITORY).as_posix(): tuple(
            node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, kept)
        )
        for path in files
    }


def files_that(does: Callable[[ast.AST], bool]) -> list[str]:
    return [name for name, found in nodes().items() if any(does(node) for node in found)]


def calls(name: str) -> Callable[[ast.AST], bool]:
    return lambda node: (
        isinstance(node, ast.Call)
        and name
        in {
            getattr(node.func, "id", None),
            getattr(node.func, "attr", None),
        }
    )


def mentions(name: str) -> Callable[[ast.AST], bool]:
    return lambda node: (
        (isinstance(node, ast.Name) and node.id == name)
        or (isinstance(node, ast.alias) and name in {node.name, node.asname})
    )


def test_only_the_seal_makes_sealed_commands() -> None:
    assert files_that(calls("SealedCommand")) == ["controllers/guard/seal.py"]
    assert files_that(calls("claim_key")) == ["controllers/guard/seal.py"]
    assert files_that(mentions("_Key")) == ["twin/domain/sealed.py"]


def test_only_the_seal_makes_command_bytes_and_their_topic() -> None:
    assert files_that(calls("command_topic")) == ["controllers/guard/seal.py"]
    assert files_that(calls("command_payload")) == ["controllers/guard/seal.py"]


def mqtt_methods() -> dict[str, ast.AsyncFunctionDef | ast.FunctionDef]:
    tree = ast.parse((REPOSITORY / "twin" / "adapters" / "mqtt.py").read_text(encoding="utf-8"))
    link = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "MqttLink")
    return {node.name: node for node in link.body if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)}


def callers(called: str) -> set[str]:
    """Methods of the link that call something by its full dotted name."""
    return {
        name
        for name, method in mqtt_methods().items()
        if any(isinstance(node, ast.Call) and ast.unparse(node.func) == called for node in ast.walk(method))
    }


def test_the_link_has_two_ways_to_the_broker_and_one_of_them_refuses_command_topics() -> None:
    reaching = callers("client._client.publish")
    assert len(reaching) == 1
    while not reaching >= (found := set().union(*(callers(f"self.{name}") for name in reaching if name[0] == "_"))):
        reaching |= found
    assert {name for name in reaching if name[0] != "_"} == {"publish_many", "send_sealed"}
    assert callers("self.publish_many") == {"publish"}
    assert "_COMMANDS in message.topic" in ast.unparse(mqtt_methods()["publish_many"])


def test_nobody_but_the_link_holds_a_client_that_could_publish() -> None:
    assert files_that(calls("Client")) == ["twin/adapters/mqtt_client.py"]
    assert files_that(mentions("client_for")) == ["twin/adapters/mqtt.py"]
    assert files_that(calls("_packet_queue")) == ["twin/adapters/mqtt_reading.py"]  # a PUBACK


# --- the link
class Overheard(MqttLink):
    """A link without a broker that keeps what it would send."""

    def __init__(self) -> None:
        super().__init__(LinkSettings("127.0.0.1", 1, "test"), (), SystemClock())
        self.sent: list[tuple[str, bytes, int, bool, int | None]] = []

    async def _publish(self, messages: Sequence[tuple[str, bytes, int, bool, int | None]]) -> None:
        self.sent += messages


async def test_a_message_for_a_command_topic_is_refused_and_nothing_of_its_batch_is_sent() -> None:
    link = Overheard()
    fine, forbidden = MessageOut("dc/x/_twin/cycle", b"{}"), MessageOut("dc/x/_cmd/h1/supply_air_sp_c", b"{}")
    with pytest.raises(SafetyBroken):
        await link.publish_many((fine, forbidden))
    with pytest.raises(SafetyBroken):
        await link.publish(forbidden)
    assert link.sent == []


async def test_a_command_leaves_with_qos_1_never_retained_and_with_its_end() -> None:
    link, sealed = Overheard(), a_sealed_command()
    await link.send_sealed((sealed,))
    assert link.sent == [(sealed.topic, sealed.payload, 1, False, 180)]


async def test_something_that_only_looks_like_a_sealed_command_is_refused() -> None:
    link = Overheard()
    with pytest.raises(SafetyBroken):
        await link.send_sealed((a_sealed_command(), a_command()))  # type: ignore[arg-type]
    assert link.sent == []
