"""Several lines in the input: what of a paste comes in, and what is sent of them."""

from collections.abc import Sequence

from asyncchat.commands.mistakes.redaction import may_contain_password
from asyncchat.text.sanitize import is_blank

MOST_TYPED = 1 << 16
"""Characters that may stand in the input after a paste."""

MOST_UNASKED = 20
"""Lines that are sent without a question."""

BLANK = "\N{SYMBOL FOR LINE FEED}"
"""What a blank line says, since the server ignores one: the stand-in that it gives to a line end anywhere else."""


def pasted(data: str) -> str:
    """Return what a paste puts into the input: all of its lines, but not the end of the last one."""
    return data.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")


def as_text(line: str) -> str:
    """Return what to send so that others see `line`: as text if it could be a command, and also if it is blank."""
    if is_blank(line):
        return line + BLANK
    return f"/{line}" if line.startswith("/") else line


def hint(number: int) -> str:
    """Return what stands above so many lines."""
    return f"{number} lines: Enter sends them as text, Ctrl-C drops them"


def question(lines: Sequence[str]) -> str:
    """Return what to ask before these lines are sent, if anything."""
    if any(may_contain_password(line) and "/" not in line.split()[0][1:] for line in lines):  # which would be a path
        return f"Send {len(lines)} lines, with what may be a password, as text? y/n"
    return f"Send {len(lines)} lines? y/n" if len(lines) > MOST_UNASKED else ""
