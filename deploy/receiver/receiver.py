"""Reference receiver: the few rules that stand between a twin's command and the building's controller.

Copy it, or write the same rules into a gateway or a PLC. A setpoint is only ever lent:

1. a command is taken only if it is fresh: not retained, its `expires` still to come, and its (epoch, seq) newer than
   the last one taken for that point; once a newer epoch was obeyed at any point, an older one is obeyed at none;
2. its value must be a finite number inside the receiver's own limits, which no command can change;
3. when the lease runs out (after 15 min at most, whatever `expires` says), a release comes, the twin says it is
   offline, or no heartbeat was heard for 30 s, the point goes back to the local setpoint; after silence it stays there
   until a new heartbeat and then a new command;
4. every command gets one answer, and a point that a local operator holds takes none.

Two clocks: `expires` is compared with UTC (a simulation passes its own), silence is measured on a clock that never
steps. The class does no I/O; `main` connects it to a broker. Standard library only, but for the MQTT client in `main`.
"""

from __future__ import annotations

import argparse
import json
import time
import tomllib
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

MAX_PAYLOAD_BYTES = 4096
LONGEST_LEASE_S = 900.0  # a sender whose clock runs ahead, or who lies, cannot lend for longer
TICK_S = 1.5  # longest between two ticks: silence that would be too long by the next one is too long now
Ack = tuple[str, bytes]  # topic, payload
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Receiver:
    """Holds what each point was lent, and gives it back.

    Args:
        root: Topic root, "dc/<site>".
        local: The building's own setpoint of each point; only these points can be commanded.
        limits: Lowest and highest value ever passed on, for each point.
        apply: Writes one value into the building's controller; raises ValueError to refuse it.
        heartbeat_timeout_s: Silence after which everything goes back to local.
    """

    def __init__(
        self,
        root: str,
        local: dict[str, float],
        limits: dict[str, tuple[float, float]],
        apply: Callable[[str, float], None],
        heartbeat_timeout_s: float = 30.0,
    ) -> None:
        self._prefix, self._ack_prefix = f"{root}/_cmd/", f"{root}/_ack/"
        self._local, self._limits, self._apply = dict(local), dict(limits), apply
        self._timeout_s = heartbeat_timeout_s
        self._heard_s: float | None = None  # last heartbeat; silence counts from the first thing seen
        self._silent = False
        self._last: dict[str, tuple[int, int]] = {}  # point -> newest (epoch, seq) taken; survives every give-back
        self._epoch = -1  # of the newest master that was obeyed at any point
        self._leases: dict[str, tuple[int, dict[str, Any]]] = {}  # point -> (expires_ns, command)
        self._given_back: list[tuple[str, dict[str, Any], str]] = []  # answered by the next tick
        self.in_force = dict(local)
        self.held: set[str] = set()
        self.applied_total = 0
        self.applied_log: deque[tuple[str, int, int]] = deque(maxlen=100_000)  # (point, epoch, seq), newest last

    def on_command(self, topic: str, payload: bytes, retained: bool, now_ns: int, mono_s: float) -> Ack | None:
        """Take or refuse one command. None: the topic is not a command topic."""
        if not topic.startswith(self._prefix):
            return None
        self._notice_silence(mono_s)
        point = topic.removeprefix(self._prefix)
        command = _parsed(payload)
        status, reason = self._judged(point, command, retained, now_ns)
        if status == "applied":
            try:
                self._take(point, command, now_ns)
            except ValueError as refusal:
                status, reason = "rejected", str(refusal)
        return self._ack(point, command, status, reason, now_ns)

    def on_heartbeat(self, mono_s: float) -> None:
        """The twin's control loop is alive. Leases lost to silence stay lost."""
        self._notice_silence(mono_s)
        self._heard_s, self._silent = mono_s, False

    def on_status(self, payload: bytes, mono_s: float) -> None:
        """The twin's own word or its last will: offline gives everything back at once."""
        self._notice_silence(mono_s)
        if _parsed(payload).get("state") == "offline":
            self._all_local("twin offline")

    def tick(self, now_ns: int, mono_s: float) -> list[Ack]:
        """Call about once a second: gives back what has run out, and answers for it."""
        self._notice_silence(mono_s + TICK_S)
        for point, (expires_ns, _command) in list(self._leases.items()):
            if now_ns >= expires_ns:
                self._to_local(point, "lease ran out")
        answers = [self._ack(point, command, "expired", why, now_ns) for point, command, why in self._given_back]
        self._given_back.clear()
        return answers

    def hold(self, point: str, value: float) -> None:
        """A local operator takes the point; commands on it are refused until `unhold`."""
        self._leases.pop(point, None)
        self.held.add(point)
        self._write(point, value)

    def unhold(self, point: str) -> None:
        """The local operator lets go: back to the local setpoint."""
        self.held.discard(point)
        self._write(point, self._local[point])

    def _judged(self, point: str, command: dict[str, Any], retained: bool, now_ns: int) -> tuple[str, str]:
        epoch, seq, value = command.get("epoch"), command.get("seq"), command.get("v")
        if point not in self._local:
            return "rejected", "no such point"
        if retained:
            return "rejected", "a retained command may be of any age"
        if type(epoch) is not int or type(seq) is not int:  # `type`, because True would pass as an int
            return "rejected", "not a command: needs JSON with whole numbers for epoch and seq"
        newest = self._last.get(point, (-1, -1))
        if epoch < self._epoch:
            return "superseded", f"epoch {epoch} is over: epoch {self._epoch} is obeyed"
        if (epoch, seq) <= newest:
            return "superseded", f"epoch {epoch} seq {seq} is not newer than epoch {newest[0]} seq {newest[1]}"
        if command.get("release") is True:
            return "applied", "released"
        if point in self.held:
            return "rejected", "held by a local operator"
        if self._silent:
            return "rejected", "no heartbeat from the twin"
        if _expires_ns(command) <= now_ns:
            return "expired", "expires is missing or has passed"
        if isinstance(value, bool) or not isinstance(value, int | float):
            return "rejected", "v is not a number"
        low, high = self._limits[point]
        if not low <= value <= high:  # also refuses NaN and the infinities
            return "rejected", f"v is outside {low:g} to {high:g}"
        return "applied", ""

    def _take(self, point: str, command: dict[str, Any], now_ns: int) -> None:
        if command.get("release") is True:
            if point not in self.held:
                self._write(point, self._local[point])
            self._leases.pop(point, None)
        else:
            self._write(point, float(command["v"]))
            longest_ns = now_ns + round(LONGEST_LEASE_S * 1e9)
            self._leases[point] = (min(_expires_ns(command), longest_ns), command)
        self._last[point] = (command["epoch"], command["seq"])
        self._epoch = max(self._epoch, command["epoch"])
        self.applied_total += 1
        self.applied_log.append((point, command["epoch"], command["seq"]))

    def _notice_silence(self, mono_s: float) -> None:
        if self._heard_s is None:
            self._heard_s = mono_s
        if not self._silent and mono_s - self._heard_s >= self._timeout_s:
            self._all_local(f"no heartbeat for {self._timeout_s:g} s")

    def _all_local(self, why: str) -> None:
        self._silent = True
        for point in list(self._leases):
            self._to_local(point, why)

    def _to_local(self, point: str, why: str) -> None:
        _expires, command = self._leases[point]
        try:
            self._write(point, self._local[point])
        except ValueError:
            self._leases[point] = (0, command)  # over, and not given back: the next tick tries again
            return
        del self._leases[point]
        self._given_back.append((point, command, why))

    def _write(self, point: str, value: float) -> None:
        self._apply(point, value)
        self.in_force[point] = value

    def _ack(self, point: str, command: dict[str, Any], status: str, reason: str, now_ns: int) -> Ack:
        """`v` is the value now in force, whatever was asked."""
        answer = {
            "seq": command.get("seq"),
            "epoch": command.get("epoch"),
            "lease": command.get("lease"),
            "status": status,
            "v": self.in_force.get(point),
            "ts": (_EPOCH + timedelta(microseconds=now_ns // 1000)).isoformat(timespec="milliseconds"),
            "reason": reason,
        }
        return self._ack_prefix + point, json.dumps(answer).encode()


def _parsed(payload: bytes) -> dict[str, Any]:
    """A JSON object, or {} for anything else."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        return {}
    try:
        parsed = json.loads(payload)
    except (ValueError, RecursionError):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _expires_ns(command: dict[str, Any]) -> int:
    """End of the lease in UTC; 0 (long past) when it cannot be read."""
    try:
        stamp = datetime.fromisoformat(command["expires"])
        return (stamp - _EPOCH) // timedelta(microseconds=1) * 1000
    except (KeyError, TypeError, ValueError, OverflowError):
        return 0


def main() -> None:
    """Run the rules over MQTT, printing what is applied: put your controller's write call in place of `apply`."""
    from paho.mqtt import client as mqtt
    from paho.mqtt.enums import CallbackAPIVersion

    parser = argparse.ArgumentParser(description="Reference receiver of leased setpoints.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=1883)
    parser.add_argument("--root", required=True, help='topic root, for example "dc/demo"')
    parser.add_argument("--points", required=True, type=Path, help='TOML: ["h1/supply_air_sp_c"] local, low, high')
    parser.add_argument("--user", default="", help="the receiver's login at the broker")
    parser.add_argument("--password-file", type=Path, help="a file that holds its password")
    parser.add_argument("--ca-file", type=Path, help="who vouches for the broker; turns TLS on")
    given = parser.parse_args()
    points = tomllib.loads(given.points.read_text(encoding="utf-8"))

    def apply(point: str, value: float) -> None:
        print(f"{datetime.now(UTC):%H:%M:%S} {point} = {value:g}", flush=True)

    receiver = Receiver(
        given.root,
        {point: float(entry["local"]) for point, entry in points.items()},
        {point: (float(entry["low"]), float(entry["high"])) for point, entry in points.items()},
        apply,
    )
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"receiver-{given.root}", protocol=mqtt.MQTTv5)

    if given.user:
        secret = given.password_file.read_text(encoding="utf-8").strip() if given.password_file else None
        client.username_pw_set(given.user, secret)
    if given.ca_file:
        client.tls_set(str(given.ca_file))

    def on_message(_client: Any, _userdata: Any, message: Any) -> None:
        if message.topic == f"{given.root}/_twin/heartbeat" and not message.retain:
            receiver.on_heartbeat(time.monotonic())
        elif message.topic == f"{given.root}/_twin/status":
            receiver.on_status(message.payload, time.monotonic())
        elif ack := receiver.on_command(
            message.topic, message.payload, message.retain, time.time_ns(), time.monotonic()
        ):
            client.publish(*ack, qos=1)

    def on_connect(*_: Any) -> None:
        client.subscribe([(f"{given.root}/{part}", 1) for part in ("_cmd/#", "_twin/heartbeat", "_twin/status")])

    client.on_message = on_message
    client.on_connect = on_connect
    client.connect(given.host, given.port)
    next_tick_s = time.monotonic()
    while True:
        # one thread: messages and ticks can never meet half-way
        if client.loop(timeout=0.2) != mqtt.MQTT_ERR_SUCCESS:
            time.sleep(1.0)
            try:
                client.reconnect()
            except OSError as error:
                print(f"broker away: {error}", flush=True)  # ticks go on below: silence gives everything back
        if time.monotonic() >= next_tick_s:
            next_tick_s = time.monotonic() + 1.0
            for ack in receiver.tick(time.time_ns(), time.monotonic()):
                client.publish(*ack, qos=1)


if __name__ == "__main__":
    main()
