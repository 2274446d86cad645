"""Terminals that wrap what stands in them anew when they get narrower, and how many rows that makes."""

from collections.abc import Mapping, Sequence

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


def reflows(environment: Mapping[str, str]) -> bool:
    """Tell whether the terminal is known to do so; to take another for one would erase what was said."""
    return any(environment.get(sign) for sign in _SIGNS) or environment.get("TERM", "").startswith(_TERMS)


def more_rows(lengths: Sequence[int], cursor: int, width: int) -> int:
    """Return how many rows more there are up to the cursor, which is in column `cursor` of the row after `lengths`."""
    return sum(max(length - 1, 0) // width for length in lengths) + cursor // width
