"""One peer's conversation with the server: what every wire format has in common, and the commands."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import NamedTuple

from asyncchat.chat.names import Name
from asyncchat.chat.room import Peer, Room

LISTED = 100


class Refusal(ValueError):
    """Something that a peer sent and that can't be taken; `code` says why for programs, the message for people."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Session(ABC):
    """What the server makes of the lines that one peer sends, of which each has at most `max_line` bytes of text."""

    def __init__(self, room: Room, peer: Peer, max_line: int) -> None:
        self._room = room
        self._peer = peer
        self._max_line = max_line
        self._name: Name | None = None
        self._over = False

    @property
    def name(self) -> str | None:
        """The name that the peer has in the room."""
        return self._name.shown if self._name else None

    def receive(self, lines: Iterable[bytes | None]) -> None:
        """Handle the lines that the peer has sent; None is one that was too long."""
        for line in lines:
            if self._over:
                return
            self._hear(line)

    def end(self, *, unfinished: bool = False) -> None:
        """The peer sends no more; `unfinished`: its last line has no end, and so may be half of what was meant."""
        if unfinished and not self._over:
            self._refuse_unfinished()
        self.leave()

    def leave(self) -> None:
        """Take the peer out of the room; its connection ends when it has got what it is owed."""
        if self._over:
            return
        self._over = True
        if self._name is None:
            self._peer.close()
        else:
            self._room.leave(self._name)

    @abstractmethod
    def notice(self, saying: str) -> None:
        """Say something to this peer alone."""

    @abstractmethod
    def say_goodbye(self, saying: str) -> None:
        """Tell the peer why it is let go, and take it out of the room."""

    @abstractmethod
    def _hear(self, line: bytes | None) -> None: ...

    @abstractmethod
    def _refuse_unfinished(self) -> None: ...

    def _take(self, said: str, post: Callable[[str], None]) -> None:
        """Do what a command says, or `post` what is a message. Raises Refusal."""
        if said.startswith("//"):
            post(said[1:])
        elif said.startswith("/"):
            if not (command := find_command(said)):
                raise Refusal(
                    "unknown-command",
                    f"unknown command {_word(said)[:32]}. Write /help to see the commands, // to say a line with /.",
                )
            command.run(self)
        elif said and not said.isspace():
            post(said)

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
    Command(("/exit", "/quit"), "leave the chat", lambda session: session.leave(), before_naming=True),
)

_COMMANDS = {name: command for command in COMMANDS for name in command.names}
_EXIT = _COMMANDS["/exit"]


def is_exit(said: str) -> bool:
    """Tell whether a line asks to leave, in every form of the chat."""
    return find_command(said) is _EXIT


def find_command(said: str) -> Command | None:
    """Return the command that a line begins with."""
    return _COMMANDS.get(_word(said).lower())


def _word(said: str) -> str:
    return said.split(" ", 1)[0]
