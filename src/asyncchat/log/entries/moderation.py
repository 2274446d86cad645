"""Bans and mutes."""

from dataclasses import dataclass

from asyncchat.log.entries.entry import Entry
from asyncchat.log.restrictions import Action, Restriction, RestrictionKind
from asyncchat.text.usernames import Name


@dataclass(frozen=True, slots=True)
class Restrict(Entry[None]):
    """Ban or mute; `by`: the moderator, `action`: the command that was used."""

    by: Name
    restriction: Restriction
    action: Action
    time: int


@dataclass(frozen=True, slots=True)
class LiftRestriction(Entry[None]):
    """Lift a ban or a mute."""

    by: Name
    kind: RestrictionKind
    name: Name
    time: int
    room: str = ""
