"""Order in the room: who is put out, and who may say nothing."""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from asyncchat.log.accounts import Role
from asyncchat.log.room_events import to_the_second
from asyncchat.text.networks import network_of
from asyncchat.text.usernames import Name

KICKED_FOR = 5 * 60 * 1000
"""Milliseconds for which a kicked user can't come back."""

_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"([1-9][0-9]{0,5})([smhd])")


class Kind(StrEnum):
    """What a user may not do."""

    BAN = "ban"
    MUTE = "mute"


class Action(StrEnum):
    """What a moderator does to a user."""

    KICK = "kick"
    BAN = "ban"
    MUTE = "mute"


class Sentence(NamedTuple):
    """A ban or a mute: a user, or all guests from an address, may not come in, or not speak.

    name: of the user; for a ban of an address, that address
    address: from which no guest may come in, if the user is a guest or it is a ban of an address; else empty
    until: when it ends, in milliseconds since 1970; None if never
    rank: the role of the moderator; it can be lifted from this role upwards
    """

    kind: Kind
    name: Name
    address: str
    until: int | None
    rank: Role

    @property
    def is_for_address(self) -> bool:
        """Whether it applies to an address, and not to a user."""
        return self.name.key == self.address

    def ends_before(self, now: int) -> bool:
        """Tell whether it is over."""
        return self.until is not None and self.until <= now

    def __str__(self) -> str:
        """Return the name or address, and when it ends."""
        return self.name.shown + (f" (until {to_the_second(self.until)})" if self.until is not None else "")


def as_name(network: str) -> Name:
    """Return an address in the place of a name; none that anybody has."""
    return Name(network, network)


class Order:
    """The sentences that there are; each name has one of each kind at most."""

    def __init__(self, sentences: Iterable[Sentence] = ()) -> None:
        self._sentences: dict[Kind, dict[str, Sentence]] = {kind: {} for kind in Kind}
        self._from: dict[str, set[str]] = {}
        for sentence in sentences:
            self.add(sentence)

    def add(self, sentence: Sentence) -> None:
        """From now on it holds, instead of one of its kind for the same name."""
        self.remove(sentence.kind, sentence.name.key)
        self._sentences[sentence.kind][sentence.name.key] = sentence
        if sentence.kind == Kind.BAN and sentence.address:
            self._from.setdefault(network_of(sentence.address), set()).add(sentence.name.key)

    def remove(self, kind: Kind, key: str) -> None:
        """It holds no more."""
        sentence = self._sentences[kind].pop(key, None)
        if sentence and kind == Kind.BAN and sentence.address:
            network = network_of(sentence.address)
            self._from[network].discard(key)
            if not self._from[network]:
                del self._from[network]

    def has_any(self, kind: Kind) -> bool:
        """Tell whether there may be one of this kind."""
        return bool(self._sentences[kind])

    def find(self, kind: Kind, key: str, now: int) -> Sentence | None:
        """Return what holds for a name."""
        sentence = self._sentences[kind].get(key)
        return None if sentence and sentence.ends_before(now) else sentence

    def remove_ended(self, now: int) -> None:
        """Forget what is over."""
        for kind, sentences in self._sentences.items():
            for key in [key for key, sentence in sentences.items() if sentence.ends_before(now)]:
                self.remove(kind, key)

    def shuts_out(self, address: str, now: int) -> bool:
        """Tell whether guests from `address` are banned."""
        return any(self.find(Kind.BAN, key, now) for key in tuple(self._from.get(network_of(address), ())))

    def all(self, kind: Kind, now: int) -> list[Sentence]:
        """Return what holds, in the order of the names."""
        found = [self.find(kind, key, now) for key in sorted(self._sentences[kind])]
        return [sentence for sentence in found if sentence]


def duration(text: str) -> int | None:
    """Return the milliseconds that something like 30m, 12h or 7d is, or None if it is nothing like that."""
    match = _DURATION.fullmatch(text)
    return int(match[1]) * _UNITS[match[2]] if match else None
