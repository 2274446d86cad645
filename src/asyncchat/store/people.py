"""The people in the store: whose names are whose, what they say to one another alone, and what order there is."""

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any

from asyncchat.chat.accounts import ADMIN, MOST_GIVEN_UP, Account
from asyncchat.chat.changes import (
    Appoint,
    Conversation,
    Gone,
    MarkRead,
    NewAccount,
    NewPassword,
    Pardon,
    Seated,
    Seen,
    Send,
    Sentenced,
    SetTopic,
    Stored,
    Turn,
)
from asyncchat.chat.commands import Who
from asyncchat.chat.lines import visible
from asyncchat.chat.messages import SHOWN, Sent
from asyncchat.chat.names import Name, prepare
from asyncchat.chat.order import Kind, Sentence
from asyncchat.chat.refusal import NotKept, WrongPassword
from asyncchat.chat.requests import Change
from asyncchat.clock import is_odd
from asyncchat.store.file import Keep, sent

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

    def __init__(self, connection: sqlite3.Connection, keep: Keep, clock: Callable[[], int]) -> None:
        self._do = connection.execute
        self._keep = keep
        self._clock = clock

    # At the start.

    def accounts(self) -> list[Account]:
        """Return all accounts."""
        rows = self._do("SELECT id, key, name, password, role, seen FROM accounts")
        # To prepare each name anew would take most of the time of a start.
        return [
            Account(ident, Name(visible(name), key), password, Who(role), seen)
            for ident, key, name, password, role, seen in rows
        ]

    def given_up(self) -> dict[str, int]:
        """Return when names were given up, in milliseconds since 1970, by their keys."""
        return dict(self._do("SELECT key, time FROM given_up ORDER BY time").fetchall())

    def sentences(self) -> list[Sentence]:
        """Return who is put out, and who may say nothing."""
        rows = self._do("SELECT kind, key, name, address, until, rank FROM sentences")
        return [
            Sentence(Kind(kind), Name(visible(name), key), address, until, Who(rank))
            for kind, key, name, address, until, rank in rows
        ]

    def topic(self) -> str:
        """Return what the chat is about."""
        (topic,) = self._do("SELECT value FROM facts WHERE name = 'topic'").fetchone()
        return str(topic)

    def set_admin(self, password: str) -> None:
        """Let the admin have the password with this hash; make the account if there is none."""
        name = prepare(ADMIN)
        self._do(
            "INSERT INTO accounts (key, name, password, role) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (key) DO UPDATE SET password = excluded.password, role = excluded.role",
            (name.key, name.shown, password, int(Who.ADMIN)),
        )
        self._do("DELETE FROM seats WHERE account = (SELECT id FROM accounts WHERE key = ?)", (name.key,))

    # As it goes on.

    def write(self, change: Change[Any]) -> object:
        """Keep something, and return the answer. Raises Refusal, before anything is written, and sqlite3.Error."""
        match change:
            case Send():
                return self._send(change)
            case Turn(who, to, after):
                return self._turn(who, to, after)
            case MarkRead(who, to, seq):
                self._mark_read(self._conversation(who, to), who, to, seq)
            case NewAccount(name, password, seat):
                return self._new_account(name, password, seat)
            case Seated(account, checked, seat, password):
                (kept,) = self._do("SELECT password FROM accounts WHERE id = ?", (account.id,)).fetchone() or ("",)
                if kept != checked:  # it was changed while it was compared with what was shown
                    raise WrongPassword
                self._seat(account, seat, password)
            case NewPassword(account, password, seat):
                self._do("UPDATE accounts SET password = ? WHERE id = ?", (password, account.id))
                self._do("DELETE FROM seats WHERE account = ? AND key != ?", (account.id, seat))
            case Seen(account, time):
                self._do("UPDATE accounts SET seen = ? WHERE id = ?", (time, account.id))
            case Gone(account):
                self._delete(account)
            case _:
                self._keep_order(change)
        return None

    def _new_account(self, name: Name, password: str, seat: bytes) -> Account:
        role = Who.REGISTERED
        cursor = self._do(
            "INSERT INTO accounts (key, name, password, role) VALUES (?, ?, ?, ?)",
            (name.key, name.shown, password, int(role)),
        )
        assert cursor.lastrowid
        account = Account(cursor.lastrowid, name, password, role)
        self._seat(account, seat, None)
        return account

    def _seat(self, account: Account, seat: bytes, password: str | None) -> None:
        if password:
            self._do("UPDATE accounts SET password = ? WHERE id = ?", (password, account.id))
        if seat:
            self._do("INSERT OR REPLACE INTO seats VALUES (?, ?, ?)", (seat, account.id, self._clock()))
            self._do(
                "DELETE FROM seats WHERE key IN"
                " (SELECT key FROM seats WHERE account = ? ORDER BY time DESC LIMIT -1 OFFSET ?)",
                (account.id, SEATS),
            )

    def _delete(self, account: Account) -> None:
        for statement in (
            "DELETE FROM private WHERE conversation IN (SELECT id FROM conversations WHERE ? IN (one, other))",
            "DELETE FROM conversations WHERE ? IN (one, other)",
            "DELETE FROM seats WHERE account = ?",
            "DELETE FROM accounts WHERE id = ?",
        ):
            self._do(statement, (account.id,))
        now = self._clock()
        self._do("INSERT OR REPLACE INTO given_up VALUES (?, ?)", (account.name.key, now))
        forgotten = self._do("SELECT time FROM given_up ORDER BY time DESC LIMIT 1 OFFSET ?", (MOST_GIVEN_UP,))
        for (time,) in forgotten.fetchall():  # whoever is from before then comes back with the password
            self._do("DELETE FROM given_up WHERE time <= ?", (time,))
            self._do("DELETE FROM seats WHERE time <= ?", (time,))
        # Nobody is left who may have meant somebody else by these names.
        self._do("DELETE FROM given_up WHERE time < ifnull((SELECT min(time) FROM seats), ?)", (now + 1,))

    def _conversation(self, who: Account, to: Account) -> int | None:
        """Return the number of the conversation of two; None if one of them is gone."""
        pair = sorted((who.id, to.id))
        if found := self._do("SELECT id FROM conversations WHERE one = ? AND other = ?", pair).fetchone():
            return int(found[0])
        made = self._do(
            "INSERT INTO conversations (one, other) SELECT one.id, other.id FROM accounts one, accounts other"
            " WHERE one.id = ? AND other.id = ?",
            pair,
        )
        return made.lastrowid if made.rowcount else None

    def _send(self, send: Send) -> Stored:
        if (conversation := self._conversation(send.sender, send.to)) is None:
            raise self._gone(send.sender, send.to)
        me, them = _sides(send.sender, send.to)
        ((seq, time, nth, seen),) = self._do(
            f"UPDATE conversations SET last = last + 1, time = ?, {me}_sent = {me}_sent + 1 WHERE id = ?"
            f" RETURNING last, time, {me}_sent, {them}_seen",
            (send.time, conversation),
        ).fetchall()
        seat, ident = (send.poster.key, send.ident) if send.poster and send.poster.key else (None, None)
        written = now if is_odd(time, now := self._clock()) else None
        row = (conversation, seq, time, send.sender.id, nth, send.text, seat, ident, written)
        self._do("INSERT INTO private VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        if self._keep.messages is not None:
            self._delete_first(conversation, seq - self._keep.messages, DELETED_AT_ONCE)
        return Stored(seq, time, self._unread(conversation, send.sender, nth, seen))

    def _gone(self, *accounts: Account) -> NotKept:
        """Return what there is to say of the first of `accounts` that is not there any more."""
        there = "SELECT 1 FROM accounts WHERE id = ?"
        gone = next(one for one in accounts if not self._do(there, (one.id,)).fetchone())
        return NotKept(f"{gone.name.shown} is not registered any more")

    def _delete_first(self, conversation: int, last: int, most: int) -> int:
        """Delete the messages up to the number `last`, the first `most` of them; return how many that were."""
        return self._do(
            "DELETE FROM private WHERE conversation = :conversation AND seq <= :last"
            " AND seq < :most + (SELECT min(seq) FROM private WHERE conversation = :conversation)",
            {"conversation": conversation, "last": last, "most": most},
        ).rowcount

    def _unread(self, conversation: int, sender: Account, sent: int, seen: int) -> int:
        (first,) = self._do(
            "SELECT min(nth) FROM private WHERE conversation = ? AND sender = ?", (conversation, sender.id)
        ).fetchone()
        return 0 if first is None else int(sent - max(seen, first - 1))

    def _mark_read(self, conversation: int | None, who: Account, other: Account, seq: int) -> None:
        me, _ = _sides(who, other)
        self._do(
            f"UPDATE conversations SET {me}_seen = max({me}_seen, nth) FROM private"
            " WHERE conversations.id = :conversation"
            " AND private.conversation = :conversation AND seq = :seq AND sender = :sender",
            {"conversation": conversation, "seq": seq, "sender": other.id},
        )

    def _turn(self, who: Account, other: Account, after: int | None) -> Conversation:
        if (conversation := self._conversation(who, other)) is None:
            raise self._gone(who, other)
        me, them = _sides(who, other)
        last, sent, seen = self._do(
            f"SELECT last, {them}_sent, {me}_seen FROM conversations WHERE id = ?", (conversation,)
        ).fetchone()
        self._do(f"UPDATE conversations SET {me}_seen = {them}_sent WHERE id = ?", (conversation,))
        # If there is less, it was seen of another conversation, before the name was given up.
        if after is not None and after <= last:
            missed = self._last_of(conversation, "seq > ? ORDER BY seq", (after,), MISSED)
            return Conversation([], said_between(who, other, missed), max(last - after - len(missed), 0))
        # What one has written oneself is not new, though the other one may not have read it.
        by_one = "sender = ? AND nth > ? AND nth <= ? ORDER BY nth"
        new = self._last_of(conversation, by_one, (other.id, seen, sent), SHOWN)
        old = self._last_of(conversation, by_one, (other.id, 0, seen), READ_SHOWN)
        old += self._last_of(conversation, by_one, (who.id, 0, last), READ_SHOWN)
        shown = min(READ_SHOWN, SHOWN - len(new))
        old = sorted(old)[max(len(old) - shown, 0) :]
        more = self._unread(conversation, other, sent, seen) - len(new)
        return Conversation(said_between(who, other, old), said_between(who, other, new), more)

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

    def _keep_order(self, change: object) -> None:
        match change:
            case Appoint(by, account, role):
                self._do("UPDATE accounts SET role = ? WHERE id = ?", (int(role), account.id))
                self.audit(by, "grant" if role == Who.MODERATOR else "revoke", account.name.shown)
            case Sentenced(by, sentence, act, _):
                kind, name, address, until, rank = sentence
                self._do("DELETE FROM sentences WHERE until <= ?", (self._clock(),))
                self._do(
                    "INSERT OR REPLACE INTO sentences VALUES (?, ?, ?, ?, ?, ?)",
                    (kind, name.key, name.shown, address, until, int(rank)),
                )
                self.audit(by, act, str(sentence))
            case Pardon(by, kind, name):
                self._do("DELETE FROM sentences WHERE kind = ? AND key = ?", (kind, name.key))
                self.audit(by, f"un{kind}", name.shown)
            case SetTopic(by, text):
                self._do("UPDATE facts SET value = ? WHERE name = 'topic'", (text,))
                self.audit(by, "topic", text)

    def audit(self, by: Name, act: str, what: str) -> None:
        """Remember who has done what to whom."""
        cursor = self._do(
            "INSERT INTO audit (time, by, act, what) VALUES (?, ?, ?, ?)", (self._clock(), by.shown, act, what)
        )
        self._do("DELETE FROM audit WHERE id <= ?", ((cursor.lastrowid or 0) - AUDITED,))


def _sides(who: Account, other: Account) -> tuple[str, str]:
    """Return what the columns about `who` begin with, and those about the `other`."""
    return ("one", "other") if who.id < other.id else ("other", "one")


def said_between(who: Account, other: Account, rows: Iterable[_Row]) -> list[Sent]:
    """Return messages from rows of seq, time, the sender's number and text."""
    names = {who.id: who.name.shown, other.id: other.name.shown}
    return sent((seq, time, names[sender], text) for seq, time, sender, text in rows)
