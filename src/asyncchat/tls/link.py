"""Links to a chat, which contain what a client needs to know that it is the right server."""

from typing import NamedTuple
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

from asyncchat.system.addresses import DEFAULT_PORT, Address, parse_address
from asyncchat.text.usernames import parse_name
from asyncchat.tls.trust import parse_fingerprint

SCHEME = "asyncchat"
_LONGEST = 1000


class Link(NamedTuple):
    """The address of a server, and the fingerprint of its certificate; without one it does not use TLS.

    room: the name of a room to join, without its leading #
    key: of an invitation
    """

    address: Address
    fingerprint: str = ""
    room: str = ""
    key: str = ""

    def __str__(self) -> str:
        known = [("fp", self.fingerprint), ("k", self.key)]
        query = urlencode([(name, value) for name, value in known if value])
        return f"{SCHEME}://{self.address}/{quote(self.room)}" + (f"?{query}" if query else "")


def parse_link(text: str) -> Link:
    """Return the link that is written so; what it contains for later versions is ignored. Raises ValueError."""
    try:
        parts = urlsplit(text[:_LONGEST])
        host, port = parse_address(parts.netloc)
        query = parse_qs(parts.query)
        (fingerprint, *_), (key, *_) = (query.get(name, [""]) for name in ("fp", "k"))
        fingerprint = parse_fingerprint(fingerprint) if fingerprint else ""
        room = parse_name(unquote(parts.path[1:])).shown if parts.path[1:] else ""
    except ValueError:
        raise ValueError(f"{text[:80]!r} is not a whole link; copy it again, and put it in quotes") from None
    return Link(Address(host, port or DEFAULT_PORT), fingerprint, room, key)
