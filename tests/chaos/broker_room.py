"""The broker as it is shipped: deploy/mosquitto, the access list of a site, and a password for every user."""

from __future__ import annotations

import re
import secrets
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.integration.mqtt.certificates import Authority
from tests.support.servers import START_S, free_port, required
from twin.shipped import shipped_deploy

ALL_SEEING = "all-seeing"  # the test's own user, which may do everything


class ShippedBroker:
    """A mosquitto with the shipped configuration: only paths, port and address are the test's."""

    def __init__(
        self, directory: Path, acl: str, more_users: Sequence[str] = (), passwords: Mapping[str, str] | None = None
    ) -> None:
        """`more_users` have a password and no rights; `passwords` instead of those drawn here."""
        self.port = free_port()
        self.authority = Authority(directory)
        own = self.authority.sign("broker", "IP:127.0.0.1")
        users = [*re.findall(r"^user (.+)$", acl, re.MULTILINE), *more_users, ALL_SEEING]
        self.passwords = {user: secrets.token_hex(12) for user in users} | dict(passwords or {})
        self._log = directory / "mosquitto.log"
        acl_file = directory / "thermotwin.acl"
        acl_file.write_text(f"{acl}\nuser {ALL_SEEING}\ntopic readwrite #\n", encoding="utf-8")
        acl_file.chmod(0o640)
        password_file = directory / "thermotwin.passwd"
        password_file.write_text("".join(f"{user}:{word}\n" for user, word in self.passwords.items()), "utf-8")
        password_file.chmod(0o600)
        subprocess.run([required("mosquitto_passwd", "mosquitto"), "-U", str(password_file)], check=True)
        here = {
            "listener 8883": f"listener {self.port} 127.0.0.1",
            "/etc/mosquitto/certs/broker.crt": str(own.cert_file),
            "/etc/mosquitto/certs/broker.key": str(own.key_file),
            "/etc/mosquitto/thermotwin.passwd": str(password_file),
            "/etc/mosquitto/thermotwin.acl": str(acl_file),
            "/var/lib/mosquitto/": f"{directory}/",
            "log_dest syslog": f"log_dest file {self._log}\nuser root",
        }
        text = (shipped_deploy("mosquitto") / "mosquitto.conf").read_text(encoding="utf-8")
        for theirs, ours in here.items():
            assert text.count(theirs) >= 1, theirs
            text = text.replace(theirs, ours)
        self._config = directory / "mosquitto.conf"
        self._config.write_text(text, encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it listens."""
        self._process = subprocess.Popen(
            [required("mosquitto", "mosquitto"), "-c", str(self._config)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        give_up_s = time.monotonic() + START_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=START_S).close()
                return
            except ConnectionError:
                if time.monotonic() > give_up_s or self._process.poll() is not None:
                    raise RuntimeError(f"mosquitto did not start: {self.said()}") from None
                time.sleep(0.005)

    def stop(self) -> None:
        """End it, if it runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def said(self) -> str:
        return self._log.read_text(encoding="utf-8") if self._log.exists() else "nothing in its log"
