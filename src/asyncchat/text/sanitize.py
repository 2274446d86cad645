"""Lines to text that can do no harm on a screen; and text of which nothing is seen."""

import re

# General_Category=Cf without Prepended_Concatenation_Mark (signs around digits; PropList.txt, Unicode 16), and
# Default_Ignorable_Code_Point (DerivedCoreProperties.txt), and what has an empty glyph though Unicode calls it a
# letter, mark or symbol: the Braille blank, U+FFFC, the Egyptian blanks, the Khitan filler, the null notehead; \s has
# the blanks. What is private or not assigned is seen: terminals draw a box for it.
_RANGES = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc"
    "\U00013430-\U0001343f\U00013441\U00013442\U00016fe4\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)

SHAPELESS = re.compile(rf"[\s{_RANGES}]*")
"""Matches as many such characters as there are."""


NOT_UTF_8 = "it is not UTF-8"
"""What is wrong with a line that can't be decoded."""


class InvalidLine(ValueError):
    """A line that can't be taken; the message says why, to the one who wrote it."""


def decode_line(line: bytes | None, limit: int) -> str:
    """Return what a decoded line says, in a form that can be shown to others.

    Raises BadLine if the line has more than `limit` bytes (None if it had so many more that they were thrown away), or
    is not UTF-8.
    """
    if line is None or len(line) > limit:
        raise InvalidLine(too_long(limit, None if line is None else len(line)))
    try:
        return sanitize(line.decode())
    except UnicodeDecodeError:
        raise InvalidLine(NOT_UTF_8) from None


def too_long(limit: int, length: int | None = None) -> str:
    """Return what is wrong with a line of more than `limit` bytes; `length`: how many it has, if that is known."""
    if length is None:
        return f"it is too long: {limit} bytes are the most"
    return f"it is too long: it has {length} bytes, and {limit} are the most"


def sanitize(raw: str) -> str:
    """Return `raw` with a visible stand-in for each character that could forge a line, a name or a terminal command.

    C0 (but tab) and DEL become their control pictures, as ESC becomes ␛ (Unicode block U+2400); C1, the line
    separators U+0085, U+2028, U+2029, and the bidirectional overrides and isolates become <U+XXXX>.
    """
    return raw if raw.isprintable() else raw.translate(_STAND_INS)


MOST_LINES = 100
"""Lines of a message: each is sent to plain peers with the name before it."""


def sanitize_lines(raw: str) -> str:
    """Return the same of a text that may have several lines: its line feeds stay."""
    return raw if raw.isprintable() else "\n".join(map(sanitize, raw.split("\n")))


_STAND_INS = {
    **{code: chr(0x2400 + code) for code in range(0x20) if code != ord("\t")},
    0x7F: "\u2421",
    **{
        code: f"<U+{code:04X}>"
        for code in (*range(0x80, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
    },
}


def is_blank(text: str) -> bool:
    """Tell whether nothing of `text` is seen: it is empty, or has only blanks and other characters without a shape."""
    # Nearly every text begins with something that is seen.
    return not "!" <= text[:1] <= "~" and SHAPELESS.fullmatch(text) is not None
