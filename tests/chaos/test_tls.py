"""The broker proves who it is before anything is said to it, and a certificate that is renewed costs nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.chaos.chains import Chains
from tests.chaos.impostors import HERE, Impostor, at_work, impostors, lets_in
from tests.chaos.promise import Promise, scaled
from tests.chaos.renewal import run_of_renewals
from tests.chaos.tap import Tap, a_tap
from tests.integration.mqtt.brokers import MosquittoBroker
from tests.integration.mqtt.certificates import Certificate
from tests.integration.mqtt.links import PATIENCE_S, a_link
from tests.integration.mqtt.wire import V5, V311
from twin.adapters.mqtt_settings import Tls
from twin.domain.messages import MessageOut

pytestmark = [pytest.mark.mosquitto, pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")]

USER, PASSWORD, TOPIC = "twin-user", "correct-horse", "dc/demo/_twin/status"
SECRETS = ("MQTT", USER, PASSWORD, TOPIC, "twin")


def test_r23_only_a_broker_that_proves_itself_is_spoken_to(tmp_path: Path, promised: Callable[..., None]) -> None:
    kinds = impostors(tmp_path)
    wrong = asyncio.run(let_in(kinds, tmp_path))
    renewed = run_of_renewals(tmp_path / "renewal", scaled(2, 20))
    account = renewed.account
    lost = account.lost + account.twice + account.altered
    held = not wrong and lost == 0 and renewed.links == renewed.renewals and renewed.refusals == 0
    promised(
        Promise("R23", 2 * len(kinds), len(wrong), "all refused, none told anything, 0 points lost", held),
        kinds=len(kinds),
        wrong=str(wrong),
        renewals=renewed.renewals,
        acknowledged_points=account.acknowledged,
        lost_points=lost,
    )


async def let_in(kinds: Sequence[Impostor], directory: Path) -> list[str]:
    """Those that were not refused as they should be, and why."""
    found: list[str] = []
    for impostor in kinds:
        async with at_work(impostor, directory / impostor.name.replace(" ", "-")) as port:
            if impostor.best is not None:
                assert await lets_in(port, impostor.best), f"{impostor.name}: nobody gets in, so nothing is tried"
            found += [
                f"{impostor.name}: {why}" for version in (V5, V311) if (why := await met(impostor, port, version))
            ]
    return found


async def met(impostor: Impostor, port: int, version: int) -> str:
    """What went wrong when the link met it; "" when it was refused, in the right words, and told nothing."""
    will = MessageOut(TOPIC, b"", qos=1)
    async with a_tap(port) as tap:
        async with a_link(
            *(tap.port, "#"),
            version=version,
            will=will,
            wait=False,
            host=impostor.host,
            tls=impostor.believes,
            username=USER,
            password=PASSWORD,
        ) as at_work:
            async with asyncio.timeout(PATIENCE_S):
                while not at_work.clock.slept and not at_work.link.health.connects:
                    await asyncio.sleep(0.005)
        health = at_work.link.health
        if health.connects or not health.failures:
            return "let in"
        if not tap.records():
            return "nothing was tried"
        if tap.told_secrets or tap.readable(SECRETS):
            return f"was told {tap.readable(SECRETS) or 'something encrypted'}"
        if impostor.words not in health.last_error:
            return f"refused with {health.last_error!r}"
    return ""


@pytest.fixture
def chains(tmp_path: Path) -> Chains:
    return Chains(tmp_path / "chains")


@asynccontextmanager
async def a_broker(directory: Path, shown: Certificate, *extra: str) -> AsyncIterator[Tap]:
    directory.mkdir(exist_ok=True)
    broker = MosquittoBroker(directory, extra=[f"certfile {shown.cert_file}", f"keyfile {shown.key_file}", *extra])
    await broker.start()
    try:
        async with a_tap(broker.port) as tap:
            yield tap
    finally:
        await broker.stop()


@pytest.mark.parametrize("best", ["tlsv1.2", "tlsv1.3"])
async def test_the_right_broker_is_told_everything_and_nobody_else_can_read_it(
    tmp_path: Path, chains: Chains, best: str
) -> None:
    good, other = chains.sign("good", HERE), chains.sign("other", HERE)
    chains.revoke(other)
    tls = Tls(ca_file=chains.ca_file, crl_file=chains.revoked("fresh"))
    async with a_broker(tmp_path / "broker", good, f"tls_version {best}") as tap:
        async with a_link(tap.port, tls=tls, username=USER, password=PASSWORD):
            pass
        assert tap.told_secrets
        assert tap.readable(SECRETS) == []


async def test_a_list_that_is_fetched_anew_is_used_from_the_next_connection_on(tmp_path: Path, chains: Chains) -> None:
    shown = chains.sign("shown", HERE)
    list_file = chains.revoked("list")
    tls = Tls(ca_file=chains.ca_file, crl_file=list_file)
    async with a_broker(tmp_path / "broker", shown) as tap, a_link(tap.port, tls=tls) as at_work:
        chains.revoke(shown)
        chains.revoked("list")
        at_work.link.renew("to look at the list again")
        await at_work.paused(2)
        assert at_work.link.health.connects == 1
        assert "revoked" in at_work.link.health.last_error


async def test_a_certificate_in_the_place_of_a_list_is_not_trusted(tmp_path: Path, chains: Chains) -> None:
    stranger = Chains(tmp_path / "stranger")
    tls = Tls(ca_file=chains.ca_file, crl_file=stranger.ca_file)
    async with a_broker(tmp_path / "broker", stranger.sign("shown", HERE)) as tap:
        async with a_link(tap.port, tls=tls, wait=False) as at_work:
            await at_work.paused(1)
        assert at_work.link.health.connects == 0
        assert f"{stranger.ca_file} cannot be read: it holds a certificate" in at_work.link.health.last_error


async def test_a_locked_key_is_opened_by_its_password_and_never_asked_for(tmp_path: Path, chains: Chains) -> None:
    ours = chains.lock(chains.sign("ours", "DNS:twin.example"), "open-sesame")
    clients = (f"cafile {chains.ca_file}", "require_certificate true")
    async with a_broker(tmp_path / "broker", chains.sign("good", HERE), *clients) as tap:
        for password, opens in (("open-sesame", True), ("wrong", False), ("", False)):
            tls = Tls(ca_file=chains.ca_file, cert_file=ours.cert_file, key_file=ours.key_file, key_password=password)
            async with a_link(tap.port, tls=tls, wait=opens) as at_work:
                if not opens:
                    await at_work.paused(1)
                    assert str(ours.key_file) in at_work.link.health.last_error
                    assert password not in at_work.link.health.last_error or not password
            assert at_work.link.health.connects == int(opens)
