"""The link over TLS. The simulated broker has none, so this is mosquitto's alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.integration.mqtt.brokers import MosquittoBroker
from tests.integration.mqtt.certificates import Authority, Certificate
from tests.integration.mqtt.links import a_link
from twin.adapters.mqtt_settings import Tls
from twin.domain.messages import MessageOut

pytestmark = pytest.mark.mosquitto

StartTls = Callable[..., Awaitable[int]]
LARGE = bytes(range(256)) * 1200


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def here(authority: Authority) -> Certificate:
    """For the address the broker listens on."""
    return authority.sign("here", "IP:127.0.0.1")


@pytest.fixture(scope="module")
def elsewhere(authority: Authority) -> Certificate:
    """For an address it does not listen on."""
    return authority.sign("elsewhere", "DNS:elsewhere.example")


@pytest.fixture
async def start_tls(tmp_path: Path) -> AsyncIterator[StartTls]:
    """Starts a mosquitto with a certificate and returns its port; asks clients for one when given an authority."""
    async with AsyncExitStack() as stack:

        async def start(certificate: Certificate, clients: Authority | None = None) -> int:
            extra = [f"certfile {certificate.cert_file}", f"keyfile {certificate.key_file}"]
            if clients is not None:
                extra += [f"cafile {clients.ca_file}", "require_certificate true"]
            broker = MosquittoBroker(tmp_path, extra=extra)
            stack.push_async_callback(broker.stop)
            await broker.start()
            return broker.port

        yield start


async def test_messages_go_both_ways_over_tls(
    start_tls: StartTls, authority: Authority, here: Certificate, version: int
) -> None:
    port = await start_tls(here)
    async with a_link(port, "t", version=version, tls=Tls(ca_file=authority.ca_file)) as at_work:
        await at_work.link.publish_many([MessageOut("t", LARGE, qos=1), MessageOut("t", b"small", qos=1)])
        assert [message.payload for message in await at_work.take(2)] == [LARGE, b"small"]


async def test_a_broker_signed_by_a_stranger_is_not_spoken_to(start_tls: StartTls, here: Certificate) -> None:
    await assert_not_trusted(await start_tls(here), Tls(), "CERTIFICATE_VERIFY_FAILED")


async def test_a_broker_of_another_name_is_not_spoken_to(
    start_tls: StartTls, authority: Authority, elsewhere: Certificate
) -> None:
    port = await start_tls(elsewhere)
    await assert_not_trusted(port, Tls(ca_file=authority.ca_file), "CERTIFICATE_VERIFY_FAILED")


async def test_insecure_speaks_to_anyone(start_tls: StartTls, elsewhere: Certificate) -> None:
    port = await start_tls(elsewhere)
    async with a_link(port, tls=Tls(insecure=True)) as at_work:
        await at_work.fence()


async def test_a_broker_that_asks_for_a_certificate_gets_ours(
    start_tls: StartTls, authority: Authority, here: Certificate
) -> None:
    port = await start_tls(here, clients=authority)
    ours = authority.sign("twin", "DNS:twin.example")
    tls = Tls(ca_file=authority.ca_file, cert_file=ours.cert_file, key_file=ours.key_file)
    async with a_link(port, tls=tls) as at_work:
        await at_work.fence()


async def test_without_a_certificate_such_a_broker_is_out_of_reach(
    start_tls: StartTls, authority: Authority, here: Certificate
) -> None:
    port = await start_tls(here, clients=authority)
    await assert_not_trusted(port, Tls(ca_file=authority.ca_file), "")


async def test_a_missing_authority_file_is_a_lost_link_and_not_the_end(
    start_tls: StartTls, here: Certificate, tmp_path: Path
) -> None:
    await assert_not_trusted(await start_tls(here), Tls(ca_file=tmp_path / "nowhere.pem"), "No such file")


async def assert_not_trusted(port: int, tls: Tls, words: str) -> None:
    async with a_link(port, tls=tls, wait=False, timeout_s=0.5) as at_work:
        await at_work.paused(1)
        assert at_work.link.health.connects == 0
        assert words in at_work.link.health.last_error
