"""What happens in a conversation, in the order in which everybody sees it."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from asyncchat.text.usernames import Name

ANNOUNCED = 200
"""Members up to which everybody who joins or leaves is announced: of ten thousand arrivals, nobody wants each."""

SHOWN = 25
"""Messages in one answer, at most: no more than what a newcomer can be sent."""


class Joined(NamedTuple):
    """Somebody has a name now and is in the room, with `members` people in all."""

    name: Name
    members: int


class Sent(NamedTuple):
    """A message; `seq` rises by one from each to the next, `time` is in milliseconds since 1970 (UTC).

    `token_hash` and `ident`: of the session that it was sent from, and its id there, if it may be sent again.
    """

    seq: int
    name: Name
    text: str
    time: int
    token_hash: bytes = b""
    ident: int = 0


class Left(NamedTuple):
    """Somebody is gone, and the name is free again; `members` people are left.

    `is_news`: not if all are leaving, since the chat ends.
    """

    name: Name
    members: int
    is_news: bool = True


class Renamed(NamedTuple):
    """Somebody goes on under another name; there are `members` people, as before."""

    name: Name
    new: Name
    members: int


class ConnectionReplaced(NamedTuple):
    """The connection of somebody who has come back already turned out to be dead."""

    name: Name


class Reconnected(NamedTuple):
    """Somebody who was in the room all the time is on a new connection."""

    name: Name


class MemberCount(NamedTuple):
    """So many people are in the room now, too many for everybody to be announced."""

    members: int


Event = Joined | Sent | Left | Renamed | ConnectionReplaced | Reconnected | MemberCount


def timestamp(time: int) -> str:
    """Return a time in milliseconds since 1970 as RFC 3339 has it, in UTC."""
    second, milliseconds = divmod(time, 1000)
    return f"{_second(second)}.{milliseconds:03}Z"


def to_the_second(time: int) -> str:
    """Return the same as answers in words have it: without the milliseconds."""
    return f"{_second(time // 1000)}Z"


@lru_cache(maxsize=16)
def _second(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).isoformat().removesuffix("+00:00")
