"""How one MQTT connection is to be made: plain values, and the TLS context they ask for."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Tls:
    """How the broker proves who it is, and we to it."""

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    insecure: bool = False
    crl_file: Path | None = None
    key_password: str = field(default="", repr=False)


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
    """TLS 1.2 or newer. Files are read anew for each connection, so that renewed ones are used from the next on.

    Raises: OSError: a file cannot be read, or holds something else; its words name the file.
    """
    with _naming(tls.ca_file):
        context = ssl.create_default_context(cafile=str(tls.ca_file) if tls.ca_file else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls.cert_file and tls.key_file:
        with _naming(tls.cert_file, tls.key_file):
            # a word, even an empty one: without it a locked key would have the process ask at a terminal, and wait
            context.load_cert_chain(tls.cert_file, tls.key_file, lambda: tls.key_password)
    if tls.crl_file:
        with _naming(tls.crl_file):
            trusted = context.cert_store_stats()["x509"]
            context.load_verify_locations(cafile=str(tls.crl_file))
            if context.cert_store_stats()["x509"] != trusted:
                raise ValueError("it holds a certificate, which would be trusted")
        # of the broker's own certificate; a list that is out of date, or of another authority, lets nobody in
        context.verify_flags |= ssl.VerifyFlags.VERIFY_CRL_CHECK_LEAF
    if tls.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


@contextmanager
def _naming(*files: Path | None) -> Iterator[None]:
    """The ssl module does not say which file it means."""
    names = " and ".join(str(file) for file in files if file)
    try:
        yield
    except ssl.SSLError as error:
        what = "is no certificate or list that can be read, or its key stays locked"
        raise OSError(f"{names} {what} ({error.reason or error})") from error
    except (OSError, ValueError) as error:
        raise OSError(f"{names} cannot be read: {error}") from error


_CERTIFICATE_WORDS = {  # OpenSSL's numbers of what it found: X509_V_ERR_*
    3: "crl_file has no list of the authority that signed it: fetch that one",
    7: "the authority that signed it is not the one in ca_file",
    8: "the list in crl_file is not of the authority that signed it: fetch that one",
    9: "it is not valid yet: look at the clocks of both machines",
    10: "it has expired: have it renewed, and look at the clock of this machine",
    12: "the list in crl_file is out of date: fetch a new one",
    18: "it is signed by itself and not by the authority in ca_file",
    19: "the authority that signed it is not the one in ca_file",
    20: "the authority that signed it is not the one in ca_file",
    23: "it has been revoked: do not trust this broker until it has a new one",
    26: "it was not made for a server",
    62: "it is for another name: mqtt.host must be a name that stands in it",
    64: "it is for another address: mqtt.host must be an address that stands in it",
}
_OLD_OR_PLAIN = {
    "UNSUPPORTED_PROTOCOL",
    "TLSV1_ALERT_PROTOCOL_VERSION",
    "WRONG_VERSION_NUMBER",
    "UNEXPECTED_EOF_WHILE_READING",
}


def tls_words(error: BaseException) -> str:
    """What a failed connection says to an operator when TLS is the reason; "" when it is not.

    Args:
        error: Any error; what it came from is looked at as well.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = _CERTIFICATE_WORDS.get(cause.verify_code, cause.verify_message)
            return f"the broker's certificate is refused: {why}"
        if isinstance(cause, ssl.SSLError) and cause.reason in _OLD_OR_PLAIN:
            return "no TLS came about: the broker hung up, or speaks none of 1.2 or newer here; look at mqtt.port"
        cause = cause.__cause__ or cause.__context__
    return ""
