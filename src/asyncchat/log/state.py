"""The state that the log has led to: members, rooms and their last messages, accounts, bans and mutes.

Only `apply` changes it.
"""

import heapq
from collections import deque
from collections.abc import Iterable, Sequence
from enum import IntEnum
from itertools import islice
from typing import NamedTuple

from asyncchat.log.accounts import Account, Accounts
from asyncchat.log.invites import Invite, Invites
from asyncchat.log.restrictions import Restrictions
from asyncchat.log.room_events import Sent
from asyncchat.text.confusables import ConfusableIndex
from asyncchat.text.usernames import Name

LOBBY = ""
"""The key of the default room, which is always there."""

REMEMBERED = 100
"""Messages that a room remembers, besides the default room, at most: there may be many."""

DEFAULT_NAME = "lobby"
"""Its name, unless it has another one."""


class Member(NamedTuple):
    """A user who is in the chat; see Join.

    rooms: the keys of the rooms that the user is in
    is_removed: a moderator has kicked or banned the user, who leaves soon
    """

    name: Name
    number: int
    account: int | None
    token_hash: bytes
    rooms: tuple[str, ...] = (LOBBY,)
    network: str = ""
    is_removed: bool = False


class RoomRole(IntEnum):
    """What an account may do in a room, besides what its role on the server allows."""

    INVITED = 0
    MODERATOR = 1


_NONE: deque[Sent] = deque(maxlen=0)
"""The messages of every room that has none: a room of its own takes ten times as much memory."""


class RoomState:
    """A room: its members, its numbers, its last messages, as many as `remembered`, and its topic.

    key: by which it is found; all that refer to the room have this same object
    shown: its name with a leading #
    conversation: the same, as JSON events name it: empty for the default room
    members: their names, by the keys of these
    topic_set: by whom the topic was set and when, in milliseconds since 1970; None if that was before the server began
    is_private: only accounts with a role in it may enter it, and learn that it is there
    roles: the roles of accounts in it, by their numbers
    """

    __slots__ = (
        "_has_changed",
        "conversation",
        "is_private",
        "key",
        "last",
        "members",
        "remembered",
        "roles",
        "seq",
        "shown",
        "topic",
        "topic_set",
    )

    def __init__(
        self,
        remembered: int,
        recent: Sequence[Sent] = (),
        seq: int = 0,
        topic: str = "",
        name: str = DEFAULT_NAME,
        key: str = LOBBY,
    ) -> None:
        self.key = key
        self.shown = self.conversation = f"#{name}"
        self.members: dict[str, Name] = {}
        self.remembered = remembered
        self.last = deque(recent, maxlen=remembered) if recent else _NONE
        self.is_private = False
        self.roles: dict[int, RoomRole] = {}
        self._has_changed = any(message.changed for message in recent)
        self.seq = seq
        self.topic = topic
        self.topic_set: tuple[Name, int] | None = None

    @property
    def is_idle(self) -> bool:
        """Whether it need not be kept: it has no members, no topic, never had a message, and nobody is invited."""
        return not (self.members or self.seq or self.topic or (self.is_private and self.roles))

    def add(self, messages: Sequence[Sent]) -> None:
        """Add messages, the oldest first."""
        if self.last.maxlen != self.remembered:
            self.last = deque(maxlen=self.remembered)
        self.last.extend(messages)
        self.seq = messages[-1].seq

    def find(self, seq: int) -> Sent | None:
        """Return the message with this number, if it is remembered."""
        index = seq - self.last[0].seq if self.last else -1
        return self.last[index] if 0 <= index < len(self.last) and self.last[index].seq == seq else None

    def change(self, message: Sent) -> None:
        """Replace a message that is remembered by another one with its number."""
        self._has_changed = True
        self.last[message.seq - self.last[0].seq] = message

    def changed(self, first: int, last: int) -> list[Sent]:
        """Return the messages with these numbers, of those that are remembered, that have another text now."""
        if not self._has_changed:  # nearly always
            return []
        return [message for message in self.last if message.changed and first <= message.seq <= last]

    def newest(self, count: int) -> list[Sent]:
        """Return the last messages, at most `count`."""
        return list(islice(reversed(self.last), count))[::-1]

    def since(self, seq: int) -> list[Sent]:
        """Return the messages after the one with the number `seq`, as far back as they are remembered."""
        return self.newest(min(max(self.seq - seq, 0), len(self.last)))

    def names(self, without: Name, most: int) -> tuple[list[str], int]:
        """Return the first `most` names in their order, leaving out `without`, and how many there are beyond these."""
        first = [key for key in heapq.nsmallest(most + 1, self.members) if key != without.key][:most]
        others = len(self.members) - (without.key in self.members)
        return [self.members[key].shown for key in first], others - len(first)


class ChatState:
    """The state of the whole server.

    rooms: by their keys; LOBBY is the default room
    members: the users who are in the chat, by the keys of their names
    keys: these keys, by the numbers of the members
    looks: what their names look like
    remembered: the last messages that a new room remembers
    accounts: None without a store
    restrictions: bans and mutes
    invites: invitations by a link; `last_invite`: the number of the last one that was made
    """

    def __init__(
        self,
        room: RoomState,
        accounts: Accounts | None = None,
        restrictions: Restrictions | None = None,
        others: Iterable[tuple[str, RoomState]] = (),
        invites: Iterable[Invite] = (),
        last_invite: int = 0,
    ) -> None:
        room.conversation = ""
        self.rooms: dict[str, RoomState] = {LOBBY: room, **dict(others)}
        self.members: dict[str, Member] = {}
        self.keys: dict[int, str] = {}
        self.looks = ConfusableIndex()
        self.remembered = min(room.remembered, REMEMBERED)
        self.accounts = accounts
        self.restrictions = restrictions or Restrictions()
        self.invites = Invites(invites, last_invite)

    @property
    def room(self) -> RoomState:
        """The default room."""
        return self.rooms[LOBBY]

    def member(self, number: int) -> Member:
        """Return the member with this number. Raises KeyError."""
        return self.members[self.keys[number]]

    def replace(self, member: Member) -> None:
        """Add a member, instead of one with the same name."""
        if before := self.members.get(member.name.key):
            del self.keys[before.number]
        if not before or before.name != member.name:
            if before:
                self.looks.remove(before.name)
            self.looks.add(member.name)
        self.members[member.name.key] = member
        self.keys[member.number] = member.name.key

    def add(self, member: Member) -> None:
        """Add a member to the chat and to its rooms, as they were stored."""
        self.replace(member)
        for room in member.rooms:
            self.rooms[room].members[member.name.key] = member.name

    def remove(self, number: int) -> Member:
        """Remove the member with this number, and return it. Raises KeyError."""
        member = self.members.pop(self.keys.pop(number))
        self.looks.remove(member.name)
        return member

    def vacate(self, room: str, name: Name) -> RoomState:
        """Remove a name from a room, and the room itself if nothing is left of it; return the room."""
        state = self.rooms[room]
        del state.members[name.key]
        self.forget_idle(room)
        return state

    def forget_idle(self, room: str) -> None:
        """Remove a room if nothing is left of it."""
        if room != LOBBY and self.rooms[room].is_idle:
            del self.rooms[room]
            self.restrictions.forget(room)

    def may_enter(self, room: str, account: int | None) -> bool:
        """Tell whether the owner of an account may know that there is a room with this key, and enter it."""
        state = self.rooms.get(room)
        return state is not None and (not state.is_private or account in state.roles)

    def enterable(self, rooms: Iterable[str], account: int | None) -> tuple[str, ...]:
        """Return those of these rooms that the owner of an account may enter."""
        return tuple(room for room in rooms if self.may_enter(room, account))

    def account(self, ident: int) -> Account | None:
        """Return the account with this number."""
        return self.accounts.get(ident) if self.accounts else None

    def missing(self, accounts: Iterable[int]) -> bool:
        """Tell whether one of these accounts does not exist (any more)."""
        return any(not self.account(ident) for ident in accounts)
