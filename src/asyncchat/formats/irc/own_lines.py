"""Takes out of what all members of a room are sent what the user itself has done."""

from asyncchat.formats.irc.encoder import source
from asyncchat.log.audience import Peer
from asyncchat.text.usernames import Name

_HIDDEN = (b"PRIVMSG", b"JOIN", b"PART", b"QUIT")


class OwnLines:
    """The peer that gets the events of rooms: it passes them on to `peer`, without the user's own.

    IRC clients show what their users write as soon as it is sent, and are told apart from what they have done.

    echoes: the user's messages are passed on, too
    labels: for each of the user's messages that are not delivered yet, if `echoes`, the labels of its lines; all but
        the first have none
    """

    __slots__ = ("_renamed", "_source", "echoes", "labels", "peer")

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self._source = self._renamed = b"\n\n"  # which is in no lines
        self.echoes = False
        self.labels: list[list[str]] = []

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
        rest = line.partition(b" ")[2] if line.startswith(b"@") else line
        if rest == self._renamed:
            return b""
        if not rest.startswith(self._source):
            return line
        command = rest[len(self._source) :].partition(b" ")[0]
        if command == b"PRIVMSG" and self.echoes:
            return self._labelled(line)
        return b"" if command in _HIDDEN else line

    def _labelled(self, line: bytes) -> bytes:
        label = self.labels[0].pop(0) if self.labels else ""
        if self.labels and not self.labels[0]:
            del self.labels[0]
        if not label:
            return line
        return b"@label=%b%b" % (label.encode(), b";" + line[1:] if line.startswith(b"@") else b" " + line)
