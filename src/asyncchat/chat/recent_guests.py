"""Guests who have left: their addresses are remembered for a while, so that they can still be banned."""

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
    """The last REMEMBERED guests who have left, one for each name.

    When there are more, the oldest of the network with the most guests is forgotten: so no network displaces others.
    """

    def __init__(self) -> None:
        self._guests: dict[str, Guest] = {}
        self._of_network: dict[str, dict[str, None]] = {}

    def add(self, guest: Guest) -> None:
        """Remember a guest, instead of an earlier one with the same name."""
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
        """Return the last guest who had this name."""
        return self._guests.get(name.key)
