"""One peer's conversation with the server: choosing a name, then messages and commands."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from asyncchat.chat import wire
from asyncchat.chat.lines import BadLine, text
from asyncchat.chat.names import Name, NameRefused, prepare
from asyncchat.chat.room import NameTaken, Peer, Room

LISTED = 100


class Session:
    """What the server makes of the lines that one peer sends. Asks for a name as soon as it is made."""

    def __init__(self, room: Room, peer: Peer) -> None:
        self._room = room
        self._peer = peer
        self._name: Name | None = None
        self._over = False
        peer.write(wire.ASK_NAME)

    @property
    def name(self) -> str | None:
        """The name that the peer has in the room."""
        return self._name.shown if self._name else None

    def receive(self, lines: Iterable[bytes | None]) -> None:
        """Handle the lines that the peer has sent; None is one that was too long."""
        for line in lines:
            if self._over:
                return
            if self._name is None:
                self._choose_name(line)
            else:
                self._say(self._name, line)

    def end(self, *, unfinished: bool = False) -> None:
        """The peer sends no more; `unfinished`: its last line has no end, and so may be half of what was meant."""
        if unfinished and not self._over:
            self._peer.write(wire.UNFINISHED)
        self.leave()

    def notice(self, saying: str) -> None:
        """Say something to this peer alone."""
        if not self._over:
            self._peer.write(wire.notice(saying))

    def leave(self) -> None:
        """Take the peer out of the room; its connection ends when it has got what it is owed."""
        if self._over:
            return
        self._over = True
        if self._name is None:
            self._peer.close()
        else:
            self._room.leave(self._name)

    def _choose_name(self, line: bytes | None) -> None:
        try:
            wanted = text(line)
            command = _command(wanted)
            if command and command.before_naming:
                command.run(self)
                return
            name = prepare(wanted)
            last = self._room.join(name, self._peer, wire.plain)
        except (BadLine, NameRefused) as refused:
            self._peer.write(wire.name_refused(str(refused)))
        except NameTaken:
            self._peer.write(wire.NAME_TAKEN)
        else:
            self._name = name
            self._peer.write(wire.plain(last))

    def _say(self, name: Name, line: bytes | None) -> None:
        try:
            said = text(line)
        except BadLine as bad:
            self._peer.write(wire.line_refused(str(bad)))
            return
        if said.startswith("//"):
            self._room.post(name, said[1:])
        elif said.startswith("/"):
            self._obey(said)
        elif said and not said.isspace():
            self._room.post(name, said)

    def _obey(self, said: str) -> None:
        if command := _command(said):
            command.run(self)
        else:
            self.notice(
                f"unknown command {_word(said)[:32]}. Write /help to see the commands, // to say a line with /."
            )

    def _help(self) -> None:
        for command in COMMANDS:
            self.notice(command.described())

    def _list(self) -> None:
        assert self._name is not None  # only /exit works without a name
        names, more = self._room.names(without=self._name, most=LISTED)
        if not names:
            self.notice("no one online")
        else:
            self.notice(f"online: {' '.join(names)}" + (f" and {more} more" if more else ""))


class Command(NamedTuple):
    """A command: its name and aliases, what /help says of it, what it does, and whether it works without a name."""

    names: tuple[str, ...]
    help: str
    run: Callable[[Session], None]
    before_naming: bool = False

    def described(self) -> str:
        """Return the command's line in /help."""
        name, *aliases = self.names
        return f"{name}: {self.help}" + (f" (also {', '.join(aliases)})" if aliases else "")


COMMANDS = (
    Command(("/help",), "show the commands", Session._help),
    Command(("/list", "/who", "/names", "/users"), "show who is online", Session._list),
    Command(("/exit", "/quit"), "leave the chat", Session.leave, before_naming=True),
)

_COMMANDS = {name: command for command in COMMANDS for name in command.names}


def is_exit(said: str) -> bool:
    """Tell whether a line asks to leave, in every form of the chat."""
    command = _command(said)
    return command is not None and command.run == Session.leave


def _command(said: str) -> Command | None:
    return _COMMANDS.get(_word(said).lower())


def _word(said: str) -> str:
    return said.split(" ", 1)[0]
