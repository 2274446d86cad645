"""What a name may be, and when two names are the same."""

import re
import unicodedata
from typing import NamedTuple

from precis_i18n import get_profile

from asyncchat.errors import Error
from asyncchat.text.sanitize import is_blank

MAX_LENGTH = 32

MOST_MARKS = 3
"""Marks that stand above, below or in one letter: Hebrew, Tibetan and Vietnamese need as many, and no name more."""

_MAX_RAW = 4 * MAX_LENGTH
"""Characters of what may become a name: no character is decomposed to more than four (UAX 15, 12: NFD in UTF-32)."""

_SHOWN = get_profile("UsernameCasePreserved")
_COMPARED = get_profile("UsernameCaseMapped")
_INSIDE = "_-."
_IN_CONTEXT = "\u00b7\u0375\u05f3\u05f4\u200c\u200d\u30fb\uff65"
"""Neither letters nor digits, but needed for some words; PRECIS knows where (RFC 5892, appendix A)."""

_SIMPLE = re.compile("[A-Za-z0-9][A-Za-z0-9_.-]*")
"""Names with which PRECIS does nothing but to compare them in small letters."""

_DIGITS = "does not go with the digits of the other kind"
_REASONS = {
    "zero_width_nonjoiner": "stands behind a virama, or between letters that else would be joined, only",
    "zero_width_joiner": "stands behind a virama only",
    "middle_dot": "stands between two l only",
    "greek_keraia": "stands before a Greek letter only",
    "hebrew_punctuation": "stands behind a Hebrew letter only",
    "katakana_middle_dot": "goes with Chinese or Japanese letters only",
    "arabic_indic": _DIGITS,
    "extended_arabic_indic": _DIGITS,
}
"""What is wrong with a character, by PRECIS' name for it."""

_RIGHT_TO_LEFT = {"R", "AL"}
_WITH_RIGHT_TO_LEFT = {"R", "AL", "AN", "EN", "ES", "CS", "ET", "ON", "BN", "NSM"}
_TOO_LONG = f"it is longer than {MAX_LENGTH} characters"


class NameRefused(Error, ValueError):
    """A name can't be used; the message of the error says why, for people.

    Attributes:
        code: why, for programs: `name-refused`, `name-taken`, `name-reserved`, `login-taken` or `incorrect-login`.
    """

    __module__ = "asyncchat"
    code = "name-refused"

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code or self.code


class NameReserved(NameRefused):
    """A name that is the chat's own."""

    code = "name-reserved"

    def __init__(self) -> None:
        super().__init__("it is reserved")


class PasswordNeeded(NameRefused):
    """The name needs a password, or another one than was given.

    Attributes:
        code: what is wrong, for programs: `name-registered`, `incorrect-password`, `short-password`,
            `password-refused`, or `guest` if the chat is for registered users only.
        is_new: whether the name can be registered with a new password.
    """

    __module__ = "asyncchat"

    def __init__(self, text: str, code: str = NameRefused.code, *, is_new: bool = False) -> None:
        super().__init__(text, code)
        self.is_new = is_new


class Name(NamedTuple):
    """A name as people see it, and the key by which it is compared with others."""

    shown: str
    key: str


def parse_name(raw: str) -> Name:
    """Return `raw` as a name (RFC 8265: UsernameCasePreserved is shown, UsernameCaseMapped compared).

    What is written with letters that stand for others (ligatures, for example) gets these (UAX 15: NFKC). Raises
    NameRefused if it isn't one word of 1 to 32 letters and digits of any script, with `_`, `-` and `.` from the second
    character on, and with joiners, middle dots and the like where a script needs them.
    """
    if len(raw) > _MAX_RAW:  # before it is normalised, which takes the square of the marks on one letter
        raise NameRefused(_TOO_LONG)
    if len(raw) <= MAX_LENGTH and _SIMPLE.fullmatch(raw):
        key = raw.lower()
        return Name(raw, raw if key == raw else key)
    composed = unicodedata.normalize("NFC", raw)
    if not composed:
        raise NameRefused("it is empty")
    if len(composed) > MAX_LENGTH:
        raise NameRefused(_TOO_LONG)
    if any(character.isspace() for character in composed):
        raise NameRefused("it has a blank in it")
    for character in composed:
        if not all(map(_may_stand, character + unicodedata.normalize("NFKC", character))):
            raise NameRefused(f"{_called(character)} is not a letter, digit, underscore, dash or dot")
    mapped = unicodedata.normalize("NFKC", composed)
    if len(mapped) > MAX_LENGTH:
        raise NameRefused(_TOO_LONG)
    _check_marks(mapped)
    try:
        name = Name(_SHOWN.enforce(mapped), _COMPARED.enforce(mapped))
    except UnicodeEncodeError as error:
        raise NameRefused(_reason(error, composed)) from None
    # Asked last, since preparing turns some letters into marks. Only the keraia may come first in its word.
    if not (_is_letter_or_digit(name.shown[0]) or name.shown[0] == "\u0375"):
        raise NameRefused("it does not start with a letter or a digit")
    return name


def find_name(raw: str) -> Name | None:
    """Return `raw` as a name, or None if it can't be one."""
    try:
        return parse_name(raw)
    except NameRefused:
        return None


def is_name(raw: str, name: Name) -> bool:
    """Tell whether `raw` is another spelling of `name`, or the same."""
    found = find_name(raw)
    return found is not None and found.key == name.key


def _may_stand(character: str) -> bool:
    # Marks too: many scripts write their vowels with them.
    category = unicodedata.category(character)
    return category[0] in "LM" or category == "Nd" or character in _INSIDE or character in _IN_CONTEXT


def _is_letter_or_digit(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] == "L" or category == "Nd"


def _check_marks(name: str) -> None:
    """Raise NameRefused if there is more on one letter than can be read (UTS 39, 5.4), however it is encoded."""
    marks = 0
    for character in unicodedata.normalize("NFD", name):
        category = unicodedata.category(character)
        if category in ("Mn", "Me"):
            marks += 1
        elif category != "Mc":  # which takes a place of its own beside the letter
            marks = 0
        if marks > MOST_MARKS:
            raise NameRefused(f"it has more than {MOST_MARKS} marks on one letter")


def _reason(error: UnicodeEncodeError, composed: str) -> str:
    """Return what is wrong with a name that is written `composed`."""
    _, _, kind = error.reason.partition("/")
    if kind == "bidi_rule":
        return _bidi_reason(error.object)
    wrong = error.object[error.start]
    written = next((one for one in composed if wrong in unicodedata.normalize("NFKC", one)), wrong)
    why = _REASONS.get(kind) or ("is not seen" if is_blank(written) else "can't stand there in a name")
    return f"{_called(written)} {why}"


def _bidi_reason(name: str) -> str:
    """Return which condition of the Bidi rule (RFC 5893, 2) does not hold."""
    kinds = [unicodedata.bidirectional(character) for character in name]
    if kinds[0] == "L":
        wrong = next(character for character, kind in zip(name, kinds, strict=True) if kind in {"R", "AL", "AN"})
        return f"{_called(wrong)} does not go with letters that are written from left to right"
    if kinds[0] not in _RIGHT_TO_LEFT:
        return f"{_called(name[0])} can't be the first in a name that is written from right to left"
    for character, kind in zip(name, kinds, strict=True):
        if kind not in _WITH_RIGHT_TO_LEFT:
            return f"{_called(character)} does not go with letters that are written from right to left"
    if {"EN", "AN"} <= set(kinds):
        return f"{_called(name[kinds.index('AN')])} {_DIGITS}"
    last = [character for character, kind in zip(name, kinds, strict=True) if kind != "NSM"][-1]
    return f"{_called(last)} can't be the last in a name that is written from right to left"


def _called(character: str) -> str:
    """Return a character as one can see it, also where it has no shape, with its name in Unicode."""
    if "!" <= character <= "~":
        return character
    code, called = f"U+{ord(character):04X}", unicodedata.name(character, "")
    if not character.isprintable() or is_blank(character):
        return f"{code} ({called})" if called else code
    return f"{character} ({code}, {called})" if called else f"{character} ({code})"


SERVER = parse_name("Server")
