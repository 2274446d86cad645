"""The events of a room, which all members get in the same order."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from asyncchat.text.usernames import Name

ANNOUNCED = 200
"""Members up to which each join and leave is announced; with more, only their number is."""

MOST_ROOMS = 50
"""Rooms that a user may be in."""

SHOWN = 25
"""Messages in one answer, at most."""


class Joined(NamedTuple):
    """A user has joined; `members`: how many there are now."""

    name: Name
    members: int


class Sent(NamedTuple):
    """A message; `seq` rises by one from each to the next, `time` is in milliseconds since 1970 (UTC).

    `token_hash` and `ident`: of the session that it was sent from, and its id there, if it may be sent again.
    `room`: the key of the room, empty for the default room. `changed`: when it got this text, if that is not its first
    one; an empty text is one that was deleted.
    """

    seq: int
    name: Name
    text: str
    time: int
    token_hash: bytes = b""
    ident: int = 0
    room: str = ""
    changed: int = 0


class Changed(NamedTuple):
    """A message of `author` has another text, or was deleted, if the text is empty."""

    seq: int
    author: Name
    by: Name
    text: str


class Left(NamedTuple):
    """A user has left, and the name is free again; `members`: how many are left.

    `is_news`: false when all leave since the server ends. `has_quit`: false when the user is still in the chat.
    `is_removed`: a Removed has told it already.
    """

    name: Name
    members: int
    is_news: bool = True
    has_quit: bool = True
    is_removed: bool = False


class Removed(NamedTuple):
    """A moderator has kicked or banned a user, who leaves soon; `action`: which of these."""

    name: Name
    by: Name
    action: str


class Noted(NamedTuple):
    """Something has changed that is known of a user: account, role, or whether away; only IRC tells it.

    by: the moderator who has changed the role of the user, if it is that
    is_moderator: whether the user is a moderator then
    away: why the user is away, or empty; None if it is something else
    """

    name: Name
    by: Name | None = None
    is_moderator: bool = False
    away: str | None = None


class Renamed(NamedTuple):
    """A user has another name; `members`: how many there are, as before."""

    name: Name
    new: Name
    members: int


class ConnectionReplaced(NamedTuple):
    """The old connection of a user who has reconnected is closed."""

    name: Name


class Reconnected(NamedTuple):
    """A user who was in the room all the time has a new connection."""

    name: Name


class MemberCount(NamedTuple):
    """How many members there are, when they are too many to announce each."""

    members: int


Event = Joined | Sent | Changed | Left | Removed | Noted | Renamed | ConnectionReplaced | Reconnected | MemberCount


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
