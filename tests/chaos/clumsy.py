"""The product's own process with two defects, each where a secret stands in the variables around it.

Run as `python -m tests.chaos.clumsy run --site ...`. Writing to the outside historian fails in the HTTP client, each
time, with an error nobody foresaw; and the first operator's order brings the control loop down.
"""

from __future__ import annotations

import sys
from typing import Any, NoReturn

from aiohttp.client_reqrep import ClientRequest

from twin.cli.main import main
from twin.daemon.core import Core

IN_HTTP, IN_LOOP = "a defect in the HTTP client", "a defect in the control loop"


def _send(request: ClientRequest, *_: Any, **__: Any) -> NoReturn:
    headers = dict(request.headers)  # as a debugger would show them
    raise RuntimeError(f"{IN_HTTP}, with {len(headers)} headers")


def _break() -> None:
    feed = Core.feed

    def fed(core: Core, messages: Any, *args: Any, **kwargs: Any) -> Any:
        if any("/_op/" in message.topic for message in messages):
            raise RuntimeError(IN_LOOP)
        return feed(core, messages, *args, **kwargs)

    ClientRequest.send = _send  # type: ignore[assignment]
    Core.feed = fed  # type: ignore[method-assign]


if __name__ == "__main__":
    _break()
    sys.argv = ["twin", *sys.argv[1:]]
    main()
