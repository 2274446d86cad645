"""Takes out of what all members of a room are sent what the user itself has done."""

from asyncchat.formats.irc.encoder import source
from asyncchat.log.audience import Peer
from asyncchat.text.usernames import Name

_HIDDEN = (b"PRIVMSG", b"JOIN", b"PART", b"QUIT")


class OwnLines:
    """The peer that gets the events of rooms: it passes them on to `peer`, without the user's own.

    IRC clients show what their users write as soon as it is sent, and are told apart from what they have done.

    echoes: the user's messages are passed on, too
    labels: for the next of the user's messages, what its line was labelled with; empty if with nothing
    """

    __slots__ = ("_renamed", "_source", "echoes", "labels", "peer")

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self._source = self._renamed = b"\n\n"  # which is in no lines
        self.echoes = False
        self.labels: list[str] = []

    def set_name(self, name: Name, renamed: str = "") -> None:
        """Hide what this user does; `renamed`: the line that tells that the name is a new one."""
        self._source = f"{source(name)} ".encode()
        self._renamed = renamed.encode() or self._renamed

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
        tags, blank, rest = line.partition(b" ") if line.startswith(b"@") else (b"", b"", line)
        if rest == self._renamed:
            return b""
        if not rest.startswith(self._source):
            return line
        command = rest[len(self._source) :].partition(b" ")[0]
        if command == b"PRIVMSG" and self.echoes:
            label = self.labels.pop(0) if self.labels and b"msgid=" in tags else ""
            return b"@label=%b;%b%b%b" % (label.encode(), tags[1:], blank, rest) if label else line
        return b"" if command in _HIDDEN else line
