"""Takes out of what all members of a room are sent what the user itself has done."""

from collections.abc import Sequence
from typing import NamedTuple

from asyncchat.formats.irc.encoder import source
from asyncchat.log.audience import Peer
from asyncchat.text.usernames import Name

_HIDDEN = (b"PRIVMSG", b"JOIN", b"PART", b"QUIT")


class Echo(NamedTuple):
    """A message of the user that is not delivered yet.

    ident: identifies it
    label: of the line that it answers, which its first line gets; may be empty
    lines: in which it comes back
    """

    ident: int
    label: str
    lines: int


class OwnLines:
    """The peer that gets the events of rooms: it passes them on to `peer`, without the user's own.

    IRC clients show what their users write as soon as it is sent, and are told apart from what they have done.

    echoes: the user's messages are passed on, too
    answer: what answers the line at hand, if that has a label (labeled-response); what the user has done belongs to it
    """

    __slots__ = ("_awaited", "_renamed", "_source", "answer", "echoes", "peer")

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self._source = self._renamed = b"\n\n"  # which is in no lines
        self.echoes = False
        self.answer: list[str] | None = None
        self._awaited: dict[bytes, list[Echo]] = {}  # by rooms, each of which has an order of its own

    def set_name(self, name: Name, renamed: str = "") -> None:
        """Hide what this user does; `renamed`: the line that tells that the name is a new one."""
        self._source = f"{source(name)} ".encode()
        self._renamed = renamed.encode() or self._renamed

    def await_echo(self, ident: int, label: str, room: str, lines: int) -> None:
        """A message of the user is on its way to a room; it comes back in so many lines."""
        self._awaited.setdefault(room.encode(), []).append(Echo(ident, label, lines))

    def forget_echoes(self, idents: Sequence[int]) -> list[str]:
        """Messages of the user do not come back; return their labels."""
        awaited, self._awaited, lost = self._awaited, {}, set(idents)
        for room, echoes in awaited.items():
            if left := [echo for echo in echoes if echo.ident not in lost]:
                self._awaited[room] = left
        return [echo.label for echoes in awaited.values() for echo in echoes if echo.ident in lost and echo.label]

    def forget_all_echoes(self) -> None:
        """No message of the user comes back, or not with a label."""
        self._awaited.clear()

    def write(self, data: bytes) -> None:
        """Pass lines on."""
        if self._source in data or self._renamed in data:
            data = b"".join(map(self._shown, data.splitlines(keepends=True)))
        if data:
            self.peer.write(data)

    def close(self) -> None:
        """Close the connection."""
        self.peer.close()

    def _shown(self, line: bytes) -> bytes:
        """Return what is passed on of a line: nothing, or with its label."""
        rest = line.partition(b" ")[2] if line.startswith(b"@") else line
        if rest == self._renamed:
            return b""
        if not rest.startswith(self._source):
            return line
        command = rest[len(self._source) :].partition(b" ")[0]
        if command == b"PRIVMSG" and self.echoes:
            return self._labelled(line, rest[len(self._source) :].split(b" ", 2)[1])
        if command in _HIDDEN:
            return b""
        if self.answer is None:
            return line
        self.answer.append(line.decode())
        return b""

    def _labelled(self, line: bytes, room: bytes) -> bytes:
        if not (echoes := self._awaited.get(room)):
            return line
        ident, label, lines = echoes[0]
        if lines > 1:  # the first one alone has the label
            echoes[0] = Echo(ident, "", lines - 1)
        else:
            del echoes[0]
            if not echoes:
                del self._awaited[room]
        if not label:
            return line
        return b"@label=%b%b" % (label.encode(), b";" + line[1:] if line.startswith(b"@") else b" " + line)
