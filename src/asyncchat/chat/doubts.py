"""Lines after a failed command that may not be meant as messages: each is refused once."""

import re
from collections.abc import Sequence
from enum import IntFlag
from hashlib import sha256
from unicodedata import normalize

from asyncchat.errors import Refusal
from asyncchat.log.accounts import LONGEST_PASSWORD, SHORTEST_PASSWORD
from asyncchat.text import texts


class Doubt(IntFlag):
    """What a line may be. PLACE: a private message for one user. PASSWORD: the password that the command lacked."""

    NONE = 0
    PLACE = 1
    PASSWORD = 2


MOST_DECOMPOSED = 4 * LONGEST_PASSWORD
"""Characters of a line that is compared with the password: composing a longer one takes too long."""

_BLANKS = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")

_NEEDS_NO_PASSWORD = ("registered", "authorized")


class Doubts:
    """What the next line of one peer may be; `open` is false as long as it is a message for certain.

    A doubt ends when a line was refused for it and the peer sends more after that: what came together with that line
    was sent before its refusal could be seen, and is refused, too. A line that is the peer's password is never sent.
    """

    __slots__ = ("_length", "_password", "_told", "open")

    def __init__(self) -> None:
        self.open = Doubt.NONE
        self._told = Doubt.NONE
        self._password = b""
        self._length = 0

    def begin(self, doubt: Doubt, refusal: Refusal) -> None:
        """A command did not work, after which the next line may be this."""
        if refusal.code not in _NEEDS_NO_PASSWORD:
            self.add(doubt)

    def end(self, doubt: Doubt) -> None:
        """There is a new command that this doubt was about."""
        self._end(doubt)

    def add(self, doubt: Doubt) -> None:
        """The next line may be this."""
        if not doubt:  # true for nearly all lines
            return
        self.open |= doubt
        self._told &= ~doubt

    def learn_password(self, raw: str) -> None:
        """Remember the password that the peer has sent; only its hash and length stay in memory."""
        prepared = _prepared(raw)
        self._password, self._length = _hash(prepared), len(prepared)

    def is_message(self, text: str) -> bool:
        """Tell whether a line is a message for certain, so that it need not be checked."""
        return not self.open and not self._is_password(text)

    def are_messages(self, lines: Sequence[bytes]) -> bool:
        """Tell the same of several lines in ASCII."""
        return not self.open and (not self._length or self._length not in map(len, map(bytes.strip, lines)))

    def more_came(self) -> None:
        """The peer has sent more, and may have seen what it was told before."""
        self._end(self._told)

    def reconnected(self) -> None:
        """What the peer was told last may have been lost with its connection."""
        self._told = Doubt.NONE

    def check_message(self, text: str, place: str, *, is_addressed: bool) -> None:
        """Look at a message that would go to `place`; `is_addressed`: it says itself where it goes. Raises Refusal."""
        if self._is_password(text):
            raise Refusal("secret", texts.IS_PASSWORD)
        may_be_password = self._may_be_password(text)
        if not is_addressed:
            self.check_place(place)
        if may_be_password:
            raise Refusal("secret", texts.MAY_BE_PASSWORD)

    def check_place(self, place: str) -> None:
        """Look at something that does not say, or not well, for whom alone it is. Raises Refusal."""
        if Doubt.PLACE in self.open:
            self._tell(Doubt.PLACE)
            raise Refusal("nowhere", texts.chat_failed(place))

    def check_name(self, name: str) -> None:
        """Look at an answer to the question for a name. Raises Refusal."""
        if self._may_be_password(name):
            raise Refusal("secret", texts.NO_PASSWORD_AS_NAME)

    def _is_password(self, text: str) -> bool:
        if not self._length:
            return False
        if "\n" in text:
            return any(map(self._is_password, text.split("\n")))
        text = text.strip()
        if len(text) != self._length if text.isascii() else len(text) > MOST_DECOMPOSED:
            return False
        return _hash(_prepared(text)) == self._password

    def _may_be_password(self, text: str) -> bool:
        if len(text.strip()) < SHORTEST_PASSWORD:
            return False
        self._tell(Doubt.PASSWORD)
        return Doubt.PASSWORD in self.open

    def _end(self, doubt: Doubt) -> None:
        self.open &= ~doubt
        self._told &= ~doubt

    def _tell(self, doubt: Doubt) -> None:
        """The peer is told, or has gone on without being in doubt."""
        self._told |= self.open & doubt


def _prepared(text: str) -> str:
    """Return a line in the form in which passwords are compared (RFC 8265, OpaqueString), whatever it has in it."""
    return normalize("NFC", _BLANKS.sub(" ", text.strip()))


def _hash(text: str) -> bytes:
    return sha256(text.encode(errors="surrogatepass")).digest()
