"""The product's own process, to be hung: SIGUSR1 blocks its loop, SIGUSR2 begins a search in C that never ends.

Run as `python -m tests.chaos.hanging WEAKNESS run --site ...`. WEAKNESS is "-", or "timer": a build whose watchdog is
fed from a thread.
"""

from __future__ import annotations

import re
import signal
import sys
import threading
import time

from twin.adapters.systemd import ServiceManager
from twin.cli.main import main

TIMER = "timer"
BLOCKED, NATIVE = signal.SIGUSR1, signal.SIGUSR2


def _block(*_: object) -> None:
    while True:
        time.sleep(3600.0)  # other threads go on


def _never_return(*_: object) -> None:
    re.match("(a+)+$", 64 * "a" + "b")  # 2**64 ways to try, and no other thread runs meanwhile


def _feed_for_ever() -> None:
    while True:
        time.sleep(1.0)
        ServiceManager().alive()


if __name__ == "__main__":
    signal.signal(BLOCKED, _block)
    signal.signal(NATIVE, _never_return)
    if sys.argv[1] == TIMER:
        threading.Thread(target=_feed_for_ever, daemon=True).start()
    sys.argv = ["twin", *sys.argv[2:]]
    main()
