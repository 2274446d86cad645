"""The events of a conversation, in the order in which everybody sees them."""

from typing import NamedTuple

from asyncchat.chat.names import Name


class Joined(NamedTuple):
    """Somebody has a name now and is in the room."""

    name: Name


class Sent(NamedTuple):
    """A message; `seq` rises by one from each to the next."""

    seq: int
    name: Name
    text: str


class Left(NamedTuple):
    """Somebody is gone, and the name is free again."""

    name: Name


Event = Joined | Sent | Left
