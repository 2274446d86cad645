"""Lines that begin with a slash: the word of the command, and what follows it."""

from asyncchat.text.sanitize import is_blank

EXIT = ("/exit", "/quit")
"""The command that leaves, in every form of the chat."""

EXCERPT = 32
"""Characters of what a user wrote that an answer may repeat."""


ACTION = "/me "
"""What the text of a message begins with that says what its author does (XEP-0245, The /me Command)."""


def is_command(line: str) -> bool:
    """Tell whether a line is no message, whatever command it is."""
    return line.startswith("/") and not line.startswith("//")


def is_exit(line: str) -> bool:
    """Tell whether a line asks to leave."""
    return word_of(line).lower() in EXIT


def word_of(line: str) -> str:
    """Return the first word of a line; nothing if a blank comes before it."""
    return "" if not line or line[0].isspace() else line.split(maxsplit=1)[0]


def argument_of(line: str) -> str:
    """Return what follows the first word of a line; nothing if nothing of that is seen."""
    argument = line[len(word_of(line)) :].strip()
    return "" if is_blank(argument) else argument


def excerpt(text: str) -> str:
    """Return as much of what a user wrote as an answer may repeat."""
    return text[:EXCERPT]
