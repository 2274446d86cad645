"""Print docs/commands.md, from the table of commands: `python docs/make_commands.py >docs/commands.md`."""

from collections.abc import Iterator

from asyncchat.commands.table import COMMANDS, Command
from asyncchat.log.accounts import Role

_TITLES = {
    Role.GUEST: "For all users",
    Role.REGISTERED: "For registered users",
    Role.MODERATOR: "For moderators and the admin",
    Role.ADMIN: "For the admin",
}

_HEAD = """\
# The commands

A line that starts with `/` is a command and is never shown to other users, even if it is mistyped; `//x` says `/x`.
Upper and lower case make no difference. `/help` lists the commands that you can use, by subject; `/help COMMAND`
explains one. Commands marked with * also work before you have a name. Commands marked with + need a server with a store
(`asyncchat serve --store FILE`). Arguments in [ ] are optional.
"""


def lines() -> Iterator[str]:
    """Yield the lines of the document."""
    yield _HEAD
    for who, title in _TITLES.items():
        yield from _table(
            title, [command for command in COMMANDS if command.role == who and not command.is_client_only]
        )
    yield from _table("Of the terminal client", [command for command in COMMANDS if command.is_client_only])


def _table(title: str, commands: list[Command]) -> Iterator[str]:
    yield f"## {title}\n"
    yield "| command | also | what it does |"
    yield "|---|---|---|"
    for command in commands:
        marks = "*" * command.before_login + "+" * command.needs_store
        others = " ".join(f"`{name}`" for name in command.names[1:])
        usage = command.usage.replace("|", "\\|")
        yield f"| `{usage}` {marks} | {others} | {command.help} |".replace("  ", " ")
    yield ""


if __name__ == "__main__":
    print("\n".join(lines()).rstrip())
