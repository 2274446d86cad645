"""Print src/asyncchat/page/commands.js, the page's list of commands, from the table of commands."""

import json
from collections.abc import Iterator

from asyncchat.commands.table import COMMANDS
from asyncchat.log.accounts import Role

_NOT_IN_THE_PAGE = {"/bell", "/go"}


def lines() -> Iterator[str]:
    """Yield the lines of the module."""
    yield "// The commands, as /help shows them; made by docs/make_page_commands.py."
    yield "export const COMMANDS = ["
    for command in COMMANDS:
        if command.names[0] in _NOT_IN_THE_PAGE:
            continue
        row: dict[str, object] = {"names": command.names, "argument": command.argument, "help": command.help}
        row["role"] = Role(command.role).name.lower()
        if command.for_rooms:
            row["rooms"] = True
        if command.not_in_default:
            row["others"] = True
        if command.needs_store:
            row["store"] = True
        if command.has_password:
            row["secret"] = True
        if command.sets_target:
            row["turns"] = True
        yield f"  {json.dumps(row, ensure_ascii=False)},"
    yield "];"


if __name__ == "__main__":
    print("\n".join(lines()))
