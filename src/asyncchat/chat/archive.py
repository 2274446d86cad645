"""What a session asks of what is kept beyond the room's memory; the answer takes a while."""

from collections.abc import Sequence
from typing import NamedTuple

from asyncchat.chat.messages import Sent

SHOWN = 25
"""Messages in one answer, at most: no more than what a newcomer can be sent."""


class History(NamedTuple):
    """The messages from the `nth` last on, as many as are shown at a time."""

    nth: int


class Search(NamedTuple):
    """The last messages that have all of `words` in them."""

    words: str


class Recall(NamedTuple):
    """What was kept of what was sent last from the seat with this `key`: ids and numbers."""

    key: bytes


Question = History | Search | Recall


class Unanswered(NamedTuple):
    """What is kept can't be read."""

    why: str


Answer = Sequence[Sent] | Sequence[tuple[int, int]] | Unanswered
