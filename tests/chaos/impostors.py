"""Servers that no client should send a password to, and why."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.chains import Chains
from tests.integration.mqtt.brokers import MosquittoBroker
from tests.integration.mqtt.certificates import Certificate
from tests.support.servers import START_S, free_port, required
from twin.adapters.mqtt_settings import Tls

HERE = "IP:127.0.0.1"


@dataclass(frozen=True, slots=True)
class Impostor:
    """What it shows, what the client was told to believe, and what an operator must read.

    `best` is the newest TLS it speaks, None for what mosquitto does; without a certificate it speaks none.
    """

    name: str
    certificate: Certificate | None
    believes: Tls
    words: str
    best: ssl.TLSVersion | None = None
    host: str = "127.0.0.1"


def impostors(directory: Path) -> Sequence[Impostor]:
    """One of each kind."""
    ours, stranger = Chains(directory / "ours"), Chains(directory / "stranger")
    good, revoked = ours.sign("good", HERE), ours.sign("revoked", HERE)
    ours.revoke(revoked)
    fresh = ours.revoked("fresh")
    expired, early = ours.sign_for("expired", HERE, -5), ours.sign_for("early", HERE, 5)
    stale = ours.revoked("stale", -5)
    believes = Tls(ca_file=ours.ca_file)
    looks_up = Tls(ca_file=ours.ca_file, crl_file=fresh)
    not_the_one = "is not the one in ca_file"
    own = ours.self_signed("own", HERE)
    old = "none of 1.2 or newer"
    return (
        Impostor("wrong authority", stranger.sign("other", HERE), believes, not_the_one),
        Impostor("no authority given", good, Tls(), not_the_one),
        Impostor(
            "wrong name", ours.sign("name", "DNS:elsewhere.example"), believes, "for another name", host="localhost"
        ),
        Impostor("wrong address", ours.sign("address", "IP:127.0.0.2"), believes, "for another address"),
        Impostor("a name for an address", ours.sign("text", "DNS:127.0.0.1"), believes, "for another address"),
        Impostor("expired", expired, believes, "it has expired"),
        Impostor("not yet valid", early, believes, "not valid yet"),
        Impostor("self-signed", own, believes, "signed by itself"),
        Impostor("revoked", revoked, looks_up, "it has been revoked"),
        Impostor("list out of date", good, Tls(ca_file=ours.ca_file, crl_file=stale), "out of date"),
        Impostor(
            "list of a stranger",
            good,
            Tls(ca_file=ours.ca_file, crl_file=stranger.revoked("his")),
            "not of the authority",
        ),
        Impostor(
            "made for clients", ours.sign("client", HERE, "extendedKeyUsage=clientAuth"), believes, "not made for"
        ),
        Impostor("TLS 1.1", good, believes, old, ssl.TLSVersion.TLSv1_1),
        Impostor("TLS 1.0", good, believes, old, ssl.TLSVersion.TLSv1),
        Impostor("no TLS", None, believes, old),
    )


@asynccontextmanager
async def at_work(impostor: Impostor, directory: Path) -> AsyncIterator[int]:
    """Start it; yields its port. All but the old ones are mosquitto."""
    if impostor.best is not None and impostor.certificate is not None:
        async with _old_server(impostor.certificate, impostor.best) as port:
            yield port
        return
    directory.mkdir()
    shown = impostor.certificate
    extra = [f"certfile {shown.cert_file}", f"keyfile {shown.key_file}"] if shown else []
    broker = MosquittoBroker(directory, extra=extra)
    await broker.start()
    try:
        yield broker.port
    finally:
        await broker.stop()


async def lets_in(port: int, best: ssl.TLSVersion) -> bool:
    """Whether a client that does not mind gets in."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = best
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    spoken = writer.get_extra_info("ssl_object").version()
    writer.close()
    return bool(spoken)


@asynccontextmanager
async def _old_server(certificate: Certificate, best: ssl.TLSVersion) -> AsyncIterator[int]:
    port = free_port()
    only = {ssl.TLSVersion.TLSv1: "-tls1", ssl.TLSVersion.TLSv1_1: "-tls1_1"}[best]
    server = await asyncio.create_subprocess_exec(
        *(required("openssl", "openssl"), "s_server", "-accept", f"127.0.0.1:{port}", only, "-quiet"),
        *("-cert", certificate.cert_file, "-key", certificate.key_file, "-cipher", "ALL:@SECLEVEL=0"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(START_S):
            while not await _listens(port):
                await asyncio.sleep(0.01)
        yield port
    finally:
        server.kill()
        await server.wait()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:
        return False
    writer.close()
    return True
