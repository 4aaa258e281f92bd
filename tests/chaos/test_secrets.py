"""A secret is given to the daemon alone: it is in nothing that the daemon says, writes or leaves behind."""

from __future__ import annotations

import base64
import sqlite3
import zlib
from collections.abc import Callable
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from typer.testing import CliRunner

from tests.chaos.canaries import Canary, files_of, hits
from tests.chaos.chains import Chains
from tests.chaos.leaks import fault_run
from tests.chaos.misplaced import MISPLACED, only, refuse_all
from tests.chaos.planted import Planted, by_environment, by_files, by_systemd
from tests.chaos.promise import Promise
from tests.support.processes import Running, twin_environment, wait_until
from tests.support.servers import free_port
from twin.adapters.influx import InfluxWriter
from twin.cli.main import app
from twin.daemon.wiring import link_settings
from twin.settings import load_settings
from twin.shipped import shipped_config

pytestmark = pytest.mark.mosquitto

LEAST = 20


def test_r24_secrets_stay_where_they_were_put(tmp_path: Path, promised: Callable[..., None]) -> None:
    planted = fault_run(tmp_path / "run")
    let_in = refuse_all(tmp_path / "misplaced", planted)
    shown(tmp_path / "shown", planted)
    the_brokers_own(tmp_path / "twin-broker", planted)
    found = hits(planted.canaries, planted.artefacts)
    n = len(planted.canaries)
    promised(
        Promise("R24", n, len(found), "0 hits", not found and not let_in and n >= LEAST),
        misplaced_and_refused=len(MISPLACED) - len(let_in),
        artefacts=len(planted.artefacts),
        bytes=sum(map(len, planted.artefacts.values())),
        found=str(found[:10]),
        let_in=str(let_in),
    )


def shown(directory: Path, planted: Planted) -> None:
    """What `twin config show` prints of secrets that are in force, and how the objects that hold them look."""
    chains = Chains(directory / "chains")
    url = "http://127.0.0.1:8086"
    for variables in (
        by_environment(planted, chains, url),
        by_files(planted, chains, directory / "secrets", url, "twin")[0],
        by_systemd(planted, chains, directory / "credentials", url)[0],
    ):
        tls = {"TWIN_MQTT__TLS__ENABLED": "true", "TWIN_MQTT__TLS__CA_FILE": str(chains.ca_file)}
        with only({**variables, **tls}):
            settings = load_settings()
            for options in ([], ["--json"]):
                site = ["--site", str(shipped_config("demo"))]
                answer = CliRunner().invoke(app, ["config", "show", *site, *options])
                assert answer.exit_code == 0, answer.output
                assert "***" in answer.output
                planted.artefacts[f"shown {len(planted.artefacts)}"] = answer.output.encode()
        link = link_settings(settings.mqtt, "twin", session_expiry_s=0)
        token = settings.influx.token.get_secret_value()
        assert link.password in {canary.value for canary in planted.canaries}
        writer = InfluxWriter(url=url, token=token, org="o", bucket="b")
        looks = [*(f"{thing!r} {thing}" for thing in (settings, settings.mqtt, link, link.tls, writer))]
        looks += [settings.model_dump_json(), str(settings.model_dump()), str(settings.__dict__)]
        planted.artefacts[f"looks {len(planted.artefacts)}"] = "\n".join(looks).encode()


def the_brokers_own(directory: Path, planted: Planted) -> None:
    """The password of `twin broker`, and of somebody who guesses."""
    planted.plant_file("twin broker --password-file", directory, "password")
    port = free_port()
    words = ("broker", "--port", str(port), "--username", "twin", "--password-file", str(directory / "password"), "-v")
    broker = Running(*words, env=twin_environment(directory, port), log=directory / "log")
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.username_pw_set("twin", planted.plant("guessed at twin broker"))
    wait_until(lambda: _connected(client, port), "twin broker listens")
    client.loop(timeout=1.0)
    planted.artefacts["twin broker: cmdline"] = Path(f"/proc/{broker.pid}/cmdline").read_bytes()
    ended = broker.end()
    planted.artefacts["twin broker: said"] = f"{ended.out}{ended.err}".encode()


def _connected(client: paho.Client, port: int) -> bool:
    try:
        client.connect("127.0.0.1", port)
    except ConnectionError:
        return False
    return True


@pytest.mark.parametrize("form", ["plain", "hex", "base64", "in a zipped column"])
def test_a_canary_that_got_out_is_found(tmp_path: Path, form: str) -> None:
    canary = Canary.fresh("a test")
    said = f"user twin, password {canary.value}, and more".encode()
    if form == "in a zipped column":
        database = sqlite3.connect(tmp_path / "spool.db")
        database.execute("CREATE TABLE blocks (body BLOB)")
        database.execute("INSERT INTO blocks VALUES (?)", [zlib.compress(said * 10)])
        database.commit()
        database.close()
    else:
        shown_as = {"plain": said, "hex": said.hex().encode(), "base64": base64.b64encode(said)}[form]
        (tmp_path / "log").write_bytes(shown_as)
    assert hits([canary], files_of(tmp_path))
