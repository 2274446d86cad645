"""The plain text form of what the server says: one line each, UTF-8, ended by LF."""

from collections.abc import Iterable, Sequence

from asyncchat.log.room_events import Event, Sent
from asyncchat.text import texts


def encode(events: Iterable[Event], conversation: str = "") -> bytes:
    """Return the messages among `events` as lines `NAME: TEXT`; who joins and leaves is not said."""
    return "".join([f"{event.name.shown}: {event.text}\n" for event in events if type(event) is Sent]).encode()


def private(messages: Iterable[Sent], *, new: bool = False) -> bytes:
    """Return private messages as lines, marked so that they differ from those of the room; `new`: they were unread."""
    mark = "new" if new else "private"
    return "".join([f"({mark}) {sent.name.shown}: {sent.text}\n" for sent in messages]).encode()


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
