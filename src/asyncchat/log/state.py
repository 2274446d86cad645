"""The state that the log has led to: members, last messages, accounts, bans and mutes.

Only `apply` changes it.
"""

import heapq
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from asyncchat.log.accounts import Account, Accounts
from asyncchat.log.restrictions import Restrictions
from asyncchat.log.room_events import Sent
from asyncchat.text.usernames import Name


class Member(NamedTuple):
    """A member of a room; see Join."""

    name: Name
    number: int
    account: int | None
    token_hash: bytes


class RoomState:
    """A room: its members, its numbers, its last messages, as many as `remembered`, and its topic.

    members: by the keys of their names
    keys: of the members, by their numbers
    """

    def __init__(self, remembered: int, recent: Sequence[Sent] = (), seq: int = 0, topic: str = "") -> None:
        self.members: dict[str, Member] = {}
        self.keys: dict[int, str] = {}
        self.last: deque[Sent] = deque(recent, maxlen=remembered)
        self.seq = seq
        self.topic = topic

    def enter(self, member: Member) -> None:
        """Add a member, instead of one with the same name."""
        if before := self.members.get(member.name.key):
            del self.keys[before.number]
        self.members[member.name.key] = member
        self.keys[member.number] = member.name.key

    def leave(self, number: int) -> Member:
        """Remove the member with this number, and return it. Raises KeyError."""
        return self.members.pop(self.keys.pop(number))

    def add(self, messages: Sequence[Sent]) -> None:
        """Add messages, the oldest first."""
        self.last.extend(messages)
        self.seq = messages[-1].seq

    def newest(self, count: int) -> list[Sent]:
        """Return the last messages, at most `count`."""
        return list(islice(reversed(self.last), count))[::-1]

    def since(self, seq: int) -> list[Sent]:
        """Return the messages after the one with the number `seq`, as far back as they are remembered."""
        return self.newest(min(max(self.seq - seq, 0), len(self.last)))

    def names(self, without: Name, most: int) -> tuple[list[str], int]:
        """Return the first `most` names in their order, leaving out `without`, and how many there are beyond these."""
        first = [key for key in heapq.nsmallest(most + 1, self.members) if key != without.key][:most]
        return [self.members[key].name.shown for key in first], len(self.members) - 1 - len(first)


class ChatState:
    """The state of the whole server.

    rooms: by their names; "" is the room that all users are in
    accounts: None without a store
    restrictions: bans and mutes
    """

    def __init__(
        self, room: RoomState, accounts: Accounts | None = None, restrictions: Restrictions | None = None
    ) -> None:
        self.rooms: dict[str, RoomState] = {"": room}
        self.accounts = accounts
        self.restrictions = restrictions or Restrictions()

    @property
    def room(self) -> RoomState:
        """The room that all users are in."""
        return self.rooms[""]

    def account(self, ident: int) -> Account | None:
        """Return the account with this number."""
        return self.accounts.get(ident) if self.accounts else None

    def missing(self, accounts: Iterable[int]) -> bool:
        """Tell whether one of these accounts does not exist (any more)."""
        return any(not self.account(ident) for ident in accounts)
