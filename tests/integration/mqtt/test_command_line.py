"""`twin broker` as a process, and the clients everybody has: mosquitto_pub and mosquitto_sub."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.integration.mqtt.peer import Peer, Refused, numbered
from tests.integration.mqtt.wire import V5
from tests.support.servers import required

PATIENCE_S = 15.0
TWIN_BROKER = (sys.executable, "-m", "twin", "broker")

protocols = pytest.mark.parametrize("protocol", ["5", "mqttv311"])


@pytest.fixture
def pub() -> str:
    return required("mosquitto_pub", "mosquitto-clients")


@pytest.fixture
def sub() -> str:
    return required("mosquitto_sub", "mosquitto-clients")


@asynccontextmanager
async def a_process(*words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that does not outlive the block."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe, stderr=pipe)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@asynccontextmanager
async def twin_broker(*words: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """`twin broker --port 0 --json` as a process, and its port."""
    async with a_process(*TWIN_BROKER, "--port", "0", "--json", *words) as process:
        address = json.loads(await line(process))
        assert address["host"] == "127.0.0.1"
        yield process, address["port"]


async def line(process: asyncio.subprocess.Process) -> bytes:
    """The next line it prints."""
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        return (await process.stdout.readline()).rstrip(b"\n")


async def publish(pub: str, port: int, protocol: str, *words: str, given: bytes = b"") -> int:
    """Run mosquitto_pub to its end. Returns: its exit code."""
    async with a_process(pub, "-p", str(port), "-V", protocol, *words) as process, asyncio.timeout(PATIENCE_S):
        await process.communicate(given)
        assert process.returncode is not None
        return process.returncode


@asynccontextmanager
async def subscriber(sub: str, pub: str, port: int, protocol: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """mosquitto_sub, subscribed: it has printed the retained message that was there before it."""
    assert await publish(pub, port, protocol, "-t", "t/ready", "-m", "ready", "-r", "-q", "1") == 0
    async with a_process(sub, "-p", str(port), "-V", protocol, "-t", "t/#", "-q", "1") as process:
        assert await line(process) == b"ready"
        yield process


@protocols
async def test_500_lines_through_mosquitto_pub_arrive_at_mosquitto_sub(pub: str, sub: str, protocol: str) -> None:
    async with twin_broker() as (_, port), subscriber(sub, pub, port, protocol) as process:
        lines = b"\n".join(numbered(500)) + b"\n"
        assert await publish(pub, port, protocol, "-t", "t/lines", "-l", "-q", "1", given=lines) == 0
        assert [await line(process) for _ in range(500)] == numbered(500)


@protocols
async def test_messages_wait_for_a_mosquitto_sub_that_keeps_its_session(pub: str, sub: str, protocol: str) -> None:
    session = ["-i", "kept", "-c", *(["-x", "3600"] if protocol == "5" else [])]
    async with twin_broker() as (_, port):
        words = ["-p", str(port), "-V", protocol, "-t", "t/#", "-q", "1", *session]
        async with a_process(sub, *words, "-E") as once:  # -E: subscribe and leave
            assert await once.wait() == 0
        assert await publish(pub, port, protocol, "-t", "t/x", "-l", "-q", "1", given=b"1\n2\n3\n") == 0
        async with a_process(sub, *words, "-C", "3") as process:
            assert [await line(process) for _ in range(3)] == [b"1", b"2", b"3"]
            assert await process.wait() == 0


@protocols
async def test_mosquitto_pub_leaves_its_will_when_it_is_killed(pub: str, sub: str, protocol: str) -> None:
    async with twin_broker() as (_, port), subscriber(sub, pub, port, protocol) as process:
        will = ["--will-topic", "t/will", "--will-payload", "gone", "--will-qos", "1"]
        async with a_process(pub, "-p", str(port), "-V", protocol, "-t", "t/live", "-l", "-q", "1", *will) as talker:
            assert talker.stdin is not None
            talker.stdin.write(b"here\n")
            assert await line(process) == b"here"
            talker.kill()
            assert await line(process) == b"gone"


async def test_a_login_is_asked_for_when_the_command_line_names_one(pub: str, tmp_path: Path) -> None:
    password_file = tmp_path / "password"
    password_file.write_text("s3cret\n", encoding="utf-8")
    password_file.chmod(0o600)
    login = ("--username", "plant", "--password-file", str(password_file))
    async with twin_broker(*login) as (_, port):
        assert await publish(pub, port, "5", "-t", "t", "-m", "x", "-q", "1", "-u", "plant", "-P", "s3cret") == 0
        assert await publish(pub, port, "5", "-t", "t", "-m", "x", "-q", "1", "-u", "plant", "-P", "wrong") != 0
        with pytest.raises(Refused):
            await Peer.connect(port, "a", V5)


async def test_faults_can_be_ordered_from_a_shell(pub: str, sub: str) -> None:
    async with twin_broker("--faults") as (_, port), subscriber(sub, pub, port, "5") as process:
        order = '{"kind": "drop", "topic": "t/lost", "count": 1}'
        assert await publish(pub, port, "5", "-t", "$SYS/faults/add", "-m", order, "-q", "1") == 0
        for _ in range(2):
            assert await publish(pub, port, "5", "-t", "t/lost", "-m", "lost once", "-q", "1") == 0
        assert await publish(pub, port, "5", "-t", "t/end", "-m", "end", "-q", "1") == 0
        assert [await line(process) for _ in range(2)] == [b"lost once", b"end"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_with_a_goodbye(number: signal.Signals) -> None:
    async with twin_broker() as (process, port), await Peer.connect(port, "a", V5) as peer:
        process.send_signal(number)
        assert await peer.closed() == 0x8B
        async with asyncio.timeout(PATIENCE_S):
            assert await process.wait() == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [(("--host", "0.0.0.0"), 2), (("--username", "plant"), 2)],
    ids=["not loopback", "half a login"],
)
async def test_a_wrong_command_line_is_refused_with_a_reason(words: tuple[str, ...], code: int) -> None:
    async with a_process(*TWIN_BROKER, "--port", "0", *words) as process:
        _, said = await process.communicate()
        assert process.returncode == code
        assert b"twin broker:" in said
        assert b"fix:" in said
