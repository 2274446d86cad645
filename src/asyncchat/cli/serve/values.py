"""The values of the options of `serve` that need to be parsed."""

from asyncchat.system.addresses import DEFAULT_PORT, Address, parse_address

_UNITS = {"h": 3_600_000, "d": 86_400_000}


def servers(text: str) -> list[str]:
    """Return the addresses of servers, and the origins of pages. Raises ValueError."""
    from asyncchat.aio.web.trust import parse_origin
    from asyncchat.formats.events import MOST_SERVERS

    found = []
    for one in map(str.strip, text.split(",")):
        host, port = ("", 0) if "://" in one else parse_address(one)
        found.append(str(Address(host, port or DEFAULT_PORT)) if host else parse_origin(one))
    if len(found) > MOST_SERVERS:
        raise ValueError(f"at most {MOST_SERVERS} servers can be named")
    return found


def room_name(text: str) -> str:
    """Return the name of a room. Raises NameRefused, a ValueError."""
    from asyncchat.text.usernames import parse_name

    return parse_name(text.removeprefix("#")).shown


def retention(text: str) -> dict[str, int]:
    """Return how much is to be kept, as the arguments of Retention. Raises ValueError."""
    number, unit = (text[:-1], text[-1:]) if text[-1:] in _UNITS else (text, "")
    if not (number.isascii() and number.isdigit() and int(number[:10]) >= 1 and len(number) <= 10):
        raise ValueError(
            f"{text!r} is not how much can be kept; write a number of messages, or of days or hours as in 30d or 12h"
        )
    return {"milliseconds": int(number) * _UNITS[unit]} if unit else {"messages": int(number)}
