"""Characters that are not seen, and text of nothing else."""

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


def is_blank(text: str) -> bool:
    """Tell whether nothing of `text` is seen: it is empty, or has only blanks and other characters without a shape."""
    # Nearly every text begins with something that is seen.
    return not "!" <= text[:1] <= "~" and SHAPELESS.fullmatch(text) is not None
