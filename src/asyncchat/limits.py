"""How much of anything a peer may have, and for how long."""

import sys
from typing import NamedTuple

MOST_FILES = 1 << 20
RESERVED_FILES = 64
"""Open files that are not for connections: standard streams, listeners, the event loop, and who is being refused."""


class Limits(NamedTuple):
    """The limits of a server; the flags of `asyncchat serve` are their names.

    max_line: bytes of text in a line
    rate, burst: messages of one peer a second, and at once after a rest; beyond that its reading pauses (rate 0: off)
    max_backlog: bytes that wait for a peer that does not read, beyond what the kernel holds
    stall_timeout: seconds without progress while something waits for a peer
    name_timeout: seconds for choosing a name
    max_connections: connections in all
    max_per_address: connections from one address (0: off)
    max_rooms: rooms in all
    history: messages that a newcomer gets
    replay: messages that are kept for those who come back
    search_timeout: seconds that a search may take
    drain_timeout: seconds in which a peer that is let go may take what it is owed
    """

    max_line: int = 4096
    rate: float = 20.0
    burst: int = 50
    max_backlog: int = 1 << 20
    stall_timeout: float = 30.0
    name_timeout: float = 60.0
    max_connections: int = 960
    max_per_address: int = 64
    max_rooms: int = 1000
    history: int = 10
    replay: int = 1000
    search_timeout: float = 2.0
    drain_timeout: float = 5.0


class Policy(NamedTuple):
    """What a server lets users do.

    needs_account: only registered users may join
    default_room: the name of the room that all users join
    may_make_rooms: open: everybody; registered: registered users; fixed: the admin
    transcript_rooms: the transcript has all rooms
    plain_passwords: passwords are accepted without TLS, from other machines, too
    servers: other servers with the same chat, as HOST:PORT
    pages: the same for browsers, as https://HOST
    """

    needs_account: bool = False
    default_room: str = "lobby"
    may_make_rooms: str = "open"
    transcript_rooms: bool = False
    plain_passwords: bool = False
    servers: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()


def raise_open_file_limit() -> int:
    """Let this process open as many files as it may, and return how many that is."""
    if sys.platform == "win32":
        return MOST_FILES
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):  # macOS refuses some of what it has promised
        return soft
    return wanted
