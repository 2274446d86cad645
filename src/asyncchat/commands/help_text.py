"""What /help says: which commands a user may use, and how; the server and the terminal client say the same."""

import textwrap
from collections.abc import Iterator, Sequence

from asyncchat.commands.table import COMMANDS, Command, Group
from asyncchat.log.accounts import Role
from asyncchat.text import room_texts, texts

_NARROW = 50
"""Columns below which commands are indented below the title of their group, not aligned beside it."""

_FOR = {
    Role.REGISTERED: texts.FOR_REGISTERED,
    Role.MODERATOR: texts.FOR_MODERATORS,
    Role.ADMIN: texts.FOR_ADMIN,
}


def usable(
    role: Role, *, has_store: bool, has_window: bool = False, moderates: bool = False, in_default: bool = False
) -> list[Command]:
    """Return the commands that a user with this role may use here, in the order of the table.

    `moderates`: whether the user is a moderator of the room, other than the default one; `in_default`: whether the
    user is in that.
    `has_store`: whether the server has a store; `has_window`: whether the terminal client asks, with its own commands.
    """
    return [
        command
        for command in COMMANDS
        if (command.role <= role or (moderates and command.for_rooms))
        and not (in_default and command.not_in_default)
        and (has_store or not command.needs_store)
        and (has_window or not command.is_client_only)
    ]


def overview(commands: Sequence[Command], width: int, *, can_register: bool) -> list[str]:
    """Return these commands by group, in rows of at most `width` columns.

    `can_register`: whether the user would have more commands after registering.
    """
    rows = [row for group in Group for row in _group(group, [one for one in commands if one.group is group], width)]
    if can_register:
        rows.append(texts.REGISTERED_HAVE_MORE)
    rows.append(texts.HELP_EXPLAINS)
    return [part for row in rows for part in textwrap.wrap(row, width, subsequent_indent="    ")]


def _group(group: Group, commands: Sequence[Command], width: int) -> Iterator[str]:
    if not commands:
        return
    indent = " " * (max(map(len, Group)) + 3 if width >= _NARROW else 2)
    row = f"{group}:".ljust(len(indent) - 2)
    for command in commands:
        if len(row) + 2 + len(command.usage) > width:
            yield row
            row = indent[2:]
        row += f"  {command.usage}"
    yield row


def details(command: Command, width: int, *, has_store: bool) -> list[str]:
    """Explain one command, in rows of at most `width` columns."""
    said = [f"{command.usage}: {command.help}."]
    if others := command.names[1:]:
        said.append(f"Also: {', '.join(others)}.")
    if command.role in _FOR:
        said.append(_FOR[command.role])
    if command.for_rooms:
        said.append(room_texts.FOR_ROOM_MODERATORS)
    if command.before_login:
        said.append(texts.WORKS_BEFORE_LOGIN)
    if command.needs_store and not has_store:
        said.append(texts.NEEDS_STORE)
    return [row for text in said for row in textwrap.wrap(text, width)]
