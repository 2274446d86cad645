"""Rooms: who is in which, and what is kept of each."""

from dataclasses import dataclass

from asyncchat.log.entries.entry import Entry
from asyncchat.log.state import RoomRole
from asyncchat.text.usernames import Name


@dataclass(frozen=True, slots=True)
class Enter(Entry[None]):
    """Enter a room, and leave the one with the key `leaving` in the same moment, if it is given.

    Raises NoRoom if there is none with that key, TooManyRooms if the member is in MOST_ROOMS, and NotThere.
    """

    member: int
    room: str
    leaving: str | None = None


@dataclass(frozen=True, slots=True)
class MakeRoom(Entry[None]):
    """Make a room that does not exist yet, and enter it, see Enter.

    by: the name of the member
    most: rooms that there may be, with this one
    account: that of the member, which is a moderator of the room then
    """

    member: int
    room: Name
    by: Name
    time: int
    most: int
    leaving: str | None = None
    account: int | None = None


@dataclass(frozen=True, slots=True)
class Depart(Entry[None]):
    """Leave a room, and stay in the chat. Raises NotThere, and NoRoom if the member is not in that room."""

    member: int
    room: str


@dataclass(frozen=True, slots=True)
class SetTopic(Entry[None]):
    """Set the topic of a room; `by`: the moderator."""

    by: Name
    text: str
    time: int
    room: str = ""


@dataclass(frozen=True, slots=True)
class ChangeMessage(Entry[None]):
    """Give a message another text, or delete it, if `text` is empty.

    room: the key of its room
    author, by: the user who has sent it, and the one who changes it
    token_hash, ident: see Sent

    Raises NoMessage if it is deleted, and NoRoom if `by` is not in the room.
    """

    room: str
    seq: int
    author: Name
    by: Name
    text: str
    time: int
    token_hash: bytes = b""
    ident: int = 0


@dataclass(frozen=True, slots=True)
class Follow(Entry[None]):
    """The owner of `account` is in a room also after the next login, or not any more. Raises NotKept and NoRoom."""

    account: int
    room: str
    follows: bool = True


@dataclass(frozen=True, slots=True)
class ReadRoom(Entry[None]):
    """The owner of `account` has read the messages of a room, which it follows, up to the number `seq`.

    Raises NotKept and NoRoom.
    """

    account: int
    room: str
    seq: int


@dataclass(frozen=True, slots=True)
class SetPrivate(Entry[None]):
    """Make a room private, or public again; `by`: the moderator.

    invited: the accounts of the members, who stay in the private room; other members leave it

    Raises NoRoom.
    """

    by: Name
    room: str
    is_private: bool
    invited: tuple[int, ...]
    time: int


@dataclass(frozen=True, slots=True)
class SetRoomRole(Entry[None]):
    """Give an account a role in a room, or none: then it leaves the room if that is private.

    by: the moderator
    name: that of the account
    was: the role before

    Raises NoRoom and NotKept.
    """

    by: Name
    room: str
    account: int
    name: Name
    role: RoomRole | None
    time: int
    was: RoomRole | None = None
