"""The raw transcript, one event a line, as the server writes it; conversation.py reads it."""

from collections.abc import Sequence

from asyncchat.log.room_events import (
    Changed,
    ConnectionReplaced,
    Event,
    Joined,
    Left,
    MemberCount,
    Noted,
    Reconnected,
    Removed,
    Renamed,
    Sent,
)

LF, LF_PICTURE = "\n", "\u240a"


def encode(events: Sequence[Event], conversation: str = "") -> bytes:
    """Return the lines of `events`; each begins with the `conversation` that they are from, if it is given."""
    lines = "".join([_line(event) for event in events])
    if conversation:
        lines = "".join([f"{conversation} {line}" for line in lines.splitlines(keepends=True)])
    return lines.encode()


def _line(event: Event) -> str:
    match event:
        case Sent(_, name, text):
            return f"{name.shown} sent {text.replace(LF, LF_PICTURE)}\n"
        case Joined(name):
            return f"{name.shown} joined\n"
        case Left(name):
            return f"{name.shown} left\n"
        case Renamed(name, new):
            return f"{name.shown} left\n{new.shown} joined\n"
        case ConnectionReplaced(name):
            return f"{name.shown} disconnected\n"
        case Reconnected(name):
            return f"{name.shown} connected\n"
        case MemberCount() | Changed() | Removed() | Noted():
            return ""
