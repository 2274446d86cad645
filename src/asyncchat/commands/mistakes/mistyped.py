"""What the line after a failed command may be, also if the command was mistyped."""

from difflib import get_close_matches
from functools import lru_cache, reduce
from operator import or_

from asyncchat.chat.doubts import Doubt
from asyncchat.commands.mistakes.redaction import find_hidden_command
from asyncchat.commands.table import COMMANDS, Command, find_command
from asyncchat.text.command_line import EXCERPT, is_command, word_of

ALIKE = 0.75
"""How similar an unknown command must be to a known one: /passwd is to /password, /join is not to /login."""


def doubt_of(command: Command) -> Doubt:
    """Return what the next line may be if `command` fails."""
    if command.has_password:
        return Doubt.PASSWORD
    return Doubt.PLACE if command.sets_target else Doubt.NONE


_DOUBTS = {name: doubt for command in COMMANDS if (doubt := doubt_of(command)) for name in command.names}


def doubt_of_refused(said: str) -> Doubt:
    """Return what the line after `said` may be, if `said` is a hidden or mistyped command."""
    meant_line = said if is_command(said) else said and find_hidden_command(said)
    if command := find_command(meant_line):
        return doubt_of(command)
    if not meant_line:
        return Doubt.NONE
    return _doubt_of_word(word_of(meant_line)[:EXCERPT].lower())


@lru_cache(maxsize=256)  # it takes longer than all else that an unknown command costs
def _doubt_of_word(word: str) -> Doubt:
    meant = get_close_matches(word, _DOUBTS, len(_DOUBTS), ALIKE)
    meant += [name for name in _DOUBTS if len(word) > 3 and name.startswith(word)]  # a slash and three letters
    return reduce(or_, map(_DOUBTS.__getitem__, meant), Doubt.NONE)
