"""Events to lines of JSON and back: one object a line."""

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from asyncchat.formats.events import JSON_LINE, Deleted, Edited, FromClient, Joined, Left, Members, Message, Say
from asyncchat.log import room_events
from asyncchat.log.room_events import ANNOUNCED, timestamp
from asyncchat.text import texts
from asyncchat.text.sanitize import sanitize, too_long

_MOST_SAID = 80
"""Characters of what is wrong with a line: an unknown type would be said back, whatever it is."""


class _Object(Struct):
    pass


_encoder = msgspec.json.Encoder()
_any_object = msgspec.json.Decoder(_Object)
_from_client: msgspec.json.Decoder[FromClient] = msgspec.json.Decoder(FromClient)


EXIT = b'{"type":"say","id":9007199254740991,"text":"/exit"}\n'
"""Asks the server to close; the id is the highest that there is, so nothing can be said after it."""


class InvalidEvent(ValueError):
    """A line that is no event; `code` says what is wrong for programs, the message for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def lines(events: Iterable[Struct]) -> bytes:
    """Return `events` as lines."""
    return _encoder.encode_lines(list(events))


def conversation(batch: Iterable[room_events.Event], room: str = "") -> bytes:
    """Return the events of a room in `batch` as lines; `room`: how they name it."""
    return lines([event for happened in batch for event in _public(happened, room)])


def last_lines(said: Sequence[room_events.Sent], most: int, room: str = "") -> list[bytes]:
    """Return the last messages of a room, one line each, that are at most so many bytes together."""
    lines: list[bytes] = []
    size = 0
    for message in reversed(said):
        line = conversation([message], room)
        size += len(line)
        if size > most:
            break
        lines.append(line)
    return lines[::-1]


def private(conversation: str, batch: Iterable[room_events.Sent], *, new: bool) -> bytes:
    """Return what was said to one person alone, or by that person; `new`: it has waited."""
    return lines(
        [Message(sent.seq, timestamp(sent.time), sent.name.shown, sent.text, conversation, new) for sent in batch]
    )


def _public(event: room_events.Event, room: str) -> Sequence[Struct]:
    match event:
        case room_events.Sent(seq, name, text, time):
            if event.changed:
                return (Message(seq, timestamp(time), name.shown, text, room, edited=bool(text), deleted=not text),)
            return (Message(seq, timestamp(time), name.shown, text, room),)
        case room_events.Changed(seq, _, by, text):
            return (_change(seq, text, by.shown, room),)
        case room_events.Joined(name, members) if members <= ANNOUNCED:
            return (Joined(name.shown, members, room),)
        case room_events.Left(name, members, True) if members <= ANNOUNCED:
            return (Left(name.shown, members, room),)
        case room_events.MemberCount(members):
            return (Members(members, room),)
        case room_events.Renamed(name, new, members) if members <= ANNOUNCED:
            return Left(name.shown, members - 1, room), Joined(new.shown, members, room)
        case _:
            return ()


def _change(seq: int, text: str, by: str, room: str) -> Struct:
    return Edited(seq, text, by, room) if text else Deleted(seq, by, room)


def change(seq: int, text: str, by: str, conversation: str) -> bytes:
    """Return that a message has another text, or is deleted, if `text` is empty."""
    return lines([_change(seq, text, by, conversation)])


def changes(said: Iterable[room_events.Sent], room: str = "") -> bytes:
    """Return what has changed of these messages of a room, for a client that has them as they were."""
    return lines([_change(message.seq, message.text, "", room) for message in said if message.changed])


def too_long_to_say(say: Say, limit: int) -> str:
    """Return what is wrong with the length of what a client says: the server can't tell whose line was too long.

    limit: the bytes of text that the server takes
    """
    length = len(say.text.encode())
    if length <= limit:  # it may have much that JSON writes in six bytes
        limit, length = limit * JSON_LINE, len(lines([say]).rstrip())
    return too_long(limit, length) if length > limit else ""


def is_object(line: bytes | None) -> bool:
    """Tell whether a line is a JSON object, which can't be a name."""
    if line is None or not line.lstrip().startswith(b"{"):
        return False
    try:
        _any_object.decode(line)
    except (ValueError, RecursionError):
        return False
    return True


def from_client(line: bytes) -> FromClient:
    """Return what a client said. Raises InvalidEvent."""
    try:
        return _from_client.decode(line)
    except msgspec.ValidationError as error:
        raise InvalidEvent("not-understood", texts.not_understood(sanitize(str(error)[:_MOST_SAID]))) from None
    except (ValueError, RecursionError):
        raise InvalidEvent("not-json", texts.NOT_JSON) from None
