"""What a command awaits that gives another connection time to answer."""

from dataclasses import dataclass

from asyncchat.log.requests import Request


@dataclass(frozen=True, slots=True)
class Pause(Request[None]):
    """So many seconds, or fewer if the server ends."""

    seconds: float
