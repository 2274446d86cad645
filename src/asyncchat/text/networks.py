"""What counts as one address, in every limit and every ban."""

from ipaddress import IPv6Address, ip_address

_LONGEST = 64


def network_of(address: str) -> str:
    """Return an IPv4 address as it is, and of an IPv6 address its /64, of which each host has all (RFC 4291, 2.5.1).

    What is a network already stays one; so does the loopback, which is no network's.
    """
    if ":" not in address or "/" in address:
        return address
    host = IPv6Address(address)
    return address if host.is_loopback else f"{IPv6Address(int(host) >> 64 << 64)}/64"


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine; "" stands for one that is not known any more."""
    return bool(host) and ip_address(host).is_loopback


def network_written(text: str) -> str | None:
    """Return the network of an address that a person has written, with or without /32 or /64; None if it is none."""
    if "." not in text and ":" not in text:
        return None
    address, slash, bits = text.partition("/")
    try:
        host = ip_address(address) if len(text) <= _LONGEST else None
    except ValueError:
        host = None
    if not host or (slash and bits != ("32" if host.version == 4 else "64")):
        return None
    return network_of(str(getattr(host, "ipv4_mapped", None) or host))
