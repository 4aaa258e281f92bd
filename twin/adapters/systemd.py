"""The service manager's notify protocol: one datagram to a socket whose name stands in NOTIFY_SOCKET."""

from __future__ import annotations

import os
import socket


class ServiceManager:
    """Tells systemd about readiness, liveness and the end; does nothing where there is no service manager."""

    def __init__(self, address: str | None = None, watchdog_usec: str | None = None) -> None:
        name = os.environ.get("NOTIFY_SOCKET", "") if address is None else address
        self._address = "\0" + name[1:] if name.startswith("@") else name
        usec = os.environ.get("WATCHDOG_USEC", "") if watchdog_usec is None else watchdog_usec
        self.watchdog_s = int(usec) / 1e6 if usec.isdigit() else 0.0

    def ready(self) -> None:
        """The kernels are warm and the loop runs."""
        self._send("READY=1")

    def alive(self) -> None:
        """The control loop has just done its work; called from nowhere else."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """An orderly stop has begun."""
        self._send("STOPPING=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._send(f"STATUS={' '.join(text.splitlines())}")  # a line of its own would be another assignment

    def _send(self, message: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.setblocking(False)  # one that does not listen must not hold up the loop
            try:
                channel.connect(self._address)
                channel.send(message.encode())
            except OSError:
                # a service manager that went away must not stop the cooling
                return
