"""What a client takes from a server: each line is checked here, once, and nothing behind this has to doubt it."""

import re

import msgspec
from msgspec import structs

from asyncchat.formats.events import Edited, FromServer, Gap, Message, Notice, parse_time
from asyncchat.text.sanitize import sanitize, sanitize_lines

_TIME = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})")
_YEARS = range(1970, 9999)

_decoder: msgspec.json.Decoder[FromServer] = msgspec.json.Decoder(FromServer)


def from_server(line: bytes) -> FromServer | None:
    """Return what a server said, or None if this version does not know it, or if it is impossible.

    Names, codes, reasons and lists are not longer than their types in `events` say. Times are as in RFC 3339, from 1970
    to 9998: so each can be shown in every zone. No text has anything in it that a terminal could take for a command, or
    that would turn the text around it; only that of a message may have several lines.
    """
    try:
        event = _decoder.decode(line)
    except (ValueError, RecursionError):
        return None
    match event:
        case Message(time=time) if not _is_time(time):
            return None
        case Notice(times=times) if not all(map(_is_time, times)):
            return None
        case Gap(first, last) if first > last:
            return None
    if line.isascii() and b"\\" not in line and b"\x7f" not in line:  # as most are; JSON has no other controls
        return event
    harmless = {field: _harmless(getattr(event, field)) for field in event.__struct_fields__}
    if isinstance(event, Message | Edited):
        harmless["text"] = sanitize_lines(event.text)
    return structs.replace(event, **harmless)


def _is_time(text: str) -> bool:
    try:
        return bool(_TIME.fullmatch(text)) and parse_time(text).year in _YEARS
    except ValueError:  # the 30th of February
        return False


def _harmless(value: object) -> object:
    match value:
        case str():
            return sanitize(value)
        case list():
            return list(map(_harmless, value))
        case _:
            return value
