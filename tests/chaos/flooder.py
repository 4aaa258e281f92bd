"""A publisher that says far too much: `python -m tests.chaos.flooder PORT TOPICS_FILE PER_SECOND SECONDS`.

Messages go round the topics of the file, one `topic<TAB>payload` a line, at QoS 0, paced in slices of ten milliseconds.
Says at the end how many it sent.
"""

from __future__ import annotations

import select
import socket
import sys
import time
from pathlib import Path

from tests.integration.mqtt import wire

SLICE_S = 0.01


def main(port: int, topics: Path, per_s: int, seconds: float) -> int:
    pairs = [line.split(b"\t", 1) for line in topics.read_bytes().splitlines()]
    packets = [wire.publish(topic.decode(), payload, version=wire.V311) for topic, payload in pairs]
    with socket.create_connection(("127.0.0.1", port)) as link:
        link.sendall(wire.connect(f"flooder-{topics.stem}", version=wire.V311))
        link.recv(16)
        sent, began_s = 0, time.monotonic()
        while (passed_s := time.monotonic() - began_s) < seconds:
            due = int(passed_s * per_s) - sent
            if due > 0:
                link.sendall(b"".join(packets[(sent + k) % len(packets)] for k in range(due)))
                sent += due
            if select.select([link], [], [], SLICE_S)[0] and not link.recv(65_536):
                break
    print(sent)
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
