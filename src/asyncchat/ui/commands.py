"""The commands that the client understands itself; the server gets all others."""

from collections.abc import Callable
from typing import Protocol

from asyncchat.commands.table import find_command
from asyncchat.text.command_line import argument_of


class Client(Protocol):
    """What a command can do."""

    def show_help(self, about: str) -> None:
        """Show the commands that one may use here, or more about one."""

    def clear(self) -> None:
        """Empty the screen."""

    def ignore(self, name: str) -> None:
        """Show nothing of somebody; without a name, tell who that is."""

    def unignore(self, name: str) -> None:
        """Show them again."""

    def ring(self, when: str) -> None:
        """Set when the bell rings; without `when`, tell."""

    def go(self, where: str) -> None:
        """Show another window, by its name or number; without that, tell which there are."""

    def leave(self) -> None:
        """Leave the chat."""


RUN: dict[str, Callable[[Client, str], None]] = {
    "/help": lambda client, about: client.show_help(about),
    "/clear": lambda client, _: client.clear(),
    "/ignore": lambda client, name: client.ignore(name),
    "/unignore": lambda client, name: client.unignore(name),
    "/go": lambda client, where: client.go(where),
    "/bell": lambda client, when: client.ring(when),
    "/exit": lambda client, _: client.leave(),
}
"""What each of them does, by its first name."""


def find(line: str) -> tuple[Callable[[Client, str], None], str] | None:
    """Return what the client's command in a line does, and what follows it."""
    command = find_command(line)
    run = RUN.get(command.names[0]) if command else None
    return (run, argument_of(line)) if run else None
