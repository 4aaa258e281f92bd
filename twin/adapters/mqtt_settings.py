"""How one MQTT connection is to be made: plain values, and the TLS context they ask for."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Tls:
    """How the broker proves who it is, and we to it."""

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    insecure: bool = False


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """One connection. `session_expiry_s` 0 keeps no session; `silence_s` is how long nothing at all may arrive.

    `patience_s` is how long a publication waits for a link that is down.
    """

    host: str
    port: int
    client_id: str
    username: str = ""
    password: str = ""
    tls: Tls | None = None
    mqtt5: bool = True
    keepalive_s: int = 10
    timeout_s: float = 10.0
    session_expiry_s: int = 0
    silence_s: float = 0.0
    patience_s: float = 0.0

    def __repr__(self) -> str:
        return f"LinkSettings({self.host!r}, {self.port}, client_id={self.client_id!r})"


def tls_context(tls: Tls) -> ssl.SSLContext:
    """Raises: OSError: a file cannot be read. ssl.SSLError: it holds no certificate or key."""
    context = ssl.create_default_context(cafile=str(tls.ca_file) if tls.ca_file else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls.cert_file and tls.key_file:
        context.load_cert_chain(tls.cert_file, tls.key_file)
    if tls.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
