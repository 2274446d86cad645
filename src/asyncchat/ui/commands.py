"""The commands that the client understands itself; the server gets all others."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from asyncchat.chat import session
from asyncchat.terminal import BELLS


class Client(Protocol):
    """What a command can do."""

    def show_help(self) -> None:
        """Show the commands, of the server too."""

    def clear(self) -> None:
        """Empty the screen."""

    def ignore(self, name: str) -> None:
        """Show nothing of somebody; without a name, tell who that is."""

    def unignore(self, name: str) -> None:
        """Show them again."""

    def ring(self, when: str) -> None:
        """Set when the bell rings; without `when`, tell."""

    def leave(self) -> None:
        """Leave the chat."""


class Command(NamedTuple):
    """A command: its name and aliases, what follows it, what is said of it, and what it does with what follows."""

    names: tuple[str, ...]
    argument: str
    help: str
    run: Callable[[Client, str], None]

    def described(self) -> str:
        """Return the command's line in /help."""
        name, *aliases = self.names
        return f"{name} {self.argument}".rstrip() + f": {self.help}" + (f" (also {', '.join(aliases)})" * bool(aliases))


COMMANDS = (
    Command(("/help",), "", "show the commands", lambda client, _: client.show_help()),
    Command(("/clear",), "", "empty the screen", lambda client, _: client.clear()),
    Command(("/ignore",), "NAME", "show nothing of somebody", lambda client, name: client.ignore(name)),
    Command(("/unignore",), "NAME", "show them again", lambda client, name: client.unignore(name)),
    Command(("/bell",), "|".join(BELLS), "when the bell rings", lambda client, when: client.ring(when)),
    Command(("/quit", "/exit"), "", "leave the chat", lambda client, _: client.leave()),
)

_COMMANDS = {name: command for command in COMMANDS for name in command.names}


def find(line: str) -> tuple[Command, str] | None:
    """Return the client's command in a line, and what follows it."""
    word, _, rest = line.partition(" ")
    command = _COMMANDS.get(word.lower())
    return (command, rest.strip()) if command else None


def is_known(line: str) -> bool:
    """Tell whether a line is a command of the client or of the server."""
    return bool(find(line) or session.find_command(line))


def all_helps() -> dict[str, str]:
    """Return what is said of every command, by its name."""
    servers = {name: command.help for command in session.COMMANDS for name in command.names}
    return servers | {name: command.help for name, command in _COMMANDS.items()}
