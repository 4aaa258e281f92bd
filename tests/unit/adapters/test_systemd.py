"""The notify protocol on a real socket: what systemd would hear, and that its absence hurts nobody."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from twin.adapters.systemd import ServiceManager


class Manager:
    """The receiving end."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(2.0)

    def heard(self) -> str:
        return self.socket.recv(4096).decode()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    made = Manager(str(tmp_path / "notify"))
    yield made
    made.socket.close()


def test_every_word_is_one_datagram(manager: Manager) -> None:
    service = ServiceManager(manager.socket.getsockname())
    service.ready()
    service.alive()
    service.status("Demo: shadow")
    service.stopping()
    assert [manager.heard() for _ in range(4)] == ["READY=1", "WATCHDOG=1", "STATUS=Demo: shadow", "STOPPING=1"]


def test_the_address_comes_from_the_environment(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", manager.socket.getsockname())
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    service = ServiceManager()
    service.ready()
    assert manager.heard() == "READY=1"
    assert service.watchdog_s == 30.0


def test_an_address_with_an_at_sign_is_in_the_abstract_namespace() -> None:
    manager = Manager("\0thermotwin-test-notify")
    ServiceManager("@thermotwin-test-notify").alive()
    assert manager.heard() == "WATCHDOG=1"
    manager.socket.close()


def test_a_status_stays_one_assignment_whatever_a_site_is_called(manager: Manager) -> None:
    ServiceManager(manager.socket.getsockname()).status("Demo\nMAINPID=1\nREADY=1")
    assert manager.heard() == "STATUS=Demo MAINPID=1 READY=1"


@pytest.mark.parametrize("usec", ["", "0", "soon", "-5", "1e6"])
def test_without_a_watchdog_there_is_no_period(usec: str) -> None:
    assert ServiceManager("", usec).watchdog_s == 0.0


def test_where_there_is_no_service_manager_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    ServiceManager().ready()
    ServiceManager(str(tmp_path / "gone")).alive()  # it went away: the cooling goes on


def test_a_manager_that_does_not_listen_never_holds_up_the_loop(manager: Manager) -> None:
    service = ServiceManager(manager.socket.getsockname())
    for _ in range(2000):  # far more than its queue holds
        service.alive()
    assert manager.heard() == "WATCHDOG=1"
