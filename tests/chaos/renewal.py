"""Certificates that are renewed, the broker's and ours, under a daemon that mirrors 2,000 points a second."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.chains import Chains
from tests.chaos.impostors import HERE
from tests.chaos.ledger import Account, Gateways, seal, settled, wait_for_all
from tests.chaos.site import loaded_site
from tests.integration.mqtt.certificates import Certificate
from tests.support.processes import Cable, Running, twin_environment, wait_until
from tests.support.servers import Mosquitto, free_port
from twin.historian.history import HistoryReader

UP_S = 1.5  # between two renewals
STARTS_S = 120.0  # with its kernels to compile
CUT_S = 0.5  # long enough for the cable to notice


@dataclass(frozen=True, slots=True)
class Renewed:
    """What a run came to. `links` is how often the daemon met a certificate it had not seen before."""

    account: Account
    renewals: int
    links: int
    refusals: int


class TlsBroker:
    """A broker that keeps everything: gateways come in plain, the daemon over TLS with a certificate of its own."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True)
        self.chains = Chains(directory / "chains")
        self.tls_port = free_port()
        self._made = 0
        self.shown, self.ours = (directory / f"{who}.pem" for who in ("broker", "daemon"))
        self._server = Mosquitto(
            directory,
            keeps="each change",
            extra=[
                f"listener {self.tls_port} 127.0.0.1",
                f"cafile {self.chains.ca_file}",
                f"certfile {self.shown}",
                f"keyfile {self.shown.with_suffix('.key')}",
                "require_certificate true",
            ],
        )
        self.port = self._server.port
        self.renew()

    def renew(self) -> None:
        """Lay new certificates in the place of the old ones, of the same authority."""
        self._made += 1
        for path, alternative in ((self.shown, HERE), (self.ours, "DNS:twin.example")):
            self._lay(self.chains.sign(f"{path.stem}-{self._made}", alternative), path)

    def serial(self) -> str:
        """Number of the certificate that a new connection is shown."""
        context = ssl.create_default_context(cafile=str(self.chains.ca_file))
        context.load_cert_chain(self.ours, self.ours.with_suffix(".key"))
        return asyncio.run(_serial(self.tls_port, context))

    def environment(self, port: int) -> Mapping[str, str]:
        """How the daemon gets in, through whatever stands before the broker at `port`."""
        return {
            "TWIN_MQTT__PORT": str(port),
            "TWIN_MQTT__TLS__ENABLED": "true",
            "TWIN_MQTT__TLS__CA_FILE": str(self.chains.ca_file),
            "TWIN_MQTT__TLS__CERT_FILE": str(self.ours),
            "TWIN_MQTT__TLS__KEY_FILE": str(self.ours.with_suffix(".key")),
        }

    def start(self) -> None:
        self._server.start()

    def restart(self) -> None:
        self._server.stop()
        self._server.start()

    def read_again(self) -> None:
        """Have it read its certificate again, without an end to any connection."""
        process = self._server._process
        assert process is not None
        os.kill(process.pid, signal.SIGHUP)

    def kill(self) -> None:
        self._server.kill()

    def _lay(self, certificate: Certificate, path: Path) -> None:
        for made, place in ((certificate.key_file, path.with_suffix(".key")), (certificate.cert_file, path)):
            fresh = place.with_name(f"{place.name}.new")
            shutil.copy(made, fresh)
            fresh.chmod(0o600)
            fresh.replace(place)


def run_of_renewals(directory: Path, times: int) -> Renewed:
    """Renew by SIGHUP and a cut cable, and by a restart of the broker, in turn."""
    broker = TlsBroker(directory / "broker")
    broker.start()
    cable = Cable(broker.tls_port)
    try:
        return _under(broker, cable, directory, times)
    finally:
        cable.close()
        broker.kill()


def _under(broker: TlsBroker, cable: Cable, directory: Path, times: int) -> Renewed:
    site = loaded_site(directory / "site", counted=True)
    env = twin_environment(directory / "state", broker.port, **broker.environment(cable.port))
    daemon = Running("run", "--site", str(site), env=env, log=directory / "run.log")
    daemon.wait_for("connected ", STARTS_S)
    gateways = Gateways(broker.port)
    seen = {broker.serial()}
    for number in range(times):
        time.sleep(UP_S)
        links = _links(daemon)
        broker.renew()
        if number % 2 == 0:
            broker.read_again()
            wait_until(lambda: broker.serial() not in seen, "the broker shows its new certificate")
            assert _links(daemon) == links, "the link that stood was ended"
            cable.cut()
            time.sleep(CUT_S)
            cable.mend()
        else:
            broker.restart()
        wait_until(lambda before=links: _links(daemon) > before, "the daemon is back")  # type: ignore[misc]
        seen.add(broker.serial())
    time.sleep(UP_S)
    ledger = gateways.stop()
    history = directory / "state" / "demo" / "history.db"
    wait_for_all(ledger, HistoryReader(history))
    assert daemon.end().code == 0
    asyncio.run(seal(history))
    refusals = daemon.said().count("certificate is refused")
    return Renewed(settled(ledger, HistoryReader(history)), times, len(seen) - 1, refusals)


async def _serial(port: int, context: ssl.SSLContext) -> str:
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    shown = writer.get_extra_info("peercert")
    writer.close()
    return str(shown["serialNumber"])


def _links(daemon: Running) -> int:
    return daemon.said().count("] connected ")
