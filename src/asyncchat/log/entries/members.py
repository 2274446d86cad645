"""Who is in the chat. One server alone does not store these entries: after its start there are no members."""

from dataclasses import dataclass

from asyncchat.log.entries.entry import Entry
from asyncchat.text.usernames import Name

LIFE_BITS = 40
"""Bits of a member's number that count the connections of one life of a server; those above are the life's number."""


def life_of(member: int) -> int:
    """Return the life of the server that a member is connected to, by the member's number; 0 with one server alone."""
    return member >> LIFE_BITS


@dataclass(frozen=True, slots=True)
class Join(Entry[None]):
    """Become a member, or replace the connection of a user who is one already.

    member: a number that no other member has, of this connection, see life_of
    network: where it comes from
    account: the number of the account that the name belongs to, if it is one
    token_hash: of the token with which a guest can come back
    rooms: the keys of the rooms to be in, besides those that the user is in already; without those that do not exist,
        and the default one if no other is left of them

    Raises Banned, NameTaken, and IncorrectLogin if there is no such account any more.
    """

    name: Name
    member: int
    time: int
    network: str = ""
    account: int | None = None
    token_hash: bytes = b""
    rooms: tuple[str, ...] = ("",)


@dataclass(frozen=True, slots=True)
class Rename(Entry[None]):
    """Continue under the name of an account, or, without one, under another name of a guest.

    Raises Banned, NameTaken, IncorrectLogin, and NotThere.
    """

    member: int
    new: Name
    account: int | None
    time: int


@dataclass(frozen=True, slots=True)
class Leave(Entry[None]):
    """Stop being a member; `is_news`: false when all leave since the server ends. Raises NotThere."""

    member: int
    is_news: bool = True


@dataclass(frozen=True, slots=True)
class ServerLost(Entry[None]):
    """A server has ended, or was silent for too long: its members leave, in the order in which they have connected.

    life: see life_of; no entry of it counts any more
    """

    life: int


@dataclass(frozen=True, slots=True)
class Count(Entry[None]):
    """Tell the members of a room how many they are; changes nothing."""

    room: str = ""


@dataclass(frozen=True, slots=True)
class Mark(Entry[None]):
    """Changes nothing: when it is applied, all earlier entries are, too."""
