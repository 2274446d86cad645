"""The events of rooms as lines of IRC: encoded once for each set of capabilities."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from asyncchat.formats.irc.lines import ACTION, LONGEST, escape, line, source_of, split
from asyncchat.log.audience import Writer
from asyncchat.log.room_events import ANNOUNCED, Changed, Event, Joined, Left, Renamed, Sent, timestamp
from asyncchat.text import command_line, room_texts
from asyncchat.text.usernames import Name

_END = 2  # bytes of the end of a line


class Format(NamedTuple):
    """What a client understands, and where it is.

    server: the name of the server
    room: # and the name of the default room
    epoch: see Log
    has_time, has_ids: messages have the tags `time` and `msgid`
    has_accounts: joins say the account (extended-join)
    """

    server: str
    room: str
    epoch: str
    has_time: bool = False
    has_ids: bool = False
    has_accounts: bool = False


class Lines(bytes):
    """Lines of a batch; `parts`: the same one by one, with the keys of the names that they are from, the `authors`."""

    parts: list[tuple[str, bytes]]
    authors: set[str]

    def without(self, key: str) -> bytes:
        """Return the lines that are not from the user with this name."""
        return b"".join([data for author, data in self.parts if author != key])


class Encoder:
    """Encodes events; see Audience."""

    def __init__(self, how: Format) -> None:
        self._how = how

    def __call__(self, events: Sequence[Event], room: str = "", /) -> Lines:
        """Return the lines for a batch of events."""
        channel = room or self._how.room
        parts = [part for event in events if (part := self._part(event, channel))]
        made = Lines(b"".join([data for _, data in parts]))
        made.parts = parts
        made.authors = {author for author, _ in parts}
        return made

    def _part(self, event: Event, channel: str) -> tuple[str, bytes] | None:
        match event:
            case Sent(name=name, text=text) if text:
                return name.key, self.message(event, channel).encode()
            case Joined(name, members) if members <= ANNOUNCED:
                more = ("*", name.shown) if self._how.has_accounts else ()
                return name.key, line(source_of(name.shown), "JOIN", channel, *more).encode()
            case Left(_, members, is_news) if members > ANNOUNCED or not is_news:
                return None
            case Left(name, stays=True):
                return name.key, line(source_of(name.shown), "PART", channel).encode()
            case Left(name):
                return name.key, line(source_of(name.shown), "QUIT", "").encode()
            case Renamed(name, new):
                return "", line(source_of(name.shown), "NICK", new.shown).encode()
            case Changed(_, author, by, text):
                return "", self.change(author, by, text, channel).encode()
        return None

    def change(self, author: Name, by: Name, text: str, target: str) -> str:
        """Return that a message has another text, or is deleted."""
        said = f"(edited) {author.shown}: {text}" if text else room_texts.message_deleted(author.shown, by.shown)
        return "".join([line(self._how.server, "NOTICE", target, one) for one in said.split("\n")])

    def message(self, sent: Sent, target: str, command: str = "PRIVMSG", room: str = "") -> str:
        """Return a message, of several lines if it is long."""
        begin = f":{source_of(sent.name.shown)} {command} {target} :"
        tags = self._tags(sent)
        text = sent.text
        if "\n" not in text and len(text) < 100 and not text.startswith(command_line.ACTION):  # as nearly always
            return f"{tags}{begin}{text}\r\n"
        is_action = text.startswith(command_line.ACTION)
        frame = len(f"{ACTION}\x01") if is_action else 0
        most = LONGEST - _END - len(begin.encode()) - frame
        pieces = [
            piece for one in text.removeprefix(command_line.ACTION).split("\n") for piece in split(one or " ", most)
        ]
        later = self._tags(sent, is_first=False)
        lines = []
        for number, piece in enumerate(pieces):
            said = f"{ACTION}{piece}\x01" if is_action else piece
            lines.append(f"{later if number else tags}{begin}{said}\r\n")
        return "".join(lines)

    def _tags(self, sent: Sent, *, is_first: bool = True) -> str:
        tags = []
        if self._how.has_time:
            tags.append(f"time={timestamp(sent.time)}")
        if self._how.has_ids and is_first:
            tags.append(f"msgid={escape(f'{self._how.epoch}-{sent.seq}')}")
        return f"@{';'.join(tags)} " if tags else ""


@lru_cache(maxsize=64)
def encoder(how: Format) -> Encoder:
    """Return the encoder for all clients that understand the same."""
    return Encoder(how)


class WithoutOwn:
    """Writes to a client what others say; with `echoes` also what it has said itself."""

    def __init__(self, peer: Writer) -> None:
        self._peer = peer
        self.echoes = False
        self.key = ""

    def write(self, data: bytes) -> None:
        """Take the lines of a batch for sending."""
        if type(data) is Lines and self.key in data.authors and not self.echoes:
            data = data.without(self.key)
        if data:
            self._peer.write(data)
