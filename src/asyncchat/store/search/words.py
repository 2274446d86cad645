"""What searches find: the words of a text, in every script, and whether what is searched for is among them."""

import re
import unicodedata
from typing import NamedTuple

RULES = f"1, Unicode {unicodedata.unidata_version}"
"""By which `words_of` goes; an index that was made by others has to be made anew."""

MOST_LOOKED_UP = 64
"""Words that are looked up in the index; whether the others are there is seen in what is found by these."""

_PART_LOOKED_UP = 8
"""Words of a phrase, and characters of a word, by which it is looked up."""

_MOST_CONDITIONS, _LONGEST_PIECE = 20, 100
"""SQLite takes no condition with a thousand parts, and no part with a million characters."""

_QUOTES = str.maketrans("“”„", '"""')
_ITEM = re.compile(r'"([^"]*)"|([^\s"]+)')

_INDEXED_SYMBOLS = "#%&@"
"""Symbols that Unicode counts as punctuation (for the others see its category S): as in #12, c#, 50%, @bob."""

_MOST_MARKS = re.compile(r"([^\w\s]{30})(?=[^\w\s])")
"""More marks on one letter than any language has; to sort them takes the square of their number (UAX 15, 13)."""

_IN_OTHER_FORM = re.compile("[\ufb00-\ufdff\ufe70-\uffef\U0001d400-\U0001d7ff]+")
"""Letters in another form, as ligatures and those as wide as an ideograph; ™ and ² are no letters."""

_OPTIONAL_MARKS = re.compile(
    "(?!(?<=[иу])\u0306|(?<=[гк])\u0301|(?<=і)\u0308)[\u0300-\u036f]"  # й, ў, ѓ, ќ, ї are letters of their own
    "|[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0640\u064b-\u0652\u0670\u20d0-\u20ff]"
    "|[\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
"""Accents, the points of Hebrew and Arabic, and what only chooses a form: people search without them."""

_UNSPACED = re.compile(
    "["
    "\u0e00-\u109f"  # Thai, Lao, Tibetan, Myanmar
    "\u1100-\u11ff"  # Hangul, in which endings follow the word
    "\u1780-\u17ff"  # Khmer
    "\u1950-\u1aaf"  # Tai Le, New Tai Lue, Buginese, Tai Tham
    "\u1b00-\u1b7f"  # Balinese
    "\u2e80-\ua4cf"  # kana, bopomofo, Han, Yi
    "\ua960-\ua9ff\uaa60-\uaadf"  # Hangul, Javanese, Myanmar, Tai Viet
    "\uac00-\ud7ff\uf900-\ufaff"  # Hangul, Han
    "\U00011700-\U0001174f"  # Ahom
    "\U00016fe0-\U00018dff\U0001aff0-\U0001b2ff"  # Tangut, Khitan, kana, Nushu
    "\U00020000-\U0003ffff"  # Han
    "]"
)
"""Scripts without blanks between words, or where people search for parts of what stands between two (UAX 14, 5.1)."""

_PIECE = "·"
"""Makes a word of its own kind of a character; it is punctuation, so no other word has it."""

_KNOWN = 4096
"""Characters that are remembered: there are a million."""


class _Characters(dict[int, str]):
    """What becomes of each character; for str.translate."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        kind = unicodedata.category(character)
        if kind[0] == "S" or character in _INDEXED_SYMBOLS:
            made = f" {character} "
        elif kind[0] in "LMN" or kind in ("Co", "Cn"):
            made = f" {character} " if _UNSPACED.match(character) else character
        else:
            made = "" if kind == "Cf" else " "  # what can't be seen separates nothing
        if len(self) < _KNOWN:
            self[code] = made
        return made


_CHARACTERS = _Characters()


def words_of(text: str) -> str:
    """Return what is indexed of `text`: its words, with blanks between, without case and accents.

    Each symbol is a word, and so is each character of a script that puts no blanks between words: so a piece of such
    text is found as words that follow one another. If there are words of other scripts in it, their characters are
    indexed, too. Punctuation and what can't be seen is left out.
    """
    words, runs = _take_apart(text)
    for run in runs:
        for word in run:
            words += _characters(word)
    return " ".join(words)


def _take_apart(text: str) -> tuple[list[str], list[list[str]]]:
    """Return the words of `text`, and once more those of the runs without blanks that mix scripts."""
    folded = _folded(text)
    words = _split(folded)
    if text.isascii() or max(map(len, words), default=0) <= 1 or not _UNSPACED.search(folded):
        return words, []
    return words, [_split(run) for run in folded.split() if _UNSPACED.search(run)]


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    text = _IN_OTHER_FORM.sub(_usual_form, _MOST_MARKS.sub(r"\1 ", text))
    decomposed = unicodedata.normalize("NFD", text).casefold()
    return unicodedata.normalize("NFC", _OPTIONAL_MARKS.sub("", decomposed))


def _usual_form(found: re.Match[str]) -> str:
    return unicodedata.normalize("NFKC", found[0])


def _split(folded: str) -> list[str]:
    return folded.translate(_CHARACTERS).split()


def _characters(word: str) -> list[str]:
    return [] if _UNSPACED.match(word) else [_PIECE + character for character in word]


class Lookup(NamedTuple):
    """By what a phrase is found: by its words, or, if there are any, by pieces of these."""

    words: list[str]
    pieces: list[list[str]]


class Wanted:
    """The terms of a search: all of some words and phrases; or literally, if there is no word in it.

    lookups: what finds candidates in an index of words, all of them
    literals: what a text has, as it stands, if there is no word in the query
    match: the lookups for SQLite (sqlite.org/fts5.html, 3); empty if there is nothing to look up
    may_match, values: a condition for SQL, with its values, which every `text` meets that has it, and few others
    """

    def __init__(self, query: str) -> None:
        items = [quoted or bare for quoted, bare in _ITEM.findall(query.translate(_QUOTES))]
        phrases = [words for item in items if (words := _split(_folded(item)))]
        self._phrases = list(dict.fromkeys(map(" ".join, phrases)))
        self.literals = [] if phrases else [item for item in items if item.strip()] or query.split()
        self.lookups = _lookups(self._phrases)
        self.match = _expression(self.lookups)
        if phrases:
            self.may_match, self.values = _condition([word for words in phrases for word in words])
        else:
            self.values = self.literals[:_MOST_CONDITIONS]
            self.may_match = " AND ".join(["instr(text, ?)"] * len(self.values))

    def is_in(self, text: str) -> bool:
        """Tell whether `text` has all of it."""
        if self.literals:
            return all(item in text for item in self.literals)
        words, runs = _take_apart(text)
        said, mixed = f" {' '.join(words)} ", [" ".join(run) for run in runs]
        return all(f" {phrase} " in said or any(phrase in run for run in mixed) for phrase in self._phrases)


def _lookups(phrases: list[str]) -> list[Lookup]:
    found: list[Lookup] = []
    left = MOST_LOOKED_UP
    for phrase in sorted(phrases, key=len, reverse=True):  # long words are rare ones
        if left > 0:
            words = phrase.split()[:_PART_LOOKED_UP]
            pieces = [_characters(word)[:_PART_LOOKED_UP] or [word] for word in words]
            left -= len(words) + sum(map(len, pieces))
            found.append(Lookup(words, [] if all(map(_UNSPACED.match, words)) else pieces))
    return found


def _expression(lookups: list[Lookup]) -> str:
    return " AND ".join(
        f"({_phrase(words)} OR {' AND '.join(map(_phrase, pieces))})" if pieces else _phrase(words)
        for words, pieces in lookups
    )


def _phrase(words: list[str]) -> str:
    return f'"{" ".join(words)}"'


def _condition(words: list[str]) -> tuple[str, list[str]]:
    """Return a condition that few texts meet without these words: to look closely takes ten times as long."""
    is_ascii = "text NOT GLOB '*[^' || char(1) || '-~]*'"
    if not all(map(str.isascii, words)):
        return f"NOT ({is_ascii})", []  # in other texts each letter may be found as another one
    values = [f"%{word[:_LONGEST_PIECE]}%" for word in words[:_MOST_CONDITIONS]]
    return f"NOT ({is_ascii} AND ({' OR '.join(['text NOT LIKE ?'] * len(values))}))", values
