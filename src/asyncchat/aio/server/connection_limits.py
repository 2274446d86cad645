"""Who may come in: how many connections there may be in all, and from one address."""

from collections import Counter
from ipaddress import ip_address

from asyncchat.formats import plain
from asyncchat.text import texts
from asyncchat.text.networks import network_of

FULL = plain.notice(texts.CHAT_FULL)
TOO_MANY = plain.notice(texts.TOO_MANY_CONNECTIONS)


class ConnectionLimiter:
    """Counts who is in. A limit of 0 connections from one address is none; loopback has none in any case."""

    def __init__(self, max_connections: int, max_per_address: int) -> None:
        self._max_connections = max_connections
        self._max_per_address = max_per_address
        self._inside = 0
        self._by_network: Counter[str] = Counter()

    def refusal(self, host: str) -> bytes | None:
        """Return what to tell somebody from `host` who can't come in now, or None."""
        if self._inside >= self._max_connections:
            return FULL
        if (
            self._max_per_address
            and self._by_network[network_of(host)] >= self._max_per_address
            and not _is_loopback(host)
        ):
            return TOO_MANY
        return None

    def enter(self, host: str) -> None:
        """Count one in."""
        self._inside += 1
        self._by_network[network_of(host)] += 1

    def leave(self, host: str) -> None:
        """Count one out."""
        self._inside -= 1
        network = network_of(host)
        self._by_network[network] -= 1
        if not self._by_network[network]:
            del self._by_network[network]


def _is_loopback(host: str) -> bool:
    return bool(host) and ip_address(host).is_loopback
