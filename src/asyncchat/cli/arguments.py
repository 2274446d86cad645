"""Parses the command line; the arguments of each command are in the module of its name."""

import argparse
from collections.abc import Callable, Sequence
from importlib import import_module

from asyncchat import __version__
from asyncchat.system import stdio

TYPE_CHECKING = False  # typing's own takes longer to load than most transcripts take to filter
if TYPE_CHECKING:
    from typing import Any, NoReturn

_COMMANDS = {
    "serve": "serve a chat",
    "join": "join a chat",
    "invite": "print a link to a server with TLS",
    "filter": "turn a raw transcript into the conversation",
    "admin": "show or change the accounts in a store",
    "backup": "copy a store, also while a server uses it",
}


def parse(given: Sequence[str]) -> argparse.Namespace:
    """Return the options: `options.run(options)` runs the command, and `options.parser` is its parser.

    Wrong usage raises SystemExit(2) after a line that says what is wrong, and one that says where to find help; --help
    and --version raise SystemExit(0).
    """
    name, *rest = given or [""]
    if name not in _COMMANDS:
        overview = _overview()
        overview.parse_args(given)
        overview.error("write the command first")
    # Only this command's module is loaded: the others would make each start slower.
    command = import_module(f"asyncchat.cli.{name}")
    parser = Parser(prog=f"asyncchat {name}", description=command.DESCRIPTION)
    command.add_arguments(parser)
    parser.set_defaults(run=command.run, parser=parser)
    parser.refuse_empty(rest)
    options, unknown = parser.parse_known_args(rest)
    if unknown:
        hint = ": write the address as HOST:PORT" if name == "join" and unknown[0].isdecimal() else ""
        parser.error(f"unknown: {' '.join(unknown)}{hint}")
    return options


class _Formatter(argparse.HelpFormatter):
    """Formats for the width of the terminal; argparse itself takes 3 ms to find that out, even if no help is shown."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=stdio.columns())


class Parser(argparse.ArgumentParser):
    """A parser whose errors are two lines: what is wrong, and where to find help."""

    def __init__(self, **how: "Any") -> None:
        super().__init__(formatter_class=_Formatter, **how)

    def error(self, message: str) -> "NoReturn":
        """Print what is wrong, and exit."""
        self.exit(2, f"{self.prog}: {message}\n`{self.prog} --help` tells more.\n")

    def refuse_empty(self, given: Sequence[str]) -> None:
        """Exit if an argument is blank: no valid value is, but an unset variable in a shell command is."""
        before = self.prog
        for argument in given:
            option, joined, value = argument.partition("=")
            if _is_blank(argument) or (joined and _is_blank(value) and option.startswith("--")):
                self.error(f"what follows `{option + joined if joined else before}` is empty: is a variable not set?")
            before = argument


def _is_blank(value: str) -> bool:
    if value.isascii():
        return not value.strip()
    from asyncchat.text.sanitize import is_blank  # not loaded for each start: it takes long

    return is_blank(value)


def _overview() -> Parser:
    parser = Parser(
        prog="asyncchat",
        description="A group chat for people on one network: one machine serves it, the others join it.",
        epilog="asyncchat COMMAND --help explains a command.",
    )
    parser.add_argument("--version", action="version", version=f"asyncchat {__version__}")
    commands = parser.add_subparsers(
        title="commands", required=True, metavar="COMMAND", dest="command", prog="asyncchat"
    )
    for name, explained in _COMMANDS.items():
        commands.add_parser(name, help=explained)
    return parser


def checked(parse: "Callable[[str], Any]") -> "Callable[[str], Any]":
    """Let argparse show the text of the ValueError that `parse` raises."""

    def check(text: str) -> "Any":
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return check
