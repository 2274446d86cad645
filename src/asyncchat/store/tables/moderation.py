"""Bans and mutes, the topic, and the audit log."""

import contextlib
import re
from datetime import datetime

from asyncchat.chat.requests.queries import AuditEntry
from asyncchat.log.accounts import Role
from asyncchat.log.invites import MOST_INVITES, Invite
from asyncchat.log.restrictions import Action, Restriction, RestrictionKind
from asyncchat.store.database import Database
from asyncchat.text import texts
from asyncchat.text.sanitize import sanitize
from asyncchat.text.usernames import Name

MAX_AUDIT_ENTRIES = 100_000
"""Audit entries that are kept: the newest."""

_UNTIL = re.compile(re.escape(texts.with_end("", "TIME")).replace("TIME", "([0-9-]{10}T[0-9:]{8}Z)") + "$")
"""The end of a restriction's text: the table has no column for the time, which stands in that text alone."""

PUBLIC = "+"
"""Stands before the key of a public room in the audit log; no key begins with it."""


class ModerationStore:
    """Reads and writes restrictions, the topic and the audit log by `connection`, in a transaction of its caller's."""

    def __init__(self, connection: Database) -> None:
        self._do = connection.execute

    def restrictions(self) -> list[Restriction]:
        """Return all bans and mutes, also those that have ended."""
        rows = self._do("SELECT kind, key, name, address, until, rank, room FROM restrictions")
        return [
            Restriction(RestrictionKind(kind), Name(sanitize(name), key), address, until, Role(rank), room)
            for kind, key, name, address, until, rank, room in rows
        ]

    def topic(self) -> str:
        """Return the topic of the chat; empty if it has none."""
        (topic,) = self._do("SELECT value FROM facts WHERE name = 'topic'").fetchone()
        return str(topic)

    def restrict(self, restriction: Restriction, time: int) -> None:
        """Store a ban or a mute, in the place of one of the same kind, and delete those that have ended at `time`."""
        kind, name, address, until, rank, room = restriction
        self._do("DELETE FROM restrictions WHERE until <= ?", (time,))
        self._do(
            "INSERT INTO restrictions (kind, room, key, name, address, until, rank) VALUES (?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (kind, room, key) DO UPDATE SET name = excluded.name, address = excluded.address,"
            " until = excluded.until, rank = excluded.rank",
            (kind, room, name.key, name.shown, address, until, int(rank)),
        )

    def lift(self, kind: RestrictionKind, name: Name, room: str = "") -> None:
        """Delete a ban, or a mute in a room."""
        self._do("DELETE FROM restrictions WHERE kind = ? AND room = ? AND key = ?", (kind, room, name.key))

    def set_topic(self, text: str) -> None:
        """Set the topic of the chat."""
        self._do("UPDATE facts SET value = ? WHERE name = 'topic'", (text,))

    def invites(self) -> list[Invite]:
        """Return all invitations, the oldest first."""
        rows = self._do("SELECT number, key_hash, maker, room, uses, until FROM invites ORDER BY number")
        return [Invite(number, key, sanitize(by), sanitize(room), *more) for number, key, by, room, *more in rows]

    def keep_invite(self, invite: Invite) -> None:
        """Store an invitation, and delete the oldest beyond MOST_INVITES."""
        self._do("INSERT INTO invites (number, key_hash, maker, room, uses, until) VALUES (?, ?, ?, ?, ?, ?)", invite)
        self._do(
            "DELETE FROM invites WHERE number NOT IN (SELECT number FROM invites ORDER BY number DESC LIMIT ?)",
            (MOST_INVITES,),
        )

    def use_invite(self, key_hash: bytes) -> None:
        """Count a use of an invitation."""
        self._do("UPDATE invites SET uses = uses - 1 WHERE key_hash = ?", (key_hash,))

    def revoke_invite(self, number: int) -> None:
        """Delete an invitation."""
        self._do("DELETE FROM invites WHERE number = ?", (number,))

    def revoke_invites_to(self, room: str) -> None:
        """Delete the invitations to the room with this key."""
        for invite in self.invites():
            if invite.room_key == room:
                self.revoke_invite(invite.number)

    def audit(self, by: Name, action: str, what: str, time: int, room: str = "") -> None:
        """Add an entry to the audit log, and delete the oldest beyond MAX_AUDIT_ENTRIES.

        room: the key of the room that it is about, behind PUBLIC as long as that is not private
        """
        (last,) = self._do(
            "INSERT INTO audit (time, by, act, what, room) VALUES (?, ?, ?, ?, ?) RETURNING id",
            (time, by.shown, action, what, room),
        ).fetchone()
        self._do("DELETE FROM audit WHERE id <= ?", (last - MAX_AUDIT_ENTRIES,))

    def hide_acts_in(self, room: str) -> None:
        """Show the entries about a room that becomes private to its users alone."""
        self._do("UPDATE audit SET room = ? WHERE room = ?", (room, PUBLIC + room))


def audit_entry(time: int, by: str, action: str, what: str) -> AuditEntry:
    """Return an entry of the audit log from its row."""
    if action in list(Action) and (match := _UNTIL.search(what)):
        with contextlib.suppress(ValueError):
            return AuditEntry(time, by, action, what, int(datetime.fromisoformat(match[1]).timestamp()) * 1000)
    return AuditEntry(time, by, action, what)
