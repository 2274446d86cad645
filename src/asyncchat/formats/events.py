"""The events that clients and servers exchange as JSON, each with its `type`."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from asyncchat.formats.room_events import (
    MOST_NAMES,
    Deleted as Deleted,
    Edited as Edited,
    Event,
    Gap as Gap,
    Joined as Joined,
    Left as Left,
    Members as Members,
    Parted as Parted,
    Rank,
    Read as Read,
    Reason,
    Room as Room,
    SafeInt,
    Short,
    Token,
    Topic as Topic,
)
from asyncchat.log.room_events import MOST_ROOMS

VERSION = 1
MOST_SERVERS = 16
"""Other servers that a server names, at most."""

MOST_UNANSWERED = 32
"""Messages of one peer that may wait for their `ack`."""

JSON_LINE = 4
"""How many times as long as a plain line a line of JSON may be."""

LONGEST_HELLO = 1 << 14
"""Bytes that a line of JSON may have in any case: a Hello names up to MOST_ROOMS rooms."""

PING_AFTER = 30.0
"""Seconds of silence after which the other side is asked whether it is still there."""

MOST_PINGS = 2
"""Pings without any answer after which it is gone."""


def longest_line(max_line: int) -> int:
    """Return how many bytes a line of JSON may have where a message may have `max_line`."""
    return max(max_line * JSON_LINE, LONGEST_HELLO)


# What a client says.


class InRoom(Struct, frozen=True, omit_defaults=True, gc=False):
    """A room to be in, in a Hello; `after`: the last message of it that was shown; None for a newcomer."""

    conversation: Short
    after: SafeInt | None = None


class Hello(Event, frozen=True):
    """Asks for a name; `token`, `epoch` and `after` (the last message that was shown) to come back.

    `password`: of the name, which is registered already, or is to be registered with `register`. `conversation`: the
    user in the current conversation, "" for the default room, # and a name for another, null for none;
    `conversation_after`: the last message of a private conversation that was shown. `rooms`: the rooms to be in.
    `invite`: the key of an invitation.
    """

    v: int
    name: str
    token: str = ""
    epoch: str = ""
    after: SafeInt = 0
    history: SafeInt | None = None
    password: str = ""
    register: bool = False
    conversation: str | UnsetType | None = UNSET
    conversation_after: SafeInt = 0
    rooms: Annotated[list[InRoom], Meta(max_length=MOST_ROOMS)] | UnsetType = UNSET
    invite: Token = ""


class Join(Event, frozen=True):
    """Asks to enter a room; `after`: the last message of it that was shown, if it is not new to the client."""

    conversation: Short
    after: SafeInt | None = None


class Part(Event, frozen=True):
    """Asks to leave a room, and to stay in the chat."""

    conversation: Short


class Say(Event, frozen=True):
    """A message or a command; `id` rises for each token.

    `conversation`: the user that it is for, or # and the name of a room, "" for the default room; without it, the
    current conversation.
    """

    id: SafeInt
    text: str
    conversation: str | UnsetType = UNSET


class Edit(Event, frozen=True):
    """Asks to give a message of the user's own another text; `id`: as in Say, `conversation`: as in Message."""

    id: SafeInt
    seq: SafeInt
    text: str
    conversation: Short = ""


class Delete(Event, frozen=True):
    """Asks to delete a message; `id`: as in Say, `conversation`: as in Message."""

    id: SafeInt
    seq: SafeInt
    conversation: Short = ""


class Ping(Event, frozen=True):
    """Asks whether the other side is still there."""


class Pong(Event, frozen=True):
    """Says so."""


# What the server says.


class Welcome(Event, frozen=True):
    """The user is in the chat: for the first time, or after a connection was lost.

    Attributes:
        name: the user's name, as the server writes it.
        token: the key to the user's place in the chat, for a client that reconnects; empty in the API for Python.
        epoch: identifies one life of the conversation, in which the numbers of messages only rise.
        seq: the number of the last message.
        members: how many users there are.
        max_line: bytes of text that a message may have; a line of JSON may have as many as `longest_line` says.
        resumed: whether the server still knew the token, and so the ids of what was sent before.
        topic: the topic of the chat, empty if there is none.
        names: the names of all users, unless they are too many.
        store: whether the server has a store, and the commands that need one; a server of 0.1.0 does not say.
        rooms: the rooms that the user is in, if not only the default room; a `room` follows for each other one.
        lines: lines that a message may have; 0: one, of a server of 0.1.0.
        room: # and the name of the default room; empty from a server of 0.1.0, which has no other one.
        servers: the addresses of other servers with this chat, as HOST:PORT; the client goes on there if this one ends.
        pages: the same for browsers, as https://HOST.
    """

    name: Short
    token: Token
    epoch: Token
    seq: SafeInt
    members: SafeInt
    max_line: SafeInt
    resumed: bool
    topic: str = ""
    names: Annotated[list[Short], Meta(max_length=MOST_NAMES)] | UnsetType = UNSET
    store: bool | UnsetType = UNSET
    rooms: Annotated[list[Short], Meta(max_length=MOST_ROOMS)] | UnsetType = UNSET
    lines: SafeInt = 0
    room: Short = ""
    servers: Annotated[list[Short], Meta(max_length=MOST_SERVERS)] = []  # noqa: RUF012  # msgspec copies it
    pages: Annotated[list[Short], Meta(max_length=MOST_SERVERS)] = []  # noqa: RUF012


class Error(Event, frozen=True):
    """Something can't be done; before the `welcome`, another `hello` may follow.

    Attributes:
        code: what is wrong, for programs.
        text: the same for people.
    """

    code: Short
    text: Reason


class Message(Event, frozen=True):
    """A message.

    Attributes:
        seq: its number; each conversation has its own.
        time: when the server received it (RFC 3339).
        sender: the name of the user who has sent it.
        text: what was said, without characters that could do harm on a terminal.
        conversation: empty in the default room, # and the name of another room; for a private message, the name of the
            other user.
        new: whether this private message was unread until now.
        edited: whether this is not its first text.
        deleted: whether its text was deleted, and is empty.
    """

    seq: SafeInt
    time: str
    sender: Short = msgspec.field(name="from")
    text: str
    conversation: Short = ""
    new: bool = False
    edited: bool = False
    deleted: bool = False

    @property
    def when(self) -> datetime:
        """When the server received it, with its time zone."""
        return parse_time(self.time)


class Ack(Event, frozen=True):
    """What was sent with this `id` is kept, as the message `seq`, or was done, if it was a command."""

    id: SafeInt
    seq: SafeInt | None = None


class Refused(Event, frozen=True):
    """What was sent with this `id` is not, and will not be posted."""

    id: SafeInt
    code: Short
    text: Reason


class Notice(Event, frozen=True):
    """A line of the answer to a command, or something else that the server has to say.

    Attributes:
        text: the line.
        times: the times in the text, in their order (RFC 3339), so that they can be shown in the reader's zone.
        seq: the number of the message of which this is a line, in an answer to /history or /search.
    """

    text: str
    times: Annotated[tuple[str, ...], Meta(max_length=MOST_NAMES)] = ()
    seq: SafeInt = 0


class You(Event, frozen=True):
    """The user has another name or another role from now on.

    Attributes:
        name: the user's name.
        role: `guest`, `registered`, `moderator` or `admin`.
    """

    name: Short
    role: Short


class Turned(Event, frozen=True):
    """The current conversation has changed: the one whose private messages come, and that commands are about.

    Attributes:
        conversation: the name of the other user; # and the name of a room; empty for the default room; None for no
            conversation.
    """

    conversation: Short | None


class Unread(Event, frozen=True):
    """A user has sent private messages, which come when that conversation is opened with `/chat`.

    Attributes:
        conversation: the name of that user.
        messages: how many messages are unread.
    """

    conversation: Short
    messages: SafeInt


MOVE = "move"


class Bye(Event, frozen=True):
    """The server ends the connection.

    Attributes:
        text: why, for people.
        code: why the client should not reconnect, for programs; empty if it may; MOVE if it should go on at another
            server at once.
    """

    text: Reason
    code: Short = ""


def parse_time(time: str) -> datetime:
    """Return the time that an event has (RFC 3339)."""
    return datetime.fromisoformat(time)


FromClient = Hello | Join | Part | Say | Edit | Delete | Read | Ping | Pong
FromServer = (
    Welcome
    | Room
    | Rank
    | Parted
    | Error
    | Message
    | Ack
    | Refused
    | Joined
    | Left
    | Members
    | Notice
    | You
    | Turned
    | Unread
    | Topic
    | Edited
    | Deleted
    | Read
    | Gap
    | Ping
    | Pong
    | Bye
)
