"""Links to a chat, which contain what a client needs to know that it is the right server."""

from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from asyncchat.system.addresses import DEFAULT_PORT, Address, parse_address
from asyncchat.tls.trust import parse_fingerprint

SCHEME = "asyncchat"
_LONGEST = 1000


class Link(NamedTuple):
    """The address of a server, and the fingerprint of its certificate; without one it does not use TLS."""

    address: Address
    fingerprint: str = ""

    def __str__(self) -> str:
        return f"{SCHEME}://{self.address}/" + (f"?fp={self.fingerprint}" if self.fingerprint else "")


def parse_link(text: str) -> Link:
    """Return the link that is written so; what it contains for later versions is ignored. Raises ValueError."""
    try:
        parts = urlsplit(text[:_LONGEST])
        host, port = parse_address(parts.netloc)
        found = parse_qs(parts.query).get("fp", [""])
        fingerprint = parse_fingerprint(found[0]) if found[0] else ""
    except ValueError:
        raise ValueError(f"{text[:80]!r} is not a whole link; copy it again, and put it in quotes") from None
    return Link(Address(host, port or DEFAULT_PORT), fingerprint)
