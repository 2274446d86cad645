"""The plain text form of what the server says: one line each, UTF-8, ended by LF."""

from collections.abc import Sequence

from asyncchat.log.room_events import Changed, Event, Sent
from asyncchat.text import room_texts, texts
from asyncchat.text.command_line import ACTION
from asyncchat.text.usernames import Name

_ACTION, _DELETED = f": {ACTION}", ": \n"


def encode(events: Sequence[Event], conversation: str = "") -> bytes:
    """Return the messages among `events` as lines `NAME: TEXT`, and what has changed of earlier ones.

    Who joins and leaves is not said.
    """
    lines = [f"{event.name.shown}: {event.text}\n" for event in events if type(event) is Sent]
    said = "".join(lines)
    # To look at each message would take longer.
    if len(lines) != len(events) or said.count("\n") != len(lines) or _ACTION in said or _DELETED in said:
        said = "".join(map(_said, events))
    return said.encode()


def _said(event: Event) -> str:
    match event:
        case Sent(name=name, text=text):
            return lines_of(name.shown, text)
        case Changed(_, author, _, text) if text:
            return lines_of(author.shown, text, "(edited) ")
        case Changed(_, author, by):
            return f"Server: {room_texts.message_deleted(author.shown, by.shown)}\n"
        case _:
            return ""


def lines_of(name: str, text: str, mark: str = "") -> str:
    """Return each line of a message with the name before it; none of one that was deleted."""
    if not text:
        return ""
    begin = f"{mark}* {name} " if text.startswith(ACTION) else f"{mark}{name}: "
    return "".join([f"{begin}{line}\n" for line in text.removeprefix(ACTION).split("\n")])


def private(messages: Sequence[Sent], *, new: bool = False) -> bytes:
    """Return private messages as lines, marked so that they differ from those of the room; `new`: they were unread."""
    mark = "(new) " if new else "(private) "
    return "".join([lines_of(sent.name.shown, sent.text, mark) for sent in messages]).encode()


def private_change(author: Name, text: str) -> bytes:
    """Return that a private message has another text, or is deleted, if `text` is empty."""
    deleted = f"(private) Server: {room_texts.message_deleted(author.shown, author.shown)}\n"
    return (lines_of(author.shown, text, "(private) (edited) ") or deleted).encode()


def notices(lines: Sequence[str]) -> bytes:
    """Return several lines from the server, below a line that says so."""
    return "\n".join(["Server:", *lines, ""]).encode()


def notice(text: str) -> bytes:
    """Return a line from the server itself; no user can have the name Server."""
    return f"Server: {text}\n".encode()


ASK_NAME = notice(texts.ASK_NAME)
UNFINISHED = notice(texts.LINE_UNFINISHED)
NAME_TAKEN = notice(f"{texts.NAME_TAKEN} {texts.CHOOSE_ANOTHER}")


def name_refused(reason: str) -> bytes:
    """Return the answer to a name that can't be used."""
    return notice(texts.choose_another_name(reason))


def line_refused(reason: str) -> bytes:
    """Return the answer to a line that can't be taken."""
    return notice(texts.line_refused(reason))
