"""Invitations by a link: whoever has its key may join as a guest, also where accounts are required."""

from collections.abc import Iterable
from typing import NamedTuple

from asyncchat.text import room_texts
from asyncchat.text.refusals import NoInvite
from asyncchat.text.usernames import find_name

MOST_INVITES = 1000
"""Invitations that there may be; with more, the oldest is revoked."""


class Invite(NamedTuple):
    """An invitation.

    number: by which it is listed and revoked
    key_hash: of its key
    by: the name of its maker
    room: the name of the room that it leads to, with a leading #
    uses: how often it can still be used
    until: when it ends, in milliseconds since 1970
    """

    number: int
    key_hash: bytes
    by: str
    room: str
    uses: int
    until: int

    @property
    def room_key(self) -> str:
        """The key of the room; of the default room, that of its name."""
        name = find_name(self.room[1:])
        return name.key if name else ""


class Invites:
    """All invitations, the oldest first; `last`: the number of the last one that was made, if that is known."""

    def __init__(self, invites: Iterable[Invite] = (), last: int = 0) -> None:
        self._by_hash = {invite.key_hash: invite for invite in invites}
        self.last = max((invite.number for invite in self._by_hash.values()), default=last)

    def add(self, invite: Invite) -> None:
        """Add an invitation with a number that no other one has had."""
        self._by_hash[invite.key_hash] = invite
        self.last = max(self.last, invite.number)
        if len(self._by_hash) > MOST_INVITES:
            del self._by_hash[next(iter(self._by_hash))]

    def find(self, key_hash: bytes, now: int) -> Invite | None:
        """Return the invitation whose key has this hash, if it can be used; `now`: in milliseconds since 1970."""
        invite = self._by_hash.get(key_hash)
        return invite if invite and invite.uses > 0 and invite.until > now else None

    def require(self, key_hash: bytes, now: int) -> Invite:
        """Return the same. Raises NoInvite if it can't be used."""
        if not (invite := self.find(key_hash, now)):
            raise NoInvite(room_texts.INVITE_ENDED)
        return invite

    def use(self, key_hash: bytes, now: int) -> None:
        """Count a use. Raises NoInvite."""
        invite = self.require(key_hash, now)
        self._by_hash[key_hash] = invite._replace(uses=invite.uses - 1)

    def numbered(self, number: int) -> Invite:
        """Return the invitation with a number. Raises NoInvite."""
        for invite in self._by_hash.values():
            if invite.number == number:
                return invite
        raise NoInvite(room_texts.NO_INVITE)

    def revoke(self, number: int) -> None:
        """Remove an invitation. Raises NoInvite."""
        del self._by_hash[self.numbered(number).key_hash]

    def revoke_all_to(self, room: str) -> None:
        """Remove the invitations to the room with this key."""
        self._by_hash = {key: invite for key, invite in self._by_hash.items() if invite.room_key != room}

    def all(self, now: int) -> list[Invite]:
        """Return those that can be used."""
        return [invite for key, invite in self._by_hash.items() if self.find(key, now)]
