"""Which hosts, origins and proxies a web port trusts."""

from collections.abc import Collection
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import NamedTuple

from asyncchat.text.networks import is_loopback

Network = IPv4Network | IPv6Network


class Trust(NamedTuple):
    """What a web port trusts.

    origins: of pages that may open WebSockets, beside the page of the port itself; as SCHEME://HOST[:PORT]
    proxies: their X-Forwarded-For is believed
    readers: of the metrics, besides this machine
    pages: of other servers with the same chat: they may open WebSockets here, and the page of this one there
    """

    origins: Collection[str] = ()
    proxies: Collection[Network] = ()
    readers: Collection[Network] = ()
    pages: Collection[str] = ()

    def knows_host(self, host: str) -> bool:
        """Tell whether a Host header can't have been made by a foreign name that leads here (DNS rebinding)."""
        name = _without_port(host.lower())
        if name == "localhost" or any(
            _without_port(origin.partition("://")[2]) == name for origin in (*self.origins, *self.pages)
        ):
            return True
        return _is_address(name.removeprefix("[").removesuffix("]"))

    def allows(self, origin: str | None, own: str) -> bool:
        """Tell whether a page of `origin` may open a WebSocket; `own` is the origin of this port's page.

        Programs send no Origin; every browser does.
        """
        return origin is None or origin.lower() in {own.lower(), *self.origins, *self.pages}

    def is_proxy(self, host: str) -> bool:
        """Tell whether `host` is a trusted proxy."""
        return bool(self.proxies and host) and any(ip_address(host) in network for network in self.proxies)

    def may_measure(self, host: str) -> bool:
        """Tell whether `host` may read the metrics."""
        return is_loopback(host) or (bool(host) and any(ip_address(host) in network for network in self.readers))

    def address(self, host: str, forwarded: str) -> str:
        """Return the address of the peer whose request has come from `host`.

        forwarded: X-Forwarded-For: each proxy has added the address that it saw, so the last one that is no trusted
        proxy's is the peer's.
        """
        for seen in reversed(forwarded.split(",")):
            if not self.is_proxy(host):
                break
            if not _is_address(seen.strip()):
                break
            found = ip_address(seen.strip())
            host = str(getattr(found, "ipv4_mapped", None) or found)
        return host


def names_loopback(host: str) -> bool:
    """Tell whether a Host header names this machine."""
    name = _without_port(host.lower()).removeprefix("[").removesuffix("]")
    return name == "localhost" or (_is_address(name) and is_loopback(name))


def parse_origin(text: str) -> str:
    """Return an origin as browsers write it. Raises ValueError, which says what to write instead."""
    scheme, _, host = text.lower().removesuffix("/").partition("://")
    if scheme not in {"http", "https"} or not host or set(host) & set("/?#@ "):
        raise ValueError(f"{text!r} is not an origin; write https://HOST, or https://HOST:PORT")
    return f"{scheme}://{host.removesuffix({'http': ':80', 'https': ':443'}[scheme])}"


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() and not name.endswith(":") and ("]" in name or ":" not in name) else host


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return len(text) <= 64
