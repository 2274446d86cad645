"""What happens in a chat, as immutable objects; docs/protocol.md has them as they are on the wire."""

from asyncchat.aio.client.event_queue import Disconnected
from asyncchat.formats.events import (
    Bye,
    Deleted,
    Edited,
    Error,
    Gap,
    Joined,
    Left,
    Members,
    Message,
    Notice,
    Parted,
    Read,
    Room,
    Topic,
    Turned,
    Unread,
    Welcome,
    You,
)
from asyncchat.formats.room_events import Rank

__all__ = [
    "Bye",
    "Deleted",
    "Disconnected",
    "Edited",
    "Error",
    "Event",
    "Gap",
    "Joined",
    "Left",
    "Members",
    "Message",
    "Notice",
    "Parted",
    "Rank",
    "Read",
    "Room",
    "Topic",
    "Turned",
    "Unread",
    "Welcome",
    "You",
]

Event = (
    Message
    | Joined
    | Left
    | Members
    | Notice
    | Topic
    | Edited
    | Deleted
    | Read
    | You
    | Turned
    | Unread
    | Gap
    | Welcome
    | Room
    | Rank
    | Parted
    | Disconnected
    | Error
    | Bye
)
"""Whatever iterating over a chat yields."""
