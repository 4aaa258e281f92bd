"""The guard's last step: bytes are made, looked at again, and sealed. Nothing else can make a sealed command."""

from __future__ import annotations

from controllers.guard.checker import Checker
from controllers.wire import command_expiry_s, command_payload, command_topic
from twin.domain.commands import Command
from twin.domain.sealed import SealedCommand, claim_key

_KEY = claim_key()


def seal(command: Command, root: str, checker: Checker) -> SealedCommand | str:
    """The sealed command, or why these bytes must not leave."""
    topic, payload = command_topic(root, command), command_payload(command)
    objection = checker.objection(topic, payload)
    if objection:
        return objection
    return SealedCommand(_KEY, command, topic, payload, command_expiry_s(command))
