"""Print docs/commands.md, from the table of commands: `python docs/make_commands.py >docs/commands.md`."""

from collections.abc import Iterator

from asyncchat.chat.commands import COMMANDS, Command, Who

_TITLES = {
    Who.GUEST: "For everybody",
    Who.REGISTERED: "For those whose name is registered",
    Who.MODERATOR: "For moderators and the admin",
    Who.ADMIN: "For the admin",
}

_HEAD = """\
# The commands

A line that starts with `/` is a command, and is never shown to others, also when it is mistyped; `//x` says `/x`.
Capital letters make no difference. `/help` shows those that you may use, by what they are about, and `/help COMMAND`
tells more about one. What is marked with * works before you have a name, too; what is marked with + needs a server with
a store (`asyncchat serve --store FILE`). What stands in [ ] may be left out.
"""


def lines() -> Iterator[str]:
    """Yield the lines of the document."""
    yield _HEAD
    for who, title in _TITLES.items():
        yield from _table(title, [command for command in COMMANDS if command.who == who and not command.of_client])
    yield from _table("Of the client on a terminal", [command for command in COMMANDS if command.of_client])


def _table(title: str, commands: list[Command]) -> Iterator[str]:
    yield f"## {title}\n"
    yield "| command | also | what it does |"
    yield "|---|---|---|"
    for command in commands:
        marks = "*" * command.before_naming + "+" * command.of_store
        others = " ".join(f"`{name}`" for name in command.names[1:])
        usage = command.usage.replace("|", "\\|")
        yield f"| `{usage}` {marks} | {others} | {command.help} |".replace("  ", " ")
    yield ""


if __name__ == "__main__":
    print("\n".join(lines()).rstrip())
