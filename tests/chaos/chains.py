"""An authority that also makes what nobody should believe: certificates out of their time, and those it has revoked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.integration.mqtt.certificates import Authority, Certificate

_CA = """
[ca]
default_ca = here
[here]
database = {directory}/index.txt
new_certs_dir = {directory}
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
"""


class Chains(Authority):
    """Signs for a day that need not be today."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        super().__init__(directory)
        self._config = directory / "ca.cnf"
        self._config.write_text(_CA.format(directory=directory), encoding="utf-8")
        (directory / "index.txt").touch()

    def sign_for(self, name: str, alternative: str, days_from_now: int) -> Certificate:
        """As `sign`, for the day that begins so many days from now."""
        today = self.sign(name, alternative)
        base = self._directory / name
        shifted = base.with_suffix(".shifted.pem")
        self._ca(
            "-batch", "-notext", "-in", base.with_suffix(".csr"), "-extfile", base.with_suffix(".ext"),
            "-startdate", _stamp(days_from_now), "-enddate", _stamp(days_from_now + 1), "-out", shifted,
        )  # fmt: skip
        return Certificate(shifted, today.key_file)

    def self_signed(self, name: str, alternative: str) -> Certificate:
        """A certificate that vouches for itself."""
        cert, key = (self._directory / f"{name}{end}" for end in (".pem", ".key"))
        self._run(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", key, "-out", cert, "-days", "1", "-subj", f"/CN={name}",
            "-addext", f"subjectAltName={alternative}",
        )  # fmt: skip
        return Certificate(cert, key)

    def revoke(self, certificate: Certificate) -> None:
        """Take it back; lists that are made from now on have it."""
        self._ca("-revoke", certificate.cert_file)

    def revoked(self, name: str, days_from_now: int = 0) -> Path:
        """A list of what was revoked so far, good for the day that begins then."""
        list_file = self._directory / f"{name}.crl"
        self._ca(
            "-gencrl", "-out", list_file,
            "-crl_lastupdate", _stamp(days_from_now), "-crl_nextupdate", _stamp(days_from_now + 1),
        )  # fmt: skip
        return list_file

    def lock(self, certificate: Certificate, password: str) -> Certificate:
        """The same certificate, its key locked with a password."""
        locked = certificate.key_file.with_suffix(".locked")
        self._run("ec", "-in", certificate.key_file, "-aes256", "-passout", f"pass:{password}", "-out", locked)
        locked.chmod(0o600)
        return Certificate(certificate.cert_file, locked)

    def _ca(self, *words: str | Path) -> None:
        self._run("ca", "-config", self._config, "-keyfile", self._ca_key, "-cert", self.ca_file, *words)


def _stamp(days_from_now: int) -> str:
    # an hour earlier, so that clocks need not agree to the second
    return f"{datetime.now(UTC) + timedelta(days=days_from_now, hours=-1):%Y%m%d%H%M%SZ}"
