"""The commands that the client understands itself; the server gets all others."""

from collections.abc import Callable
from typing import Protocol

from asyncchat.chat.accounts import SHORTEST_PASSWORD
from asyncchat.chat.commands import COMMANDS, argument_of, find_command


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


RUN: dict[str, Callable[[Client, str], None]] = {
    "/help": lambda client, _: client.show_help(),
    "/clear": lambda client, _: client.clear(),
    "/ignore": lambda client, name: client.ignore(name),
    "/unignore": lambda client, name: client.unignore(name),
    "/bell": lambda client, when: client.ring(when),
    "/exit": lambda client, _: client.leave(),
}
"""What each of them does, by its first name."""


def find(line: str) -> tuple[Callable[[Client, str], None], str] | None:
    """Return what the client's command in a line does, and what follows it."""
    command = find_command(line)
    run = RUN.get(command.names[0]) if command else None
    return (run, argument_of(line)) if run else None


def own_help() -> list[str]:
    """Return the lines in /help of what the server does not know."""
    return [command.described() for command in COMMANDS if command.of_client]


def all_helps() -> dict[str, str]:
    """Return what is said of every command, by its name."""
    return {name: command.help for command in COMMANDS for name in command.names}


def missing_password(line: str) -> str:
    """Return what to ask for, if a command lacks the password that follows it; else nothing."""
    command = find_command(line)
    if not command or not command.is_secret:
        return ""
    name, arguments = command.names[0], argument_of(line).split()
    if name == "/auth":
        return f"password of {arguments[0]}: " if len(arguments) == 1 else ""
    if name == "/registration" and len(arguments) == 1:
        # Whether it is a name or a password, what is typed next must not be seen.
        return "password (Enter alone, if that was it already): "
    if name == "/unregister" and not arguments:
        return "password, to give up your name and your private conversations: "
    return "" if arguments else f"new password, {SHORTEST_PASSWORD} characters at least: "


def with_password(line: str, name: str, password: str) -> str:
    """Return such a command with the password behind it, or nothing if one has thought better of it.

    `name`: the one that one has.
    """
    line, registers = line.strip(), find_command(line) is find_command("/registration")
    if not password:
        return line if registers and argument_of(line) else ""
    if registers and not argument_of(line):
        line += f" {name}"  # else the first word of a password with blanks would be taken for a name
    return f"{line} {password}"
