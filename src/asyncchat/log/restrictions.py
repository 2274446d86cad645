"""Bans and mutes."""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from asyncchat.log.accounts import Role
from asyncchat.log.room_events import to_the_second
from asyncchat.text import texts
from asyncchat.text.networks import network_of
from asyncchat.text.usernames import Name

KICK_DURATION = 5 * 60 * 1000
"""Milliseconds for which a kicked user can't come back."""

_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"([1-9][0-9]{0,5})([smhd])")


class RestrictionKind(StrEnum):
    """What a user may not do."""

    BAN = "ban"
    MUTE = "mute"


class Action(StrEnum):
    """What a moderator does to a user."""

    KICK = "kick"
    BAN = "ban"
    MUTE = "mute"


class Restriction(NamedTuple):
    """A ban or a mute: a user, or all guests from an address, may not join, or not send messages.

    name: of the user; for a ban of an address, that address
    address: from which no guest may join, if the user is a guest or it is a ban of an address; else empty
    until: when it ends, in milliseconds since 1970; None if never
    rank: the role of the moderator; it can be lifted from this role upwards
    room: the key of the room in which a mute holds
    """

    kind: RestrictionKind
    name: Name
    address: str
    until: int | None
    rank: Role
    room: str = ""

    @property
    def is_for_address(self) -> bool:
        """Whether it applies to an address, and not to a user."""
        return self.name.key == self.address

    def ends_before(self, now: int) -> bool:
        """Tell whether it has ended."""
        return self.until is not None and self.until <= now

    def __str__(self) -> str:
        """Return the name or address, and when it ends."""
        shown = self.name.shown
        return shown if self.until is None else texts.with_end(shown, to_the_second(self.until))


def as_name(network: str) -> Name:
    """Return an address in the form of a name, which no user can have."""
    return Name(network, network)


_Place = tuple[str, str]
"""Where a restriction holds, and for whom: the key of a room, empty for a ban, and that of a name."""


class Restrictions:
    """All restrictions; each name has at most one ban, and one mute in each room."""

    def __init__(self, restrictions: Iterable[Restriction] = ()) -> None:
        self._by_kind: dict[RestrictionKind, dict[_Place, Restriction]] = {kind: {} for kind in RestrictionKind}
        self._from: dict[str, set[str]] = {}
        for restriction in restrictions:
            self.add(restriction)

    def add(self, restriction: Restriction) -> None:
        """Add a restriction, instead of an earlier one of its kind for the same name."""
        self.remove(restriction.kind, restriction.name.key, restriction.room)
        self._by_kind[restriction.kind][restriction.room, restriction.name.key] = restriction
        if restriction.kind == RestrictionKind.BAN and restriction.address:
            self._from.setdefault(network_of(restriction.address), set()).add(restriction.name.key)

    def remove(self, kind: RestrictionKind, key: str, room: str = "") -> None:
        """Remove a restriction, if there is one."""
        restriction = self._by_kind[kind].pop((room, key), None)
        if restriction and kind == RestrictionKind.BAN and restriction.address:
            network = network_of(restriction.address)
            self._from[network].discard(key)
            if not self._from[network]:
                del self._from[network]

    def has_any(self, kind: RestrictionKind) -> bool:
        """Tell whether there may be one of this kind."""
        return bool(self._by_kind[kind])

    def forget(self, room: str) -> None:
        """Remove the mutes in a room, which does not exist any more."""
        mutes = self._by_kind[RestrictionKind.MUTE]
        for place in [place for place in mutes if place[0] == room]:
            del mutes[place]

    def is_muted_anywhere(self, key: str, now: int) -> bool:
        """Tell whether a name is muted in some room."""
        mutes = self._by_kind[RestrictionKind.MUTE]
        return any(name == key and not mute.ends_before(now) for (_, name), mute in mutes.items())

    def find(self, kind: RestrictionKind, key: str, now: int, room: str = "") -> Restriction | None:
        """Return the restriction of a name that is in force; `now`: in milliseconds since 1970."""
        restriction = self._by_kind[kind].get((room, key))
        return None if restriction and restriction.ends_before(now) else restriction

    def remove_ended(self, now: int) -> None:
        """Remove the restrictions that have ended."""
        for kind, restrictions in self._by_kind.items():
            for room, key in [place for place, restriction in restrictions.items() if restriction.ends_before(now)]:
                self.remove(kind, key, room)

    def is_address_banned(self, address: str, now: int) -> bool:
        """Tell whether guests from `address` are banned."""
        return any(self.find(RestrictionKind.BAN, key, now) for key in tuple(self._from.get(network_of(address), ())))

    def all(self, kind: RestrictionKind, now: int) -> list[Restriction]:
        """Return the restrictions of this kind that are in force, in the order of the rooms and the names."""
        found = [restriction for _, restriction in sorted(self._by_kind[kind].items())]
        return [restriction for restriction in found if not restriction.ends_before(now)]


def parse_duration(text: str) -> int | None:
    """Return the milliseconds that something like 30m, 12h or 7d is, or None if it is nothing like that."""
    match = _DURATION.fullmatch(text)
    return int(match[1]) * _UNITS[match[2]] if match else None
