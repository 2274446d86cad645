"""How things look: a palette for names, and the few other styles; readable on dark and on light, and without colour."""

import zlib
from functools import lru_cache

from asyncchat.text.usernames import find_name

PALETTE = (
    "#d7005f",
    "#d75f00",
    "#af5f00",
    "#878700",
    "#5f8700",
    "#008700",
    "#00875f",
    "#008787",
    "#0087af",
    "#5f87d7",
    "#5f5fff",
    "#875fd7",
    "#af5fd7",
    "#d75faf",
    "#af5f87",
    "#d75f5f",
)
"""Neither bright nor dark, so that each can be read on white and on black."""

STYLES = {
    "dim": "dim",
    "reason": "bold",
    "private": "bold",
    "question": "bold reverse",
    "mention": "bold reverse",
    "status": "reverse",
    "completion-menu": "noinherit reverse",
    "completion-menu.completion": "noinherit reverse",
    "completion-menu.completion.current": "noinherit bold",
    "completion-menu.meta.completion": "noinherit reverse dim",
    "completion-menu.meta.completion.current": "noinherit dim",
}

_MOST_CACHED = 4096


@lru_cache(maxsize=_MOST_CACHED)
def key_of(name: str) -> str:
    """Return that by which a name is compared with others."""
    found = find_name(name)
    return found.key if found else name.lower()  # such a name comes only from a server with rules of its own


@lru_cache(maxsize=_MOST_CACHED)
def colour_of(name: str) -> str:
    """Return the style in which a name is shown, always and everywhere the same."""
    return f"{PALETTE[zlib.crc32(key_of(name).encode(errors='backslashreplace')) % len(PALETTE)]} bold"
