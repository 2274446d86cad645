"""Rows that text takes in a window, and the lines that were printed last, to be printed again in another one."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from prompt_toolkit.data_structures import Size
from prompt_toolkit.utils import get_cwidth

Line = Sequence[tuple[str, str]]
"""Pieces of text, each with its style before it."""

MOST_LINES = 500
"""Lines that are kept: more than a window has rows."""

MOST_CHARACTERS = 1 << 17
"""Characters that they may have in all; the last line is kept in any case."""

TAB = 8

_SIGNS = (
    "TMUX",
    "VTE_VERSION",
    "KITTY_WINDOW_ID",
    "ALACRITTY_WINDOW_ID",
    "WEZTERM_PANE",
    "GHOSTTY_RESOURCES_DIR",
    "KONSOLE_VERSION",
    "ITERM_SESSION_ID",
    "WT_SESSION",
)
_TERMS = ("tmux", "xterm-kitty", "alacritty", "foot", "wezterm", "xterm-ghostty")

_JOINER = "\u200d"
_SKIN_TONES = range(0x1F3FB, 0x1F400)


def reflows(environment: Mapping[str, str]) -> bool:
    """Tell whether the terminal is known to wrap anew what stands in it when its width changes.

    One that is taken for such a terminal and is none forgets what does not fit after a change; the other way round, the
    scrollback has some lines twice.
    """
    return any(environment.get(sign) for sign in _SIGNS) or environment.get("TERM", "").startswith(_TERMS)


def rows_of(line: Line) -> list[Line]:
    """Return a line for each row of one that has line feeds in it."""
    rows: list[list[tuple[str, str]]] = [[]]
    for style, text in line:
        first, *others = text.split("\n")
        rows[-1].append((style, first))
        rows += [[(style, other)] for other in others]
    return list(rows)


def without_tabs(line: Line) -> Line:
    """Return `line` with blanks for its tabs, since a terminal does not wrap at a tab."""
    if not any("\t" in text for _, text in line):
        return line
    column = 0
    pieces = []
    for style, text in line:
        spread = ""
        for character in text:
            shown = " " * (TAB - column % TAB) if character == "\t" else character
            column += get_cwidth(shown)
            spread += shown
        pieces.append((style, spread))
    return pieces


def wrapped(line: Line, columns: int) -> list[Line]:
    """Return the rows that a terminal makes of `line`; rather too few, where terminals differ about emoji."""
    rows: list[list[tuple[str, str]]] = [[]]
    column, before = 0, ""
    for style, text in line:
        start = 0
        for index, character in enumerate(text):
            joined = before == _JOINER or ord(character) in _SKIN_TONES
            width = 0 if joined else get_cwidth(character)
            if column + width > columns and column:
                rows[-1].append((style, text[start:index]))
                rows.append([])
                start, column = index, 0
            column += width
            before = character
        rows[-1].append((style, text[start:]))
    return list(rows)


class Recent:
    """The lines that were printed last.

    `owed`: how many of them, at the end, would be nowhere if they were not printed again: they have not left the window
    at its top, or were never printed.
    """

    def __init__(self) -> None:
        self._lines: deque[Line] = deque()
        self._characters = 0
        self.owed = 0

    def add(self, lines: Sequence[Line]) -> None:
        """Take in lines, which are owed."""
        self._lines.extend(lines)
        self._characters += sum(map(_length, lines))
        while len(self._lines) > MOST_LINES or (self._characters > MOST_CHARACTERS and len(self._lines) > 1):
            self._characters -= _length(self._lines.popleft())
        self.owed = min(self.owed + len(lines), len(self._lines))

    def clear(self) -> None:
        """Forget all."""
        self._lines.clear()
        self._characters = self.owed = 0

    def height(self, number: int, but_last: int, size: Size) -> int:
        """Return how many rows so many lines, before those last ones, take in a window: all that it has, at most."""
        rows = 0
        for line in islice(reversed(self._lines), but_last, but_last + number):
            rows += len(wrapped(line, size.columns))
            if rows >= size.rows:
                return size.rows
        return rows

    def count(self, size: Size, but_last: int = 0) -> int:
        """Return how many lines, before those last ones, a window of this size has in it, or at least their end."""
        return sum(1 for _ in self._ends(size, but_last, 0))

    def last(self, size: Size, owed: int, new: int) -> list[Line]:
        """Return what to print into a window of this size: what of the lines before the `new` ones is in it, and these.

        `owed`: how many of those before are printed in any case.
        """
        found = list(islice(reversed(self._lines), new))
        found += self._ends(size, new, owed)
        found += islice(reversed(self._lines), len(found), new + owed)
        return found[::-1]

    def _ends(self, size: Size, but_last: int, whole: int) -> Iterator[Line]:
        """Yield what a window has in it, from the end on; the first line is cut, if `whole` ones are fewer."""
        room = size.rows
        for index, line in enumerate(islice(reversed(self._lines), but_last, None)):
            if room <= 0:
                return
            rows = wrapped(line, size.columns)
            is_cut = len(rows) > room and index >= whole
            yield [piece for row in rows[-room:] for piece in row] if is_cut else line
            room -= len(rows)


def _length(line: Line) -> int:
    return sum(len(text) for _, text in line)
