"""Every kind of alarm there is: how long its cause must last, how long it must be gone, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Severity(IntEnum):
    """How soon somebody must act: today, this hour, now, at once."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """As published."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Kind:
    """`on_s` is the shortest time a cause lasts before it is an alarm, `off_s` how long it is gone before that ends."""

    name: str
    on_s: float
    off_s: float
    action: str


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "inlet",
            60.0,
            600.0,
            "Go to the hall: look for a stopped air handler, an open containment door or a hot spot at the rack named. "
            "If it goes on rising, start every air handler and move load away.",
        ),
        Kind(
            "sensors",
            120.0,
            600.0,
            "Check power and network of the gateways named, and that their programs run. The daemon does not warm "
            "what it cannot see.",
        ),
        Kind(
            "doubtful",
            1800.0,
            1800.0,
            "Check the sensors named on site, and replace or calibrate them. Until then the daemon goes on without "
            "them, or with a wider margin.",
        ),
        Kind(
            "quorum",
            300.0,
            600.0,
            "Too few rack inlets are good to steer this hall. Mend or replace the doubtful sensors; until then it "
            "stays at least as cool as it is.",
        ),
        Kind(
            "inputs",
            300.0,
            600.0,
            "The daemon cannot decide without these points. Mend the source, or map another sensor in points.toml.",
        ),
        Kind(
            "not-followed",
            0.0,
            120.0,
            "Check the receiver and the controller of this setpoint by hand, then give it back to the daemon with "
            "twin op release.",
        ),
        Kind(
            "no-effect",
            1800.0,
            900.0,
            "The setpoint is taken and the temperature does not follow. Check the local loop: valve, actuator, fan, "
            "sensor, and that the unit is not in manual.",
        ),
        Kind(
            "foreign",
            0.0,
            1800.0,
            "Somebody else writes our setpoints. Find the other master: a second daemon, a panel, a stolen login. Set "
            "the mode to shadow until you know.",
        ),
        Kind(
            "checker",
            0.0,
            120.0,
            "This must never happen: a command broke the limits file and was stopped. Set the mode to shadow, keep "
            "log and recording, and report it.",
        ),
        Kind(
            "chillers",
            60.0,
            900.0,
            "A chiller stopped and the others cannot carry the load. Start the standby, read the fault of the one "
            "that stopped, and be ready to move load away.",
        ),
        Kind(
            "chilled-water",
            300.0,
            900.0,
            "Chilled water is warmer than asked for. Check chillers, pumps and valves, and whether a chiller should "
            "be started.",
        ),
        Kind(
            "crah",
            120.0,
            600.0,
            "Read the fault of the air handlers named and start them again. Until then one more failure may heat "
            "the hall.",
        ),
        Kind(
            "mains",
            10.0,
            600.0,
            "The site runs on battery or generator. Follow the plan for a mains failure: watch fuel and batteries, "
            "and check that cooling came back.",
        ),
        Kind(
            "ups-source",
            30.0,
            600.0,
            "This UPS side runs on battery or generator. Check its feeder and switchgear; the other side carries "
            "what this one drops.",
        ),
        Kind(
            "ups-lost",
            60.0,
            600.0,
            "This UPS side gives no power: there is no redundancy. Read its fault, and do no work on the other side.",
        ),
        Kind(
            "battery",
            30.0,
            900.0,
            "The battery of this UPS side runs low. Restore its supply, or shut down what it carries in order.",
        ),
        Kind(
            "link",
            60.0,
            60.0,
            "The daemon has no link to the broker, and the plant is on its own setpoints. Check broker, network and "
            "the daemon's login.",
        ),
        Kind(
            "session",
            0.0,
            3600.0,
            "The broker forgot what it kept for the daemon: readings may be missing. Give the broker persistence, and "
            "see why it restarted.",
        ),
        Kind(
            "sink",
            600.0,
            300.0,
            "History does not get through to this server. Check that it runs, its disk, and the daemon's token; "
            "nothing is lost while the spool has room.",
        ),
        Kind(
            "disk",
            5.0,
            300.0,
            "The disk of the state directory takes nothing. Make room; control goes on, but readings and the audit "
            "log wait in memory.",
        ),
        Kind(
            "residual",
            1800.0,
            3600.0,
            "The site buys far more or less than the twin expects. Compare the meters, look for a load or a machine "
            "the site file does not know; savings are not to be believed until then.",
        ),
    )
}
