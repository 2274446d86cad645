"""What the answers of a server in plain text mean.

The plain form has no codes: an answer is known by its text. It is compared with that of `text/texts.py`, from which the
server has it, up to the first name or reason that the server fills in.
"""

from asyncchat.formats import plain
from asyncchat.text import room_texts, texts
from asyncchat.text.sanitize import NOT_UTF_8

_FILLED_IN = "\0"
SERVER = plain.notice("").decode().rstrip("\n")


def _start(text: str) -> str:
    """Return how the line begins that has this text."""
    return SERVER + text.partition(_FILLED_IN)[0]


QUESTION = _start(texts.ASK_NAME)
TLS_ONLY = _start(texts.TLS_ONLY)

_NAME_REFUSED = {
    _start(texts.NAME_TAKEN): "name-taken",
    _start(texts.name_refused(_FILLED_IN)): "name-refused",
    _start(texts.name_registered(_FILLED_IN)): "name-registered",
    _start(texts.NO_PASSWORD_AS_NAME): "name-refused",
}
_REFUSED = _NAME_REFUSED | {
    _start(texts.INCORRECT_PASSWORD): "incorrect-password",
    _start(texts.INCORRECT_LOGIN): "incorrect-login",
    _start(texts.BANNED): "banned",
    _start(texts.accounts_only(_FILLED_IN)): "guest",
    _start(texts.NOTHING_KEPT): "no-store",
    _start(texts.not_kept(_FILLED_IN)): "not-kept",
    _start(texts.TOO_MANY_TRIES): "not-now",
    _start(texts.TOO_MANY_WAITING): "not-now",
    _start(texts.NO_MEMORY): "not-now",
}
"""The code of each answer that refuses a name, as the JSON form has it."""

NAME_REFUSED = tuple(_NAME_REFUSED)
"""How answers begin to a line that was taken for a name, and can't be one."""
REFUSED = tuple(_REFUSED)
"""How all answers begin that refuse a name, also together with its password."""
ONLINE = (_start(texts.online([_FILLED_IN], 0)), _start(texts.online([], 0)))
"""How the answers to /list begin."""
ENTERED = _start(room_texts.entered(_FILLED_IN, 0, ""))
"""How the answer begins to /join with a room that was entered."""
NOT_SENT = (
    _start(texts.line_refused(_FILLED_IN)),
    _start(texts.LINE_UNFINISHED),
    _start(texts.unknown_command(_FILLED_IN)),
)
"""How answers begin to a line that the server does not accept."""
NOT_READABLE = _start(texts.line_refused(NOT_UTF_8))
"""How the answer begins to a line that is not UTF-8, whether the server asks for names or not."""


def code_of(line: str) -> str:
    """Return the code of a line that begins as one of those in REFUSED."""
    return next(code for start, code in _REFUSED.items() if line.startswith(start))


def reason_of(line: str) -> str:
    """Return what a refusal says, without what to do: for a user who can't answer."""
    return line.removeprefix(SERVER).removesuffix(f" {texts.CHOOSE_ANOTHER}")
