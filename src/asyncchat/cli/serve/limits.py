"""The arguments of `asyncchat serve` for the limits; see Limits."""

import argparse

from asyncchat.cli.arguments import checked
from asyncchat.limits import Limits


def add(parser: argparse._ActionsContainer) -> None:
    """Add those that not only the group chat has."""
    _add_limit(parser, "max_line", (1, 1 << 20), "maximum length of a line, in bytes of text")
    _add_limit(
        parser,
        "stall_timeout",
        (0.001, 86400),
        "disconnect a client that has read none of its waiting data for this long; not with --mode pair",
    )


def add_of_room(room: argparse._ActionsContainer) -> None:
    """Add those of the group chat."""
    _add_limit(room, "max_rooms", (1, 100_000), "rooms that there may be")
    _add_limit(room, "history", (0, 1000), "messages that are shown to a new user")
    _add_limit(room, "replay", (0, 100_000), "messages that can be sent again to a client that reconnects")
    _add_limit(room, "rate", (0, 1e6), "messages a second from one client; the server reads no faster; 0: no limit")
    _add_limit(room, "burst", (1, 1 << 20), "messages that a client may send at once after a pause")
    _add_limit(room, "name_timeout", (0.001, 86400), "time to choose a name")
    _add_limit(room, "max_backlog", (1, 1 << 30), "bytes that may wait for a client that does not read")
    _add_limit(room, "max_connections", (1, 1 << 20), "connections in total", "the limit of open files less 64")
    _add_limit(room, "max_per_address", (0, 1 << 20), "connections from one address, except loopback; 0: no limit")
    _add_limit(room, "search_timeout", (0.001, 3600), "time limit of a search; what was found until then is shown")
    _add_limit(
        room, "drain_timeout", (0.001, 3600), "time for clients to receive their last messages when the server stops"
    )


def _add_limit(
    parser: argparse._ActionsContainer, field: str, allowed: tuple[float, float], explanation: str, usual: str = ""
) -> None:
    default = getattr(Limits(), field)
    parser.add_argument(
        "--" + field.replace("_", "-"),
        type=checked(lambda text: _number(text, type(default), *allowed)),
        metavar="SECONDS" if field.endswith("timeout") else "N",
        default=argparse.SUPPRESS,
        help=f"{explanation} (default: {usual or default})",
    )


def _number(text: str, kind: type[float], least: float, most: float) -> float:
    try:
        number = kind(text)
    except ValueError:
        number = None
    if number is None or not least <= number <= most:
        raise ValueError(
            f"{text!r} is not {'a whole number' if kind is int else 'a number'} from {least:.12g} to {most:.12g}"
        )
    return number
