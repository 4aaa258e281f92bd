"""Three daemons, given secrets in every way there is, at DEBUG level, while everything around them goes wrong."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from tests.chaos import clumsy
from tests.chaos.broker_room import ALL_SEEING, ShippedBroker
from tests.chaos.canaries import files_of
from tests.chaos.chains import Chains
from tests.chaos.echo_sink import ANSWERS, EchoSink, an_echo_sink
from tests.chaos.guests import Guest
from tests.chaos.planted import Environment, Planted, by_environment, by_files, by_systemd
from tests.chaos.site import SENSORS, gateway_topic, loaded_site
from tests.support.processes import Running, twin_environment, wait_until
from tests.support.servers import free_port
from twin.sitefile.acl import acl_text
from twin.sitefile.load import load_site

REFUSED = "Not authorized"
STARTS_S = 180.0  # three at once, and perhaps all their kernels to compile
OUTSIDE = 2  # daemons whose lines get as far as the sink


class Clumsy(Running):
    """The product with its two defects."""

    def __init__(self, *args: str, env: Mapping[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as err:
            command = [sys.executable, "-m", "tests.chaos.clumsy", *args]
            self._process = subprocess.Popen(command, env=dict(env), stdout=subprocess.PIPE, stderr=err, text=True)
        self.started_s = time.monotonic()
        self.started.append(self)


def fault_run(directory: Path) -> Planted:
    """Run the daemons through it, and gather what they leave."""
    directory.mkdir()
    planted = Planted()
    site, chains = loaded_site(directory / "site"), Chains(directory / "chains")
    with an_echo_sink() as sink:
        environment = by_environment(planted, chains, sink.url)
        files, all_seeing = by_files(planted, chains, directory / "secrets", sink.url, ALL_SEEING)
        systemd, twins = by_systemd(planted, chains, directory / "credentials", sink.url)
        room = directory / "broker"
        room.mkdir()
        broker = ShippedBroker(room, acl_text(load_site(site)), (), {"twin": twins, ALL_SEEING: all_seeing})
        ports: dict[str, int] = {}
        daemons: dict[str, Running] = {}
        for name, given in {"environment": environment, "files": files, "systemd": systemd}.items():
            ports[name] = free_port()
            daemons[name] = _started(name, given, ports[name], broker, site, directory)
        try:
            _troubles(planted, broker, sink, daemons, ports)
        finally:
            broker.stop()
    for path in ("environment", "files", "systemd"):
        planted.artefacts |= files_of(directory / path)
    return planted


def _started(name: str, given: Environment, http: int, broker: ShippedBroker, site: Path, directory: Path) -> Running:
    here = directory / name
    here.mkdir()
    env = twin_environment(
        here / "state",
        broker.port,
        TWIN_HTTP__PORT=str(http),
        TWIN_LOG__LEVEL="debug",
        TWIN_MQTT__TLS__ENABLED="true",
        TWIN_MQTT__TLS__CA_FILE=str(broker.authority.ca_file),
        **({"PYTHONDEVMODE": "1"} if name == "environment" else {"PYTHONFAULTHANDLER": "1"}),
        **given,
    )
    kind = Clumsy if name == "files" else Running
    return kind("run", "--site", str(site), "--record", str(here / "day.cassette"), env=env, log=here / "run.log")


def _troubles(
    planted: Planted, broker: ShippedBroker, sink: EchoSink, daemons: Mapping[str, Running], ports: Mapping[str, int]
) -> None:
    """No broker at first, then one that refuses; a sink that refuses and repeats; two crashes, and an orderly end."""
    for daemon in daemons.values():
        daemon.wait_for("no link to the broker", STARTS_S)
    broker.start()
    daemons["environment"].wait_for(REFUSED)
    for name in ("files", "systemd"):
        daemons[name].wait_for("connected")
    master = Guest(broker.port, broker.authority.ca_file, ALL_SEEING, broker.passwords[ALL_SEEING])
    master.listen("#")

    def told() -> bool:
        values = {f"s{sensor:02}": 1.0 for sensor in range(SENSORS)}
        now_ms = time.time_ns() // 1_000_000
        master.say(gateway_topic(0), json.dumps({"timestamp": now_ms, "values": values}).encode())
        time.sleep(0.2)
        refused = [times for times in dict(sink.heard).values() if times >= len(ANSWERS)]
        return len(refused) == OUTSIDE and clumsy.IN_HTTP in daemons["files"].said()

    wait_until(told, "the sinks have refused everything")
    for name, port in ports.items():
        planted.artefacts |= {f"{name}{path}": _page(port, path) for path in ("/metrics", "/healthz", "/readyz")}
        planted.artefacts |= _process(name, daemons[name].pid)
    master.say("dc/demo/_op/mode", b'{"mode": "shadow", "by": "night shift", "reason": "a drill"}')
    ended = {"files": daemons["files"].ended()}
    resource.prlimit(daemons["environment"].pid, resource.RLIMIT_CORE, (0, 0))
    ended["environment"] = daemons["environment"].end(signal.SIGABRT)
    ended["systemd"] = daemons["systemd"].end()
    planted.artefacts["heard over MQTT"] = b"\n".join(f"{t} ".encode() + p for t, p, _ in master.heard)
    planted.artefacts |= {f"{name}: stdout": end.out.encode() for name, end in ended.items()}
    master.leave()
    assert clumsy.IN_LOOP in ended["files"].err
    assert ended["files"].code == 1
    assert "Fatal Python error: Aborted" in ended["environment"].err
    assert ended["systemd"].code == 0


def _page(port: int, path: str) -> bytes:
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            body: bytes = answer.read()
    except HTTPError as error:
        body = error.read()
    assert body
    return body


def _process(name: str, pid: int) -> dict[str, bytes]:
    """What everybody on the machine may see of it."""
    open_files = Path(f"/proc/{pid}")
    return {f"{name}: {part}": (open_files / part).read_bytes() for part in ("cmdline", "comm", "stat", "status")}
