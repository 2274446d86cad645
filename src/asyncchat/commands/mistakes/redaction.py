"""Lines with a password or a private message in them, also when the command was mistyped."""

import itertools
import re
import unicodedata

from asyncchat.commands.table import COMMANDS, find_command
from asyncchat.text.command_line import EXCERPT, argument_of, word_of
from asyncchat.text.sanitize import SHAPELESS

_KEYS = re.compile("(?:[\x1b\u241b](?:\\[[0-9;?]*[ -/]*[@-~]|O.)?|[\u2400-\u2421]|<U\\+[0-9A-F]{4}>)+")

_SLASHES = frozenset(
    "\uff0f\u2044\u2215\u29f8\u2571\u27cb\u2041\u1735\u31d3\u3033\u2cc6\u2f03\U0001d23a"  # look like /
    "\uff3c\ufe68\u2216\u29f5\u29f9\u27cd\u31d4\u2f02\U0001d20f\U0001d23b"  # look like a backslash
    "\uff5c\uffe8\u2223\u2502\u23fd"  # look like a bar
)
"""Characters that look like a slash and do not begin ordinary text (UTS 39, confusables.txt)."""

_ALSO_IN_TEXT = frozenset("\\|\u30ce\u4e3f\u4e36")
"""Characters that look like a slash and may begin ordinary text."""

_SECRET = tuple(name[1:] for command in COMMANDS if command.has_password for name in command.names)


def find_hidden_command(said: str) -> str:
    """Return the confidential command that a line was probably meant to be; empty if there is none.

    Before the command there may be characters that the user did not see: blanks, key codes that a terminal sends
    (ECMA-48, 5.4), other characters without a shape, also as `sanitize` shows them. Or its slash is a character of
    another keyboard or script that looks like one.

    `said` must not be empty, nor a command.
    """
    if "!" <= said[0] <= "~" and said[0] not in "<\\|":  # true for nearly all lines
        return ""
    meant = _meant(said)
    if command := find_command(meant):
        # With a blank before it, which the user sees, it may be meant as text.
        return command.names[0] if command.is_confidential or meant != said.lstrip(" \t") else ""
    # It may be a mistyped command, but not a path.
    return safe_command(meant) if argument_of(meant) and word_of(meant)[1:].isalpha() else ""


def _meant(said: str) -> str:
    """Return the command that a line was meant to be, with a plain slash; empty if it is none."""
    begin = 0
    while begin < len(said):
        if (match := _KEYS.match(said, begin) or SHAPELESS.match(said, begin)) and match.end() > begin:
            begin = match.end()
        elif (end := _end_of_marks(said, begin)) > begin:
            begin = end
        else:
            break
    slash, meant = said[begin : begin + 1], f"/{said[begin + 1 :]}"
    is_meant = slash == "/" or slash in _SLASHES or (slash in _ALSO_IN_TEXT and _is_confidential(meant))
    return meant if is_meant else ""


def _end_of_marks(said: str, begin: int) -> int:
    """Return where the run of marks and control characters ends that begins there; a key may begin behind it."""
    # Each line is asked for this: a pattern for each of 4000 marks would take more than a millisecond.
    for end in range(begin, len(said)):
        if said[end] == "\x1b" or unicodedata.category(said[end])[0] not in "CM":
            return end
    return len(said)


def _is_confidential(meant: str) -> bool:
    """Tell whether a line has an argument, and its command is confidential or nearly one that takes a password."""
    if not argument_of(meant):
        return False
    if command := find_command(meant):
        return command.is_confidential
    word = word_of(meant)[1:].lower()
    return word.isalpha() and any(_differ_by_one(word, name) for name in _SECRET)


def _differ_by_one(one: str, other: str) -> bool:
    """Tell whether two words differ by one letter added, missing or wrong, or by two neighbours exchanged."""
    if abs(len(one) - len(other)) > 1:
        return False
    begin = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    one, other = one[begin:], other[begin:]
    return (
        one[1:] == other[1:]
        or one[1:] == other
        or one == other[1:]
        or (one[:2] == other[1::-1] and one[2:] == other[2:])
    )


def may_contain_password(said: str) -> bool:
    """Tell whether a line may contain a password."""
    meant = _meant(said)
    command = find_command(meant)
    # An unknown command may be one that takes a password, and was mistyped or is for a newer client.
    return bool(argument_of(meant)) and (command.has_password if command else not meant.startswith("//"))


def redact(said: str) -> str:
    """Return a line without what may be a password."""
    return f"{safe_command(_meant(said))} …" if may_contain_password(said) else said


def safe_command(said: str) -> str:
    """Return only the letters of a command: what follows without a blank may be a password."""
    letters = itertools.takewhile(str.isalpha, said[1:])
    return "/" + "".join(itertools.islice(letters, EXCERPT))
