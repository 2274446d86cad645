"""The table of commands: what each does and what it needs; /help, completion and docs/commands.md are made from it."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, NamedTuple

from asyncchat.chat.core import ChatCore
from asyncchat.chat.user import User
from asyncchat.log.accounts import Role
from asyncchat.log.requests import Running
from asyncchat.text.command_line import word_of

Handler = Callable[[ChatCore, User, str], Running]
"""Carries out a command for a user, with the argument that was typed. Raises Refusal."""


class Group(StrEnum):
    """The group of a command in /help."""

    CHAT = "Chat"
    ROOMS = "Rooms"
    PRIVATE = "Private"
    NAME = "Your name"
    ORDER = "Moderation"
    WINDOW = "Window"


class Command(NamedTuple):
    """A command: its name and aliases, what follows it, and what /help says of it.

    role: the lowest that may use it
    for_rooms: moderators of a room may use it there, too
    not_in_default: it is about other rooms than the default one
    before_login: it works before the user has a name, too
    needs_store: it is refused where nothing is stored
    has_password: a password follows it, so that the line must not be shown or stored
    sets_target: it changes where messages go
    posts: it sends a message, which it is the beginning of; `run` is None
    has_lines: its argument may have several lines
    group: its group in /help
    run: None also for a command of the client for terminals, which the server does not know
    """

    names: tuple[str, ...]
    argument: str
    help: str
    role: Role = Role.GUEST
    for_rooms: bool = False
    not_in_default: bool = False
    before_login: bool = False
    needs_store: bool = False
    has_password: bool = False
    sets_target: bool = False
    posts: bool = False
    has_lines: bool = False
    group: Group = Group.CHAT
    run: Handler | None = None

    @property
    def usage(self) -> str:
        """The command and its argument, as /help shows them."""
        return f"{self.names[0]} {self.argument}".rstrip()

    @property
    def is_client_only(self) -> bool:
        """Whether the terminal client carries it out, and the server does not know it."""
        return self.run is None and not self.posts

    @property
    def is_confidential(self) -> bool:
        """Whether other users must not see the line."""
        return self.has_password or self.role == Role.REGISTERED


COMMANDS: list[Command] = []
"""All commands, in the order of /help."""

_BY_NAME: dict[str, Command] = {}


def add(command: Command) -> None:
    """Add a row to the table."""
    COMMANDS.append(command)
    _BY_NAME.update(dict.fromkeys(command.names, command))


def command(*names: str, argument: str = "", help: str, **row: Any) -> Callable[[Handler], Handler]:  # noqa: A002
    """Make a coroutine function the handler of a new command; `row`: the other fields of Command."""

    def decorate(handler: Handler) -> Handler:
        add(Command(names, argument, help, run=handler, **row))
        return handler

    return decorate


def find_command(line: str) -> Command | None:
    """Return the command that a line begins with; None if there is none."""
    return _BY_NAME.get(word_of(line).lower())
