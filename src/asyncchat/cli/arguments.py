"""Parses the command line; the arguments of each command are in the module of its name."""

import argparse
from collections.abc import Callable, Sequence
from importlib import import_module

from asyncchat import __version__
from asyncchat.errors import ChatError
from asyncchat.system import stdio

TYPE_CHECKING = False  # typing's own takes longer to load than most transcripts take to filter
if TYPE_CHECKING:
    from typing import Any, NoReturn

_COMMANDS = {
    "serve": "serve a chat",
    "join": "join a chat",
    "invite": "print a link to a server with TLS",
    "filter": "turn a raw transcript into the conversation",
    "doctor": "look for what is wrong with a server's options, store, certificate and limits",
    "admin": "show or change the accounts in a store",
    "backup": "copy a store, also while a server uses it",
    "migrate": "move a store from a file into a database",
}


_LARGEST_FILE = 1 << 20
"""Bytes of a file of options, at most."""


def parse(given: Sequence[str], kind: "type[Parser] | None" = None) -> argparse.Namespace:
    """Return the options: `options.run(options)` runs the command, and `options.parser` is its parser.

    kind: the class of the parser; `options.given` is `given`

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
    parser = (kind or Parser)(prog=f"asyncchat {name}", description=command.DESCRIPTION)
    command.add_arguments(parser)
    parser.set_defaults(run=command.run, parser=parser, given=given)
    if any(argument.startswith("--config") for argument in rest):
        rest = _with_file(rest, parser)
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
    """A parser whose errors are two lines: what is wrong, and where to find help.

    file: from which the arguments are, if not from the command line; it is named in the errors
    """

    file = ""

    def __init__(self, **how: "Any") -> None:
        # Without abbreviations, which would be found in only one of the two places where options are looked for.
        super().__init__(formatter_class=_Formatter, allow_abbrev=False, **how)

    def error(self, message: str) -> "NoReturn":
        """Print what is wrong, and exit."""
        where = f"{self.file}: " if self.file else ""
        self.exit(2, f"{self.prog}: {where}{message}\n`{self.prog} --help` tells more.\n")

    def refuse_empty(self, given: Sequence[str]) -> None:
        """Exit if an argument is blank: no valid value is, but an unset variable in a shell command is."""
        before = self.prog
        for argument in given:
            option, joined, value = argument.partition("=")
            if _is_blank(argument) or (joined and _is_blank(value) and option.startswith("--")):
                self.error(f"what follows `{option + joined if joined else before}` is empty: is a variable not set?")
            before = argument


class Rereading(Parser):
    """A parser for options that are read again: what is wrong with them raises ChatError."""

    def error(self, message: str) -> "NoReturn":
        """Raise ChatError."""
        raise ChatError(f"{self.file}: {message}" if self.file else message)


def _with_file(given: Sequence[str], parser: Parser) -> list[str]:
    """Return the arguments, after those in the file which --config names, without what the arguments themselves say."""
    finder = Parser(prog=parser.prog, add_help=False)
    finder.add_argument("--config")
    path = finder.parse_known_args(given)[0].config
    if not path or "--config" not in parser._option_string_actions:
        return list(given)
    import tomllib

    parser.file = path
    try:
        found = tomllib.loads(_read(path).decode())
    except OSError as error:
        parser.error(f"it can't be read: {(error.strerror or 'it is no file').lower()}")
    except ValueError as error:  # it is no TOML, or no UTF-8
        parser.error(f"it is not a TOML file: {error}")
    of_file = [argument for key, value in found.items() for argument in _of_key(key, value, given, parser)]
    parser.refuse_empty(of_file)
    parser.parse_args(of_file)
    parser.file = ""
    return [*of_file, *given]


def _read(path: str) -> bytes:
    """Return what is in a file of options. Raises OSError."""
    import os
    import stat

    with open(path, "rb", opener=lambda path, flags: os.open(path, flags | os.O_NONBLOCK)) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(0, "it is no file")
        content = file.read(_LARGEST_FILE + 1)
    if len(content) > _LARGEST_FILE:
        raise OSError(0, f"it has more than {_LARGEST_FILE} bytes")
    return content


def _of_key(key: str, value: object, given: Sequence[str], parser: Parser) -> "list[str]":
    """Return the arguments for a key, unless the option is `given`."""
    flag = f"--{key.replace('_', '-')}"
    action = parser._option_string_actions.get(flag)
    if not action or flag in ("--config", "--help"):
        from difflib import get_close_matches

        known = [option[2:] for option in parser._option_string_actions if option.startswith("--")]
        near = get_close_matches(key.replace("_", "-"), known, 1)
        parser.error(f"unknown key {key}" + (f"; did you mean {near[0]}?" if near else ""))
    is_switch = action.nargs == 0
    if isinstance(value, bool):
        if not is_switch:
            parser.error(f"{key} needs a value, not {str(value).lower()}")
        return [flag] if value else []
    values = value if isinstance(value, list) else [value]
    if is_switch or not all(isinstance(one, str | int | float) and not isinstance(one, bool) for one in values):
        parser.error(f"{key} must be {'true or false' if is_switch else 'a text or a number'}")
    if any("\0" in str(one) for one in values):
        parser.error(f"{key} has a NUL character in it")
    is_given = any(argument.partition("=")[0] == flag for argument in given)
    return [] if is_given else [f"{flag}={one}" for one in values]


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
