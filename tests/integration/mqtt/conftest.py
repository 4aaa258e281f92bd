"""Every test here that asks for a broker runs on the simulated one and on mosquitto."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.integration.mqtt.brokers import BrokerUnderTest, MosquittoBroker, OwnBroker
from tests.integration.mqtt.wire import V5, V311

StartBroker = Callable[[Mapping[str, str] | None], Awaitable[BrokerUnderTest]]


@pytest.fixture(params=[pytest.param(V5, id="v5"), pytest.param(V311, id="v311")])
def version(request: pytest.FixtureRequest) -> int:
    """Both versions of the protocol."""
    found: int = request.param
    return found


@pytest.fixture(params=["own", pytest.param("mosquitto", marks=pytest.mark.mosquitto)])
async def start_broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[StartBroker]:
    """Starts a broker that knows these credentials, or lets everyone in."""
    async with AsyncExitStack() as stack:

        async def start(credentials: Mapping[str, str] | None) -> BrokerUnderTest:
            chosen: BrokerUnderTest = (
                OwnBroker(credentials) if request.param == "own" else MosquittoBroker(tmp_path, credentials)
            )
            stack.push_async_callback(chosen.stop)
            await chosen.start()
            return chosen

        yield start


@pytest.fixture
async def own_broker() -> AsyncIterator[BrokerUnderTest]:
    """The simulated broker alone, for what does not depend on the broker and takes time."""
    chosen = OwnBroker()
    await chosen.start()
    yield chosen
    await chosen.stop()


@pytest.fixture
async def broker(start_broker: StartBroker) -> BrokerUnderTest:
    """A running broker that lets everyone in."""
    return await start_broker(None)
