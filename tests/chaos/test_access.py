"""Who may say and hear what: every right that the generated access list gives or keeps, tried on the shipped broker.

The verdicts are written down here by hand. Each is tried three times: by publishing at QoS 1, by listening, and by
listening to what the broker has retained.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.chaos.broker_room import ALL_SEEING, ShippedBroker
from tests.chaos.guests import NOT_AUTHORISED, REFUSED, Guest
from tests.chaos.promise import Promise
from tests.integration.mqtt import wire
from twin.shipped import shipped_config
from twin.sitefile.acl import acl_text
from twin.sitefile.load import load_site

pytestmark = pytest.mark.mosquitto

TLS_ALERT = b"\x15"
STRANGER = "stranger"  # has a password, and no line in the access list
LEAST_CELLS = 200

# r may read, w may write, - may do neither
DEMO = """
                                        twin receiver operator viewer device-h1-row-01-telemetry device-h1-crah-01 \
device-h1 device-plant device-ups-a device-meter stranger
dc/demo/_cmd/h1/supply_air_sp_c         w    r        -        -      - - - - - - -
dc/demo/_cmd/ups-a/mode                 w    r        -        -      - - - - - - -
dc/demo/_ack/h1/supply_air_sp_c         r    w        r        -      - - - - - - -
dc/demo/_op/mode                        r    -        w        -      - - - - - - -
dc/demo/_op/override                    r    -        w        -      - - - - - - -
dc/demo/_op/release                     r    -        w        -      - - - - - - -
dc/demo/_twin/status                    w    r        r        r      - - - - - - -
dc/demo/_twin/heartbeat                 w    r        r        r      - - - - - - -
dc/demo/_twin/cycle                     w    -        r        r      - - - - - - -
dc/demo/_twin/decision                  w    -        r        r      - - - - - - -
dc/demo/_twin/op/n-1                    w    -        r        r      - - - - - - -
dc/demo/_twin/state/h1/it_w             w    -        r        r      - - - - - - -
dc/demo/_twin/advice/h1/supply_air_sp_c w    -        r        r      - - - - - - -
dc/demo/_sim/tick                       -    -        -        -      - - - - - - -
dc/demo/h1/row-01/telemetry             r    -        r        r      w - - - - - -
dc/demo/h1/row-02/telemetry             r    -        r        r      - - - - - - -
dc/demo/h1/crah-01/telemetry            r    -        r        r      - w - - - - -
dc/demo/h2/crah-01/telemetry            r    -        r        r      - - - - - - -
dc/demo/h1/room/telemetry               r    -        r        r      - - w - - - -
dc/demo/h1/room/setpoint                r    w        r        r      - - - - - - -
dc/demo/plant/water                     r    -        r        r      - - - w - - -
dc/demo/plant/power                     r    -        r        r      - - - w - - -
dc/demo/plant/setpoints                 r    w        r        r      - - - - - - -
dc/demo/power/ups-a/nut                 r    w        r        r      - - - - w - -
dc/demo/power/ups-b/nut                 r    w        r        r      - - - - - - -
dc/demo/meter/it/power                  r    -        r        r      - - - - - w -
dc/demo/h1/row-01                       -    -        -        -      - - - - - - -
dc/demo/h1/row-01/telemetry/more        -    -        -        -      - - - - - - -
dc/demo/_cmd                            w    r        -        -      - - - - - - -
dc/north/_cmd/h1/supply_air_sp_c        -    -        -        -      - - - - - - -
dc/north/h1/room/telemetry              -    -        -        -      - - - - - - -
alarms/fire                             -    -        -        -      - - - - - - -
"""
EXAMPLE = """
                                        twin receiver operator viewer device-h1-r01 device-bms-h1-pdu-1 device-h1
dc/example/_cmd/h1/supply_air_sp_c      w    r        -        -      - - -
dc/example/_ack/h1/supply_air_sp_c      r    w        r        -      - - -
dc/example/_op/mode                     r    -        w        -      - - -
dc/example/_twin/status                 w    r        r        r      - - -
dc/example/_twin/decision               w    -        r        r      - - -
sensors/h1/r01                          r    -        r        r      w - -
sensors/h1/r02                          r    -        r        r      - - -
sensors/h1/r02/raw                      -    -        -        -      - - -
bms/h1/pdu-1                            r    -        r        r      - w -
bms/h1/pdu-2                            r    -        r        r      - - -
bms/h1/room                             r    w        r        r      - - w
bms/alarms/fire                         r    -        r        r      - - -
ups/ups-a                               r    w        r        r      - - -
"""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of every cell: (user, topic, verb, wanted, found)."""

    cells: list[tuple[str, str, str, bool, bool]]

    @property
    def wrong(self) -> list[tuple[str, str, str, bool, bool]]:
        return [cell for cell in self.cells if cell[3] != cell[4]]


def verdicts(table: str) -> dict[tuple[str, str], str]:
    """(user, topic) -> r, w or -."""
    head, *rows = table.strip().splitlines()
    users = head.split()
    found: dict[tuple[str, str], str] = {}
    for row in rows:
        topic, *cells = row.split()
        found |= {(user, topic): cell for user, cell in zip(users, cells, strict=True)}
    return found


@contextmanager
def a_broker(directory: Path, site: str) -> Iterator[ShippedBroker]:
    broker = ShippedBroker(directory, acl_text(load_site(shipped_config(site))), [STRANGER])
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


def a_guest(broker: ShippedBroker, user: str, will: tuple[str, bytes] | None = None) -> Guest:
    return Guest(broker.port, broker.authority.ca_file, user, broker.passwords[user], will)


def tried(broker: ShippedBroker, wanted: dict[tuple[str, str], str]) -> Tried:
    """Let every user try every topic: hear what is retained, hear what is said, and say something."""
    users, topics = ({key[i]: None for key in wanted} for i in (0, 1))
    master = a_guest(broker, ALL_SEEING)
    assert {master.say(topic, b"kept", retain=True) for topic in topics} < set(range(REFUSED))
    guests = {user: a_guest(broker, user) for user in users}
    for user, guest in guests.items():
        assert guest.reason == 0, user
        guest.listen("#", "$SYS/#", f"$share/{user}/#", *topics)
    for topic in topics:
        master.say(topic, b"live")
    answers: dict[tuple[str, str], int] = {}
    for guest in guests.values():
        guest.listen("fence")  # behind this answer nothing that was said before is still to come
    master.listen("#")
    for user, guest in guests.items():
        answers |= {(user, topic): guest.say(topic, user.encode()) for topic in topics}
    master.listen("fence")
    arrived = {(payload.decode(), topic) for topic, payload, _ in master.heard}
    cells: list[tuple[str, str, str, bool, bool]] = []
    for (user, topic), verdict in wanted.items():
        heard = guests[user].heard
        cells.append((user, topic, "hears", verdict == "r", (topic, b"live", False) in heard))
        cells.append((user, topic, "is told", verdict == "r", (topic, b"kept", True) in heard))
        # the broker's word, and whether the message went anywhere
        assert (answers[user, topic] != NOT_AUTHORISED) == ((user, topic) in arrived), (user, topic)
        cells.append((user, topic, "says", verdict == "w", (user, topic) in arrived))
    assert not [user for user, guest in guests.items() if any(topic.startswith("$") for topic, _, _ in guest.heard)]
    for guest in (master, *guests.values()):
        guest.leave()
    return Tried(cells)


def test_r21_every_right_is_as_written(tmp_path: Path, promised: Callable[..., None]) -> None:
    cells: list[tuple[str, str, str, bool, bool]] = []
    for site, table in (("demo", DEMO), ("site.example", EXAMPLE)):
        directory = tmp_path / site
        directory.mkdir()
        with a_broker(directory, site) as broker:
            cells += tried(broker, verdicts(table)).cells
    wrong = Tried(cells).wrong
    promised(
        Promise(
            "R21", len(cells), len(wrong), "0 cells otherwise than written", not wrong and len(cells) > LEAST_CELLS
        ),
        granted=sum(cell[3] for cell in cells),
        refused=sum(not cell[3] for cell in cells),
        wrong=str(wrong[:5]),
    )


def test_who_gives_no_name_or_a_wrong_password_is_not_let_in(tmp_path: Path) -> None:
    with a_broker(tmp_path, "demo") as broker:
        for user, password in ((None, None), ("twin", "guessed"), ("twin", ""), ("nobody", "x")):
            guest = Guest(broker.port, broker.authority.ca_file, user, password)
            assert guest.reason == NOT_AUTHORISED, user
            guest.leave()


def test_a_stolen_device_login_commands_nobody_by_its_will(tmp_path: Path) -> None:
    with a_broker(tmp_path, "demo") as broker:
        master = a_guest(broker, ALL_SEEING)
        master.listen("#")
        for topic in ("dc/demo/_cmd/h1/supply_air_sp_c", "dc/demo/_twin/status", "dc/demo/_op/mode"):
            a_guest(broker, "device-h1-crah-01", will=(topic, b"forged")).drop()
        own = "dc/demo/h1/crah-01/telemetry"
        a_guest(broker, "device-h1-crah-01", will=(own, b"its own")).drop()
        while not master.heard:
            master.listen("fence")
        assert [(topic, payload) for topic, payload, _ in master.heard] == [(own, b"its own")]
        master.leave()


def test_the_broker_answers_nobody_who_does_not_encrypt(tmp_path: Path) -> None:
    with a_broker(tmp_path, "demo") as broker, socket.create_connection(("127.0.0.1", broker.port)) as plain:
        plain.settimeout(5.0)
        plain.sendall(wire.connect("plain", username="twin", password=broker.passwords["twin"], version=wire.V5))
        said = b""
        with suppress(ConnectionError):
            while more := plain.recv(64):
                said += more
        assert said[:1] in {b"", TLS_ALERT}
        assert "wrong version number" in broker.said()
