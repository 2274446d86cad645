"""Limits the number of connections, in all and from one address."""

import errno
from collections import Counter

from asyncchat.formats import plain
from asyncchat.text import texts
from asyncchat.text.networks import is_loopback, network_of

FULL = plain.notice(texts.CHAT_FULL)
TOO_MANY = plain.notice(texts.TOO_MANY_CONNECTIONS)
OUT_OF_FILES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
"""Errors of accepting a connection that pass when others end."""


class ConnectionLimiter:
    """Counts the connections. `max_per_address` does not apply to loopback, and 0 means no limit.

    refused: how many connections were refused, by the reason: full, address
    """

    def __init__(self, max_connections: int, max_per_address: int) -> None:
        self.set_limits(max_connections, max_per_address)
        self._inside = 0
        self._by_network: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def set_limits(self, max_connections: int, max_per_address: int) -> None:
        """Have other limits from now on; connections that there are stay."""
        self._max_connections = max_connections
        self._max_per_address = max_per_address

    def refusal(self, host: str, *, is_shared: bool = False) -> bytes | None:
        """Return the refusal of a new connection from `host`, or None if it is accepted.

        `is_shared`: the host is a proxy, whose connections come from many addresses.
        """
        if self.is_full():
            self.refused["full"] += 1
            return FULL
        if (
            self._max_per_address
            and self._by_network[network_of(host)] >= self._max_per_address
            and not is_shared
            and not is_loopback(host)
        ):
            self.refused["address"] += 1
            return TOO_MANY
        return None

    def is_full(self, besides: int = 0) -> bool:
        """Tell whether there are as many connections as there may be, `besides` so many of them."""
        return self._inside - besides >= self._max_connections

    def enter(self, host: str) -> None:
        """Count a new connection."""
        self._inside += 1
        self._by_network[network_of(host)] += 1

    def leave(self, host: str) -> None:
        """Count the end of a connection."""
        self._inside -= 1
        network = network_of(host)
        self._by_network[network] -= 1
        if not self._by_network[network]:
            del self._by_network[network]
