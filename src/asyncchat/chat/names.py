"""What a name may be, and when two names are the same."""

import unicodedata
from typing import NamedTuple

from precis_i18n import get_profile

MAX_LENGTH = 32

_MAX_RAW = 4 * MAX_LENGTH
"""Characters of what may become a name: no character is decomposed to more than four (UAX 15, 12: NFD in UTF-32)."""

_SHOWN = get_profile("UsernameCasePreserved")
_COMPARED = get_profile("UsernameCaseMapped")
_INSIDE = "_-."
_TOO_LONG = f"it is longer than {MAX_LENGTH} characters"


class NameRefused(ValueError):
    """A name that can't be used; the message is the reason, as the rest of a sentence."""


class PasswordNeeded(NameRefused):
    """The name needs a password; the message says what is wrong. `is_new`: it is nobody's yet, and has to be."""

    def __init__(self, text: str, *, is_new: bool = False) -> None:
        super().__init__(text)
        self.is_new = is_new


class Name(NamedTuple):
    """A name as people see it, and the key by which it is compared with others."""

    shown: str
    key: str


def prepare(raw: str) -> Name:
    """Return `raw` as a name (RFC 8265: UsernameCasePreserved is shown, UsernameCaseMapped compared).

    Raises NameRefused if it isn't one word of 1 to 32 letters and digits of any script, with `_`, `-` and `.` from the
    second character on.
    """
    if len(raw) > _MAX_RAW:  # before it is normalised, which takes the square of the marks on one letter
        raise NameRefused(_TOO_LONG)
    composed = unicodedata.normalize("NFC", raw)
    if not composed:
        raise NameRefused("it is empty")
    if len(composed) > MAX_LENGTH:
        raise NameRefused(_TOO_LONG)
    if any(character.isspace() for character in composed):
        raise NameRefused("it has a blank in it")
    for character in composed:
        if not (_is_letter_or_digit(character) or character in _INSIDE):
            raise NameRefused(f"{_called(character)} is not a letter, digit, underscore, dash or dot")
    try:
        name = Name(_SHOWN.enforce(composed), _COMPARED.enforce(composed))
    except UnicodeEncodeError as error:
        if "bidi" in error.reason:
            raise NameRefused("it mixes directions of writing") from None
        raise NameRefused(f"{_called(error.object[error.start])} can't stand there in a name") from None
    # Asked last, since preparing turns some letters into marks.
    if name.shown[0] in _INSIDE or unicodedata.category(name.shown[0]).startswith("M"):
        raise NameRefused("it does not start with a letter or a digit")
    return name


def _is_letter_or_digit(character: str) -> bool:
    # Marks too: many scripts write their vowels with them.
    category = unicodedata.category(character)
    return category[0] in "LM" or category == "Nd"


def _called(character: str) -> str:
    if character.isascii() and character.isprintable():
        return character
    code = f"U+{ord(character):04X}"
    return f"{character} ({code})" if character.isprintable() else code


SERVER = prepare("Server")
