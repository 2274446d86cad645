"""The people in the store: whose names are whose, what they say to one another alone, and what order there is."""

import sqlite3
from collections.abc import Callable, Iterable

from asyncchat.log.accounts import ADMIN, MOST_GIVEN_UP, Account, Role
from asyncchat.log.entries import (
    AnyEntry,
    CreateAccount,
    DeleteAccount,
    LiftRestriction,
    MarkRead,
    OpenConversation,
    PrivateHistory,
    PrivateStored,
    Restrict,
    Seen,
    SendPrivate,
    SetRole,
    SetTopic,
    StorePassword,
    StoreToken,
)
from asyncchat.log.restrictions import Restriction, RestrictionKind
from asyncchat.log.room_events import SHOWN, Sent
from asyncchat.store.file import Retention, sent
from asyncchat.system.clock import is_odd
from asyncchat.text.refusals import NotKept
from asyncchat.text.sanitize import sanitize
from asyncchat.text.usernames import Name, parse_name

READ_SHOWN = 10
"""Messages that were read already, among those that are shown to whoever turns to somebody."""

MISSED = 1000
"""Messages that somebody gets who was away for a moment, at most."""

SEATS = 32
"""Seats of one account from which it can come back without its password; the newest."""

AUDITED = 100_000
"""Acts that are kept."""

DELETED_AT_ONCE = 1000
"""Messages that are deleted when one comes, when fewer than before are to be kept."""

SWEPT = 100
"""Conversations that are looked through for such messages at a time."""

_Row = tuple[int, int, int, str]
"""A private message: its number, its time, the number of its sender, its text."""


class People:
    """Reads and writes by the journal's `connection`, in a transaction of the journal's, as much as `keep` says."""

    def __init__(self, connection: sqlite3.Connection, keep: Retention, clock: Callable[[], int]) -> None:
        self._do = connection.execute
        self._keep = keep
        self._clock = clock

    # At the start.

    def accounts(self) -> list[Account]:
        """Return all accounts."""
        rows = self._do("SELECT id, key, name, password, role, seen FROM accounts")
        # To prepare each name anew would take most of the time of a start.
        return [
            Account(ident, Name(sanitize(name), key), password, Role(role), seen)
            for ident, key, name, password, role, seen in rows
        ]

    def next_id(self) -> int:
        """Return the number of the account that is made next."""
        row = self._do("SELECT seq FROM sqlite_sequence WHERE name = 'accounts'").fetchone()
        return int(row[0]) + 1 if row else 1

    def released(self) -> dict[str, int]:
        """Return when names were given up, in milliseconds since 1970, by their keys."""
        return dict(self._do("SELECT key, time FROM given_up ORDER BY time").fetchall())

    def restrictions(self) -> list[Restriction]:
        """Return who is put out, and who may say nothing."""
        rows = self._do("SELECT kind, key, name, address, until, rank FROM sentences")
        return [
            Restriction(RestrictionKind(kind), Name(sanitize(name), key), address, until, Role(rank))
            for kind, key, name, address, until, rank in rows
        ]

    def topic(self) -> str:
        """Return what the chat is about."""
        (topic,) = self._do("SELECT value FROM facts WHERE name = 'topic'").fetchone()
        return str(topic)

    def set_admin(self, password: str) -> None:
        """Let the admin have the password with this hash; make the account if there is none."""
        name = parse_name(ADMIN)
        self._do(
            "INSERT INTO accounts (key, name, password, role) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (key) DO UPDATE SET password = excluded.password, role = excluded.role",
            (name.key, name.shown, password, int(Role.ADMIN)),
        )
        self._do("DELETE FROM seats WHERE account = (SELECT id FROM accounts WHERE key = ?)", (name.key,))

    # As it goes on.

    def write(self, entry: AnyEntry) -> object:
        """Keep an entry, and return its result. Raises Refusal, before anything is written, and sqlite3.Error."""
        match entry:
            case SendPrivate():
                return self._send(entry)
            case OpenConversation(who, other, after):
                return self._open(who, other, after)
            case MarkRead(who, other, seq):
                self._mark_read(self._conversation(who, other), who, other, seq)
            case CreateAccount(name, password, token_hash, time):
                made = self._do(
                    "INSERT INTO accounts (key, name, password, role) VALUES (?, ?, ?, ?)",
                    (name.key, name.shown, password, int(Role.REGISTERED)),
                )
                self._store_token(made.lastrowid, token_hash, time)
            case StoreToken(account, _, token_hash, time, password):
                if password:
                    self._do("UPDATE accounts SET password = ? WHERE id = ?", (password, account))
                self._store_token(account, token_hash, time)
            case StorePassword(account, password, token_hash):
                self._do("UPDATE accounts SET password = ? WHERE id = ?", (password, account))
                self._do("DELETE FROM seats WHERE account = ? AND key != ?", (account, token_hash))
            case Seen(account, time):
                self._do("UPDATE accounts SET seen = ? WHERE id = ?", (time, account))
            case DeleteAccount(account, time):
                self._delete(account, time)
            case _:
                self._moderate(entry)
        return None

    def _store_token(self, account: int | None, token_hash: bytes, time: int) -> None:
        if token_hash:
            self._do("INSERT OR REPLACE INTO seats VALUES (?, ?, ?)", (token_hash, account, time))
            self._do(
                "DELETE FROM seats WHERE key IN"
                " (SELECT key FROM seats WHERE account = ? ORDER BY time DESC LIMIT -1 OFFSET ?)",
                (account, SEATS),
            )

    def _delete(self, account: int, time: int) -> None:
        (key,) = self._do("SELECT key FROM accounts WHERE id = ?", (account,)).fetchone()
        for statement in (
            "DELETE FROM private WHERE conversation IN (SELECT id FROM conversations WHERE ? IN (one, other))",
            "DELETE FROM conversations WHERE ? IN (one, other)",
            "DELETE FROM seats WHERE account = ?",
            "DELETE FROM accounts WHERE id = ?",
        ):
            self._do(statement, (account,))
        self._do("INSERT OR REPLACE INTO given_up VALUES (?, ?)", (key, time))
        forgotten = self._do("SELECT time FROM given_up ORDER BY time DESC LIMIT 1 OFFSET ?", (MOST_GIVEN_UP,))
        for (oldest,) in forgotten.fetchall():  # whoever is from before then comes back with the password
            self._do("DELETE FROM given_up WHERE time <= ?", (oldest,))
            self._do("DELETE FROM seats WHERE time <= ?", (oldest,))
        # Nobody is left who may have meant somebody else by these names.
        self._do("DELETE FROM given_up WHERE time < ifnull((SELECT min(time) FROM seats), ?)", (time + 1,))

    def _conversation(self, who: int, other: int) -> int:
        """Return the number of the conversation of two accounts. Raises NotKept if one of them is gone."""
        pair = sorted((who, other))
        if found := self._do("SELECT id FROM conversations WHERE one = ? AND other = ?", pair).fetchone():
            return int(found[0])
        made = self._do(
            "INSERT INTO conversations (one, other) SELECT one.id, other.id FROM accounts one, accounts other"
            " WHERE one.id = ? AND other.id = ?",
            pair,
        )
        if not made.rowcount:
            raise NotKept("the name is not registered any more")
        assert made.lastrowid
        return made.lastrowid

    def _send(self, send: SendPrivate) -> PrivateStored:
        conversation = self._conversation(send.sender, send.to)
        me, them = _sides(send.sender, send.to)
        ((seq, time, nth, seen),) = self._do(
            f"UPDATE conversations SET last = last + 1, time = ?, {me}_sent = {me}_sent + 1 WHERE id = ?"
            f" RETURNING last, time, {me}_sent, {them}_seen",
            (send.time, conversation),
        ).fetchall()
        token_hash, ident = (send.token_hash, send.ident) if send.token_hash else (None, None)
        written = now if is_odd(time, now := self._clock()) else None
        row = (conversation, seq, time, send.sender, nth, send.text, token_hash, ident, written)
        self._do("INSERT INTO private VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        if self._keep.messages is not None:
            self._delete_first(conversation, seq - self._keep.messages, DELETED_AT_ONCE)
        return PrivateStored(seq, time, self._unread(conversation, send.sender, nth, seen))

    def _delete_first(self, conversation: int, last: int, most: int) -> int:
        """Delete the messages up to the number `last`, the first `most` of them; return how many that were."""
        return self._do(
            "DELETE FROM private WHERE conversation = :conversation AND seq <= :last"
            " AND seq < :most + (SELECT min(seq) FROM private WHERE conversation = :conversation)",
            {"conversation": conversation, "last": last, "most": most},
        ).rowcount

    def _unread(self, conversation: int, sender: int, sent: int, seen: int) -> int:
        (first,) = self._do(
            "SELECT min(nth) FROM private WHERE conversation = ? AND sender = ?", (conversation, sender)
        ).fetchone()
        return 0 if first is None else int(sent - max(seen, first - 1))

    def _mark_read(self, conversation: int, who: int, other: int, seq: int) -> None:
        me, _ = _sides(who, other)
        self._do(
            f"UPDATE conversations SET {me}_seen = max({me}_seen, nth) FROM private"
            " WHERE conversations.id = :conversation"
            " AND private.conversation = :conversation AND seq = :seq AND sender = :sender",
            {"conversation": conversation, "seq": seq, "sender": other},
        )

    def _open(self, who: int, other: int, after: int | None) -> PrivateHistory:
        conversation = self._conversation(who, other)
        me, them = _sides(who, other)
        last, sent, seen = self._do(
            f"SELECT last, {them}_sent, {me}_seen FROM conversations WHERE id = ?", (conversation,)
        ).fetchone()
        self._do(f"UPDATE conversations SET {me}_seen = {them}_sent WHERE id = ?", (conversation,))
        # If there is less, it was seen of another conversation, before the name was given up.
        if after is not None and after <= last:
            missed = self._last_of(conversation, "seq > ? ORDER BY seq", (after,), MISSED)
            return PrivateHistory([], self._said(missed), max(last - after - len(missed), 0))
        # What one has written oneself is not new, though the other one may not have read it.
        by_one = "sender = ? AND nth > ? AND nth <= ? ORDER BY nth"
        new = self._last_of(conversation, by_one, (other, seen, sent), SHOWN)
        old = self._last_of(conversation, by_one, (other, 0, seen), READ_SHOWN)
        old += self._last_of(conversation, by_one, (who, 0, last), READ_SHOWN)
        shown = min(READ_SHOWN, SHOWN - len(new))
        old = sorted(old)[max(len(old) - shown, 0) :]
        more = self._unread(conversation, other, sent, seen) - len(new)
        return PrivateHistory(self._said(old), self._said(new), more)

    def _said(self, rows: list[_Row]) -> list[Sent]:
        senders = {row[2] for row in rows}
        found = (self._do("SELECT id, name FROM accounts WHERE id = ?", (sender,)).fetchone() for sender in senders)
        names = dict(found)
        return sent((seq, time, names[sender], text) for seq, time, sender, text in rows)

    def _last_of(self, conversation: int, which: str, values: tuple[int, ...], most: int) -> list[_Row]:
        rows = self._do(
            f"SELECT seq, time, sender, text FROM private WHERE conversation = ? AND {which} DESC LIMIT ?",
            (conversation, *values, most),
        )
        return rows.fetchall()[::-1]

    def has_aged(self, limit: int) -> bool:
        """Tell whether there is something that was said before `limit`."""
        return bool(self._do("SELECT 1 FROM private WHERE ifnull(written, time) < ? LIMIT 1", (limit,)).fetchone())

    def delete_aged(self, limit: int, most: int) -> int:
        """Delete some of what was said before `limit`; return how many messages that were, `most` at most."""
        return self._do(
            "DELETE FROM private WHERE (conversation, seq) IN"
            " (SELECT conversation, seq FROM private WHERE ifnull(written, time) < ? LIMIT ?)",
            (limit, most),
        ).rowcount

    def delete_surplus(self, after: int, most: int) -> tuple[int, int | None]:
        """Delete what there is too much of in some conversations, of those that come after the number `after`.

        Return how many messages that were, `most` at most, and the number to go on after; None if there are no more.
        """
        assert self._keep.messages is not None
        deleted, swept = 0, False
        some = self._do("SELECT id, last FROM conversations WHERE id > ? ORDER BY id LIMIT ?", (after, SWEPT))
        for conversation, last in some.fetchall():
            deleted += self._delete_first(conversation, last - self._keep.messages, most - deleted)
            if deleted == most:
                return deleted, after  # there may be more of them in this one
            after = conversation
            swept = True
        return deleted, after if swept else None

    def _moderate(self, entry: AnyEntry) -> None:
        match entry:
            case SetRole(by, account, role, time):
                self._do("UPDATE accounts SET role = ? WHERE id = ?", (int(role), account))
                (name,) = self._do("SELECT name FROM accounts WHERE id = ?", (account,)).fetchone()
                self.audit(by, "grant" if role == Role.MODERATOR else "revoke", name, time)
            case Restrict(by, restriction, action, time):
                kind, name, address, until, rank = restriction
                self._do("DELETE FROM sentences WHERE until <= ?", (time,))
                self._do(
                    "INSERT OR REPLACE INTO sentences VALUES (?, ?, ?, ?, ?, ?)",
                    (kind, name.key, name.shown, address, until, int(rank)),
                )
                self.audit(by, action, str(restriction), time)
            case LiftRestriction(by, kind, name, time):
                self._do("DELETE FROM sentences WHERE kind = ? AND key = ?", (kind, name.key))
                self.audit(by, f"un{kind}", name.shown, time)
            case SetTopic(by, text, time):
                self._do("UPDATE facts SET value = ? WHERE name = 'topic'", (text,))
                self.audit(by, "topic", text, time)

    def audit(self, by: Name, act: str, what: str, time: int) -> None:
        """Remember who has done what to whom."""
        cursor = self._do("INSERT INTO audit (time, by, act, what) VALUES (?, ?, ?, ?)", (time, by.shown, act, what))
        self._do("DELETE FROM audit WHERE id <= ?", ((cursor.lastrowid or 0) - AUDITED,))


def _sides(who: int, other: int) -> tuple[str, str]:
    """Return what the columns about `who` begin with, and those about the `other`."""
    return ("one", "other") if who < other else ("other", "one")


def said_between(who: Account, other: Account, rows: Iterable[_Row]) -> list[Sent]:
    """Return messages from rows of seq, time, the sender's number and text."""
    names = {who.id: who.name.shown, other.id: other.name.shown}
    return sent((seq, time, names[sender], text) for seq, time, sender, text in rows)
