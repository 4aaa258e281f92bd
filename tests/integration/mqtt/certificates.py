"""A throw-away certificate authority, made with the openssl command."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.servers import required

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True)
class Certificate:
    """A certificate and its key."""

    cert_file: Path
    key_file: Path


class Authority:
    """Signs certificates that are good for a day."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._openssl = required("openssl", "openssl")
        self.ca_file, self._ca_key = directory / "ca.pem", directory / "ca.key"
        self._run(
            "req", "-x509", *_KEY, "-keyout", self._ca_key, "-out", self.ca_file, "-days", "1",
            "-subj", "/CN=throw-away authority", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        )  # fmt: skip

    def sign(self, name: str, alternative: str, *more: str) -> Certificate:
        """A certificate for a server or a client; `alternative` is such as IP:127.0.0.1 or DNS:localhost.

        `more`: further extensions, such as extendedKeyUsage=clientAuth.
        """
        base = self._directory / name
        cert, key, request, extensions = (base.with_suffix(end) for end in (".pem", ".key", ".csr", ".ext"))
        lines = (f"subjectAltName={alternative}", "basicConstraints=CA:FALSE", "authorityKeyIdentifier=keyid", *more)
        extensions.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self._run("req", *_KEY, "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        self._run(
            "x509", "-req", "-in", request, "-CA", self.ca_file, "-CAkey", self._ca_key, "-CAcreateserial",
            "-out", cert, "-days", "1", "-extfile", extensions,
        )  # fmt: skip
        return Certificate(cert, key)

    def _run(self, *words: str | Path) -> None:
        subprocess.run([self._openssl, *map(str, words)], check=True, capture_output=True)
