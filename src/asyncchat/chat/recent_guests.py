"""Guests who have left: for a while it is known who they were, so that they can be banned all the same."""

from typing import NamedTuple

from asyncchat.text.networks import network_of
from asyncchat.text.usernames import Name

REMEMBERED = 1000


class Guest(NamedTuple):
    """A guest who was there, from an `address`, until some `time` in milliseconds since 1970."""

    name: Name
    address: str
    time: int


class RecentGuests:
    """REMEMBERED guests who have left, the last of each name; from no network so many that they displace others."""

    def __init__(self) -> None:
        self._guests: dict[str, Guest] = {}
        self._of_network: dict[str, dict[str, None]] = {}

    def add(self, guest: Guest) -> None:
        """Remember one."""
        key = guest.name.key
        if key in self._guests:
            self._forget(key)
        self._guests[key] = guest
        self._of_network.setdefault(network_of(guest.address), {})[key] = None
        if len(self._guests) > REMEMBERED:
            most = max(self._of_network.values(), key=len)
            self._forget(next(iter(most)))

    def _forget(self, key: str) -> None:
        network = network_of(self._guests.pop(key).address)
        del self._of_network[network][key]
        if not self._of_network[network]:
            del self._of_network[network]

    def find(self, name: Name) -> Guest | None:
        """Return who had this name last, if it was a guest."""
        return self._guests.get(name.key)
