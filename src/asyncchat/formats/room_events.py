"""The events that tell what happens in a room; and what all events are made of."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

SafeInt = Annotated[int, Meta(ge=0, le=(1 << 53) - 1)]
"""What every reader of JSON keeps exactly (RFC 8259, 6)."""

Short = Annotated[str, Meta(max_length=64)]
"""A name, of which a server may have other rules than ours, or a code."""

Token = Annotated[str, Meta(max_length=1024)]
"""What is only to be sent back."""

Reason = Annotated[str, Meta(max_length=1024)]
"""Why something is so, for people."""

MOST_NAMES = 2000
"""Names in a welcome, or times in a notice, that a client takes; a server sends ANNOUNCED names at most."""


class Event(
    Struct, frozen=True, omit_defaults=True, repr_omit_defaults=True, tag_field="type", tag=str.lower, gc=False
):
    """An event; its class has the name of its type."""


class Room(Event, frozen=True):
    """The user is in a room from now on; its last messages follow, or those that were missed.

    Attributes:
        conversation: # and the name of the room; empty for the default room.
        seq: the number of its last message.
        members: how many users are in it.
        topic: its topic, empty if there is none.
        names: the names of all users in it, unless they are too many.
        private: whether only invited users can enter it.
    """

    conversation: Short
    seq: SafeInt
    members: SafeInt
    topic: str = ""
    names: Annotated[list[Short], Meta(max_length=MOST_NAMES)] | UnsetType = UNSET
    private: bool = False


class Rank(Event, frozen=True):
    """The user is a moderator of a room from now on, or not any more; moderators are told right after they enter it.

    Attributes:
        conversation: # and the name of the room.
        role: `moderator`, or empty.
    """

    conversation: Short
    role: Short = ""


class Parted(Event, frozen=True):
    """The user is not in a room, or not any more.

    Attributes:
        conversation: # and the name of the room; empty for the default room.
        code: why, for programs; empty if the user has left it.
        text: why, for people.
    """

    conversation: Short
    code: Short = ""
    text: Reason = ""


class Joined(Event, frozen=True):
    """A user joined.

    Attributes:
        name: who it is.
        members: how many users there are now.
        conversation: # and the name of the room; empty for the default room.
    """

    name: Short
    members: SafeInt
    conversation: Short = ""


class Left(Event, frozen=True):
    """A user left.

    Attributes:
        name: who it is.
        members: how many users there are now.
        conversation: # and the name of the room; empty for the default room.
    """

    name: Short
    members: SafeInt
    conversation: Short = ""


class Members(Event, frozen=True):
    """The number of users, when there are too many to announce who joins and leaves.

    Attributes:
        members: how many users there are now.
        conversation: # and the name of the room; empty for the default room.
    """

    members: SafeInt
    conversation: Short = ""


class Topic(Event, frozen=True):
    """The chat has another topic.

    Attributes:
        text: the topic.
        conversation: # and the name of the room; empty for the default room.
    """

    text: str
    conversation: Short = ""


class Gap(Event, frozen=True):
    """Messages are missing: the server does not keep them any more, or they are not for this user.

    Attributes:
        first: the number of the first of them.
        last: the number of the last of them.
        conversation: # and the name of the room; empty for the default room.
    """

    first: SafeInt = msgspec.field(name="from")
    last: SafeInt = msgspec.field(name="to")
    conversation: Short = ""


class Edited(Event, frozen=True):
    """A message has another text now.

    Attributes:
        seq: its number.
        text: the new text.
        by: who has changed it; empty when this was missed, and is said again.
        conversation: # and the name of the room; empty for the default room.
    """

    seq: SafeInt
    text: str
    by: Short = ""
    conversation: Short = ""


class Deleted(Event, frozen=True):
    """A message was deleted; its number is not used again.

    Attributes:
        seq: its number.
        by: who has deleted it; empty when this was missed, and is said again.
        conversation: # and the name of the room; empty for the default room.
    """

    seq: SafeInt
    by: Short = ""
    conversation: Short = ""


class Read(Event, frozen=True):
    """A registered user has read the messages of a room up to a number; the server and the client both say it.

    Attributes:
        seq: the number of the last message that was read.
        conversation: # and the name of the room; empty for the default room.
    """

    seq: SafeInt
    conversation: Short = ""
