"""The product as its users run it: whole processes, a cable that can be cut, and an ear on the broker."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

import twin.kernels._jit  # noqa: F401  it says where compiled kernels are kept

PATIENCE_S = 60.0


def wait_until(true: Callable[[], bool], what: str, timeout_s: float = PATIENCE_S) -> float:
    """Wait for something outside this process; returns how long it took."""
    began_s = time.monotonic()
    while not true():
        if time.monotonic() - began_s > timeout_s:
            raise AssertionError(f"not within {timeout_s:g} s: {what}")
        time.sleep(0.02)
    return time.monotonic() - began_s


def twin_environment(state: Path, port: int, **more: str) -> dict[str, str]:
    """A clean environment that points every command at one broker and one state directory."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("TWIN_")}
    return ours | {
        "TWIN_STATE_DIR": str(state),
        "TWIN_MQTT__PORT": str(port),
        "TWIN_HTTP__PORT": "0",
        "NO_COLOR": "1",
        "NUMBA_CACHE_DIR": os.environ["NUMBA_CACHE_DIR"],  # the suite's own: a fresh state would compile anew
        **more,
    }


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    def last_json(self) -> Any:
        """The JSON document that ends stdout, whether on one line or on many."""
        text = self.out.strip()
        start = text.rfind("\n{")
        return json.loads(text[start + 1 :] if start >= 0 else text)


def run_twin(*args: str, env: Mapping[str, str], cwd: Path | None = None, timeout_s: float = 300.0) -> Ended:
    """Run one command to its end."""
    done = subprocess.run(
        _command(args), env=dict(env), cwd=cwd, capture_output=True, text=True, timeout=timeout_s, check=False
    )
    return Ended(done.returncode, done.stdout, done.stderr)


class Running:
    """A command that goes on until told. Its stderr is a file one may read while it runs."""

    started: ClassVar[list[Running]] = []

    def __init__(self, *args: str, env: Mapping[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as err:
            self._process = subprocess.Popen(
                _command(args), env=dict(env), stdout=subprocess.PIPE, stderr=err, text=True
            )
        self.started_s = time.monotonic()
        self.started.append(self)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def wait_for(self, words: str, timeout_s: float = PATIENCE_S) -> None:
        """Wait until it says something on stderr."""
        wait_until(lambda: words in self.said() or not self.alive, words, timeout_s)
        assert words in self.said(), self.said()

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def end(self, number: int = signal.SIGTERM, timeout_s: float = PATIENCE_S) -> Ended:
        """Send a signal and wait for the end."""
        if self.alive:
            self._process.send_signal(number)
        return self.ended(timeout_s)

    def ended(self, timeout_s: float = 300.0) -> Ended:
        """Wait for the end."""
        out, _ = self._process.communicate(timeout=timeout_s)
        return Ended(self._process.returncode, out, self.said())


def kill_what_is_left() -> None:
    """End what a failed test has left running."""
    while Running.started:
        left = Running.started.pop()
        if left.alive:
            left.end(signal.SIGKILL)


def _command(args: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "twin", *args]


@dataclass(frozen=True, slots=True)
class Heard:
    """One message, and when it was heard on the steady clock."""

    topic: str
    payload: bytes
    retain: bool
    at_s: float

    def json(self) -> Any:
        return json.loads(self.payload)


class Ear:
    """Hears everything a broker passes on, from a thread of its own."""

    def __init__(self, port: int, *topics: str) -> None:
        self.heard: list[Heard] = []
        self._ready = threading.Event()
        self._topics = topics or ("#",)
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self._client.on_connect = self._subscribe
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._hear
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self._ready.wait(PATIENCE_S)

    def under(self, part: str) -> list[Heard]:
        """Messages whose topic has this part."""
        return [message for message in list(self.heard) if part in message.topic]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _subscribe(self, client: paho.Client, *_: object) -> None:
        client.subscribe([(topic, 1) for topic in self._topics])

    def _hear(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        self.heard.append(Heard(message.topic, bytes(message.payload), message.retain, time.monotonic()))


class Cable:
    """A TCP cable to a port; cut, it swallows everything and says nothing, as a pulled plug does."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._whole = threading.Event()
        self._whole.set()
        self._closed = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._whole.clear()

    def mend(self) -> None:
        self._whole.set()

    def close(self) -> None:
        self._closed.set()
        self._whole.set()
        self._listener.close()

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        if not self._whole.is_set():
            # a new connection over a cut cable never gets an answer
            self._whole.wait()
        with near, socket.create_connection(("127.0.0.1", self._to_port)) as far:
            other = {near: far, far: near}
            while not self._closed.is_set():
                readable, _, _ = select.select([near, far], [], [], 0.1)
                if not self._whole.is_set():
                    # what was under way is lost, so the old connection does not come back with the cable
                    self._whole.wait()
                    return
                for end in readable:
                    try:
                        data = end.recv(65536)
                    except ConnectionError:  # one end was killed
                        return
                    if not data:
                        return
                    other[end].sendall(data)
