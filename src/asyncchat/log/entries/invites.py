"""Invitations by a link."""

from dataclasses import dataclass

from asyncchat.log.entries.entry import Entry
from asyncchat.log.invites import Invite
from asyncchat.text.usernames import Name


@dataclass(frozen=True, slots=True)
class MakeInvite(Entry[None]):
    """Make an invitation; its number is not used by another one."""

    by: Name
    invite: Invite
    time: int


@dataclass(frozen=True, slots=True)
class UseInvite(Entry[None]):
    """Use the invitation whose key has this hash. Raises NoInvite."""

    key_hash: bytes
    time: int


@dataclass(frozen=True, slots=True)
class RevokeInvite(Entry[None]):
    """Revoke the invitation with this number. Raises NoInvite."""

    by: Name
    number: int
    time: int
