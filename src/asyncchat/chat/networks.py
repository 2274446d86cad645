"""What counts as one address, in every limit and every ban."""

from ipaddress import IPv6Address


def network_of(address: str) -> str:
    """Return an IPv4 address as it is, and of an IPv6 address its /64, of which each host has all (RFC 4291, 2.5.1).

    What is a network already stays one; so does the loopback, which is no network's.
    """
    if ":" not in address or "/" in address:
        return address
    host = IPv6Address(address)
    return address if host.is_loopback else f"{IPv6Address(int(host) >> 64 << 64)}/64"
