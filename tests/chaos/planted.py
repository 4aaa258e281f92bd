"""Secrets as they are handed to a daemon: in how many ways that can be done, and the canary in each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.canaries import Canary
from tests.chaos.chains import Chains
from tests.integration.mqtt.certificates import Certificate

Environment = Mapping[str, str]


@dataclass(slots=True)
class Planted:
    """What was given, and what was left behind."""

    canaries: list[Canary] = field(default_factory=list)
    artefacts: dict[str, bytes] = field(default_factory=dict)

    def plant(self, way: str) -> str:
        """A fresh secret that goes this way."""
        self.canaries.append(Canary.fresh(way))
        return self.canaries[-1].value

    def plant_file(self, way: str, directory: Path, name: str, mode: int = 0o600) -> str:
        """A fresh secret in a file."""
        secret = self.plant(way)
        directory.mkdir(parents=True, exist_ok=True)
        file = directory / name
        file.write_text(f"{secret}\n", encoding="utf-8")
        file.chmod(mode)
        return secret

    def note_key(self, way: str, key_file: Path) -> None:
        """The key itself is a secret: a piece from the middle of it."""
        line = key_file.read_text(encoding="utf-8").splitlines()[2]
        self.canaries.append(Canary(way, line[8:32]))


def by_environment(planted: Planted, chains: Chains, sink_url: str) -> Environment:
    """Everything in variables, the broker's whole group as one of them; the broker knows another password."""
    locked = _locked(planted, chains, "environment: TLS key password", "TLS key that is locked")
    mqtt = {"username": "twin", "password": planted.plant("environment: mqtt as JSON"), "client_id": "environment"}
    return {
        "TWIN_MQTT": json.dumps(mqtt),
        "TWIN_INFLUX__URL": sink_url,
        "TWIN_INFLUX__TOKEN": planted.plant("environment: token"),
        "TWIN_MQTT__TLS__CERT_FILE": str(locked[0].cert_file),
        "TWIN_MQTT__TLS__KEY_FILE": str(locked[0].key_file),
        "TWIN_MQTT__TLS__KEY_PASSWORD": locked[1],
    }


def by_files(planted: Planted, chains: Chains, directory: Path, sink_url: str, user: str) -> tuple[Environment, str]:
    """Everything in secret files, all in JSON log lines; the password as well."""
    password = planted.plant_file("file: mqtt__password", directory, "mqtt__password")
    planted.plant_file("file: influx__token", directory, "influx__token")
    locked, key_password = _locked(planted, chains, "file: mqtt__tls__key_password", "TLS key in a file")
    file = directory / "mqtt__tls__key_password"
    file.write_text(key_password, encoding="utf-8")
    file.chmod(0o400)
    return {
        "TWIN_SECRETS_DIR": str(directory),
        "TWIN_MQTT__USERNAME": user,
        "TWIN_MQTT__CLIENT_ID": "files",
        "TWIN_INFLUX__URL": sink_url,
        "TWIN_MQTT__TLS__CERT_FILE": str(locked.cert_file),
        "TWIN_MQTT__TLS__KEY_FILE": str(locked.key_file),
        "TWIN_LOG__JSON_LINES": "true",
    }, password


def by_systemd(planted: Planted, chains: Chains, directory: Path, sink_url: str) -> tuple[Environment, str]:
    """Credentials of systemd, with others below them that do not count, and a group as JSON; the password as well."""
    password = planted.plant_file("systemd: mqtt__password", directory, "mqtt__password", 0o440)
    planted.plant_file("systemd: influx__token", directory, "influx__token", 0o400)
    ours = chains.sign("systemd", "DNS:twin.example")
    key_file = directory / "broker.key"
    key_file.write_bytes(ours.key_file.read_bytes())
    key_file.chmod(0o440)
    planted.note_key("systemd: TLS key", key_file)
    return {
        "CREDENTIALS_DIRECTORY": str(directory),
        "TWIN_MQTT__USERNAME": "twin",
        "TWIN_MQTT__CLIENT_ID": "systemd",
        "TWIN_MQTT__PASSWORD": planted.plant("environment: password below a credential"),
        "TWIN_INFLUX": json.dumps({"url": sink_url, "token": planted.plant("environment: influx as JSON")}),
        "TWIN_MQTT__TLS__CERT_FILE": str(ours.cert_file),
        "TWIN_MQTT__TLS__KEY_FILE": str(key_file),
    }, password


def _locked(planted: Planted, chains: Chains, way: str, key: str) -> tuple[Certificate, str]:
    password = planted.plant(way)
    ours = chains.sign(f"client-{len(planted.canaries)}", "DNS:twin.example")
    planted.note_key(key, ours.key_file)
    return chains.lock(ours, password), password
