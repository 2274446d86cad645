"""Where the texts stand that the server tells users."""

import ast
import re
from collections.abc import Iterator

import pytest

from asyncchat.text import texts
from tests.test_imports import PATHS, parse, within

CORE = ("chat", "commands", "formats", "log", "sessions")
TABLE = "asyncchat.commands.table"  # of which /help is made, with the names of its parts
# The texts of numeric replies are those of other IRC servers, and stand beside the numbers.
IRC = within("asyncchat.formats.irc", set(PATHS)) | within("asyncchat.sessions.irc", set(PATHS))
SERVER = sorted({m for package in CORE for m in within(f"asyncchat.{package}", set(PATHS))} - {TABLE} - IRC)
SHELL = sorted(within("asyncchat.aio.server", set(PATHS)))

ROWS = {"command", "add"}
"""What adds a row to the table of commands, with the explanation of the command."""
TELLS = {
    *("Bye", "Error", "InvalidEvent", "Notice", "Refused"),
    *("Muted", "NameRefused", "NotKept", "RateLimited", "Refusal"),
    *("disconnect", "disconnect_user", "goodbye", "notice", "notices"),
}
"""What has a text for users among its arguments."""

PART = "\0"
"""In the place of what an f-string fills in."""
PROTOCOL = re.compile("\\b[A-Z]{2,}\\b")
"""A command of IRC, which is no word."""
TWO_WORDS = re.compile(f"[A-Za-z],? [A-Za-z{PART}]|{PART},? [A-Za-z]")


def called(node: ast.AST) -> str:
    """Return the name of the function that is called, without that of its module or object."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def inside(node: ast.AST) -> Iterator[ast.AST]:
    """Walk through code, but not through docstrings, annotations, and rows of the table of commands."""
    yield node
    for field, value in ast.iter_fields(node):
        if field in {"annotation", "returns"}:
            continue
        for child in value if isinstance(value, list) else [value]:
            is_docstring = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
            if isinstance(child, ast.AST) and not is_docstring and called(child) not in ROWS:
                yield from inside(child)


def texts_in(node: ast.AST) -> list[str]:
    """Return the literals that have several words."""
    found = []
    for part in inside(node):
        if isinstance(part, ast.JoinedStr):
            text = "".join(value.value if isinstance(value, ast.Constant) else PART for value in part.values)  # type: ignore[misc]
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            text = part.value
        else:
            continue
        if TWO_WORDS.search(PROTOCOL.sub("", text)):
            found.append(text)
    return found


@pytest.mark.parametrize("module", SERVER)
def test_what_users_are_told_stands_in_one_module(module: str) -> None:
    assert texts_in(parse(module)) == []


@pytest.mark.parametrize("module", SHELL)
def test_what_the_shell_tells_users_stands_there_too(module: str) -> None:
    assert [text for call in ast.walk(parse(module)) if called(call) in TELLS for text in texts_in(call)] == []


def test_no_text_is_left_that_is_never_told() -> None:
    code = "".join(PATHS[module].read_text() for module in (*SERVER, *SHELL, "asyncchat.text.refusals"))
    own = PATHS[texts.__name__].read_text()
    names = [name for name, value in vars(texts).items() if isinstance(value, str) or callable(value)]
    names = [name for name in names if re.search(rf"^(def )?{name}\b", own, re.MULTILINE)]
    assert len(names) > 100
    assert [n for n in names if not re.search(rf"\btexts\.{n}\b", code) and len(re.findall(rf"\b{n}\b", own)) < 2] == []
