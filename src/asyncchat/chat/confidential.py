"""Lines that are not for everybody's eyes, also when they were mistyped."""

import itertools
import re
import unicodedata

from asyncchat.chat.commands import EXCERPT, argument_of, find_command, word_of

_KEY = re.compile("[\x1b\u241b](?:\\[[0-9;?]*[ -/]*[@-~]|O.)?|[\u2400-\u2421]|<U\\+[0-9A-F]{4}>")
_WITHOUT_SHAPE = "\u115f\u1160\u2800\u3164\uffa0"


def hidden_command(said: str) -> str:
    """Return the command that was meant by a line that is not for everybody's eyes, and does not begin with it.

    What stands before it may have been typed without being seen: blanks, keys that a terminal sends as they are
    (ECMA-48, 5.4), other things without a shape; also in the form in which `visible` shows them. Or its slash is one of
    another keyboard.
    """
    meant = _meant(said)
    if meant == said or not meant.startswith("/"):
        return ""
    if command := find_command(meant):
        return command.names[0] if command.is_confidential else ""
    # It may be a mistyped one; but a path is none.
    return known_of(meant) if argument_of(meant) and word_of(meant)[1:].isalpha() else ""


def _meant(said: str) -> str:
    begin = 0
    while begin < len(said):
        if match := _KEY.match(said, begin):
            begin = match.end()
        elif said[begin] in _WITHOUT_SHAPE or unicodedata.category(said[begin])[0] in "ZCM":
            begin += 1
        else:
            break
    return f"/{said[begin + 1 :]}" if said[begin : begin + 1] == "\N{FULLWIDTH SOLIDUS}" else said[begin:]


def may_have_secret(said: str) -> bool:
    """Tell whether there may be a password in a line."""
    start = _meant(said)
    command = find_command(start)
    # An unknown command may be one that takes a password, and was mistyped or is for a newer client.
    return bool(argument_of(start)) and (command.is_secret if command else start[0] == "/" != start[1])


def without_secret(said: str) -> str:
    """Return a line as it may be shown: without what may be a password."""
    return f"{known_of(_meant(said))} …" if may_have_secret(said) else said


def known_of(said: str) -> str:
    """Return as much of a command as may be shown: what is wrong with it may be a password behind it."""
    letters = itertools.takewhile(str.isalpha, said[1:])
    return "/" + "".join(itertools.islice(letters, EXCERPT))
