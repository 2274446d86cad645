"""A session in plain text: for people with nc or telnet, and for pipes."""

from collections.abc import Sequence

from asyncchat.chat import wire
from asyncchat.chat.lines import BadLine, text
from asyncchat.chat.names import Name, NameRefused, prepare
from asyncchat.chat.room import NameTaken, Peer, Room
from asyncchat.chat.session import Refusal, Session, find_command


class PlainSession(Session):
    """Asks for a name as soon as it is made."""

    key = b""  # what comes from here can't be sent again

    def __init__(self, room: Room, peer: Peer, max_line: int) -> None:
        super().__init__(room, peer, max_line)
        peer.write(wire.ASK_NAME)

    def notice(self, saying: str) -> None:
        """Say something to this peer alone."""
        self._peer.write(wire.notice(saying))

    def say_goodbye(self, saying: str) -> None:
        """Tell the peer why it is let go, and take it out of the room."""
        if not self._over:
            self.notice(saying)
        self.leave()

    def keep(self, kept: Sequence[tuple[int, int]]) -> None:
        """The peer sees for itself what is kept."""

    def lose(self, idents: Sequence[int], why: str) -> None:
        """Tell the peer what could not be kept."""
        if not self._over:
            self._peer.write(wire.line_refused(why) * len(idents))

    def _hear(self, line: bytes | None) -> None:
        if self._name is None:
            self._choose_name(line)
        else:
            self._say(self._name, line)

    def _refuse_unfinished(self) -> None:
        self._peer.write(wire.UNFINISHED)

    def _text(self, line: bytes | None) -> str:
        return text(None if line is not None and len(line) > self._max_line else line)

    def _choose_name(self, line: bytes | None) -> None:
        try:
            wanted = self._text(line)
            command = find_command(wanted)
            if command and command.before_naming:
                self._run(command, wanted)
                return
            name = prepare(wanted)
            self._room.join(name, self._peer, wire.plain)
        except (BadLine, NameRefused) as refused:
            self._peer.write(wire.name_refused(str(refused)))
        except NameTaken:
            self._peer.write(wire.NAME_TAKEN)
        else:
            self._name = name
            self._peer.write(wire.plain(self._room.last()))

    def _say(self, name: Name, line: bytes | None) -> None:
        try:
            self._take(self._text(line), lambda said: self._room.post(name, said, self))
        except BadLine as bad:
            self._peer.write(wire.line_refused(str(bad)))
        except Refusal as refusal:
            self.notice(str(refusal))
