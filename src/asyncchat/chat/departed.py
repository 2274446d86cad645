"""Guests who have left: for a while it is known who they were, so that they can be banned all the same."""

from collections import OrderedDict
from typing import NamedTuple

from asyncchat.chat.names import Name

REMEMBERED = 1000


class Guest(NamedTuple):
    """A guest who was there, from an `address`, until some `time` in milliseconds since 1970."""

    name: Name
    address: str
    time: int


class Departed:
    """The last REMEMBERED guests who have left, the last of each name."""

    def __init__(self) -> None:
        self._guests: OrderedDict[str, Guest] = OrderedDict()

    def add(self, guest: Guest) -> None:
        """Remember one."""
        self._guests[guest.name.key] = guest
        self._guests.move_to_end(guest.name.key)
        if len(self._guests) > REMEMBERED:
            self._guests.popitem(last=False)

    def find(self, name: Name) -> Guest | None:
        """Return who had this name last, if it was a guest."""
        return self._guests.get(name.key)
