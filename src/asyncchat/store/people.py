"""The people in the store: whose names are whose, what they say to one another alone, and what order there is."""

import sqlite3
from collections.abc import Callable

from asyncchat.chat.accounts import ADMIN, Account
from asyncchat.chat.archive import Unanswered
from asyncchat.chat.changes import (
    Appoint,
    Change,
    Conversation,
    Gone,
    MarkRead,
    NewAccount,
    NewPassword,
    Pardon,
    Seated,
    Send,
    Sentenced,
    SetTopic,
    Stored,
    Turn,
    Wrong,
)
from asyncchat.chat.commands import Who
from asyncchat.chat.messages import SHOWN, Sent
from asyncchat.chat.names import Name, prepare
from asyncchat.chat.order import Kind, Sentence
from asyncchat.store.file import Keep, name_of, sent

READ_SHOWN = 10
"""Messages that were read already, among those that are shown to whoever turns to somebody."""

MISSED = 1000
"""Messages that somebody gets who was away for a moment, at most."""

SEATS = 32
"""Seats of one account from which it can come back without its password; the newest."""

AUDITED = 100_000
"""Acts that are kept."""


class People:
    """Reads and writes by the journal's `connection`, in a transaction of the journal's, as much as `keep` says."""

    def __init__(self, connection: sqlite3.Connection, keep: Keep, clock: Callable[[], int]) -> None:
        self._do = connection.execute
        self._keep = keep
        self._clock = clock

    # At the start.

    def accounts(self) -> list[Account]:
        """Return all accounts."""
        rows = self._do("SELECT id, name, password, role FROM accounts")
        return [Account(ident, name_of(name), password, Who(role)) for ident, name, password, role in rows]

    def sentences(self) -> list[Sentence]:
        """Return who is put out, and who may say nothing."""
        rows = self._do("SELECT kind, name, address, until, rank FROM sentences")
        return [
            Sentence(Kind(kind), name_of(name), address, until, Who(rank)) for kind, name, address, until, rank in rows
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

    def write(self, change: Change) -> object:
        """Keep something, and return the answer. Raises sqlite3.Error."""
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
                    return Wrong()
                self._seat(account, seat, password)
            case NewPassword(account, password, seat):
                self._do("UPDATE accounts SET password = ? WHERE id = ?", (password, account.id))
                self._do("DELETE FROM seats WHERE account = ? AND key != ?", (account.id, seat))
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

    def _conversation(self, who: Account, to: Account) -> int:
        pair = sorted((who.id, to.id))
        self._do("INSERT OR IGNORE INTO conversations (one, other) VALUES (?, ?)", pair)
        (ident,) = self._do("SELECT id FROM conversations WHERE one = ? AND other = ?", pair).fetchone()
        return int(ident)

    def _send(self, send: Send) -> Stored | Unanswered:
        if not self._do("SELECT 1 FROM accounts WHERE id = ?", (send.to.id,)).fetchone():
            return Unanswered(f"{send.to.name.shown} is not registered any more")
        conversation = self._conversation(send.sender, send.to)
        self._do("UPDATE conversations SET last = last + 1 WHERE id = ?", (conversation,))
        (seq,) = self._do("SELECT last FROM conversations WHERE id = ?", (conversation,)).fetchone()
        (before,) = self._do("SELECT max(time) FROM private WHERE conversation = ?", (conversation,)).fetchone()
        time = max(send.time, before or 0)
        seat, ident = (send.poster.key, send.ident) if send.poster and send.poster.key else (None, None)
        row = (conversation, seq, time, send.sender.id, send.text, seat, ident)
        self._do("INSERT INTO private VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        if self._keep.messages is not None:
            self._do(
                "DELETE FROM private WHERE conversation = ? AND seq <= ?", (conversation, seq - self._keep.messages)
            )
        return Stored(seq, time, self._count_unread(conversation, send.to, send.sender))

    def _read_up_to(self, conversation: int, who: Account, other: Account) -> int:
        column = _read_by(who, other)
        (seq,) = self._do(f"SELECT {column} FROM conversations WHERE id = ?", (conversation,)).fetchone()
        return int(seq)

    def _count_unread(self, conversation: int, who: Account, sender: Account) -> int:
        (number,) = self._do(
            "SELECT count(*) FROM private WHERE conversation = ? AND seq > ? AND sender = ?",
            (conversation, self._read_up_to(conversation, who, sender), sender.id),
        ).fetchone()
        return int(number)

    def _mark_read(self, conversation: int, who: Account, other: Account, seq: int) -> None:
        column = _read_by(who, other)
        self._do(f"UPDATE conversations SET {column} = max({column}, ?) WHERE id = ?", (seq, conversation))

    def _turn(self, who: Account, other: Account, after: int | None) -> Conversation:
        conversation = self._conversation(who, other)
        read = self._read_up_to(conversation, who, other)
        (last,) = self._do("SELECT last FROM conversations WHERE id = ?", (conversation,)).fetchone()
        number = self._count_unread(conversation, who, other)
        self._mark_read(conversation, who, other, last)
        if (
            after is not None and after <= last
        ):  # else it was seen of another conversation, before the name was given up
            missed = self._messages(conversation, who, other, "seq > ? ORDER BY seq DESC LIMIT ?", (after, MISSED))
            return Conversation([], missed, max(last - after - len(missed), 0))
        # What one has written oneself is not new, though the other one may not have read it.
        unread = "seq > ? AND sender = ?"
        new = self._messages(conversation, who, other, f"{unread} ORDER BY seq DESC LIMIT ?", (read, other.id, SHOWN))
        old = self._messages(
            conversation,
            who,
            other,
            f"NOT ({unread}) ORDER BY seq DESC LIMIT ?",
            (read, other.id, min(READ_SHOWN, SHOWN - len(new))),
        )
        return Conversation(old, new, number - len(new))

    def _messages(
        self, conversation: int, who: Account, other: Account, condition: str, values: tuple[int, ...]
    ) -> list[Sent]:
        """Return messages from rows that are asked for the newest first, in their order."""
        rows = self._do(
            f"SELECT seq, time, sender, text FROM private WHERE conversation = ? AND {condition}",
            (conversation, *values),
        ).fetchall()
        return said_between(who, other, rows[::-1])

    def delete_aged(self, limit: int, most: int) -> None:
        """Delete some of what was said before `limit`, at most so many messages."""
        rows = self._do("SELECT conversation, seq FROM private WHERE time < ? LIMIT ?", (limit, most)).fetchall()
        for row in rows:
            self._do("DELETE FROM private WHERE conversation = ? AND seq = ?", row)

    def _keep_order(self, change: object) -> None:
        match change:
            case Appoint(by, account, role):
                self._do("UPDATE accounts SET role = ? WHERE id = ?", (int(role), account.id))
                self._audit(by, "grant" if role == Who.MODERATOR else "revoke", account.name.shown)
            case Sentenced(by, sentence, act, _):
                kind, name, address, until, rank = sentence
                self._do("DELETE FROM sentences WHERE until <= ?", (self._clock(),))
                self._do(
                    "INSERT OR REPLACE INTO sentences VALUES (?, ?, ?, ?, ?, ?)",
                    (kind, name.key, name.shown, address, until, int(rank)),
                )
                self._audit(by, act, str(sentence))
            case Pardon(by, kind, name):
                self._do("DELETE FROM sentences WHERE kind = ? AND key = ?", (kind, name.key))
                self._audit(by, f"un{kind}", name.shown)
            case SetTopic(by, text):
                self._do("UPDATE facts SET value = ? WHERE name = 'topic'", (text,))
                self._audit(by, "topic", text)

    def _audit(self, by: Name, act: str, what: str) -> None:
        cursor = self._do(
            "INSERT INTO audit (time, by, act, what) VALUES (?, ?, ?, ?)", (self._clock(), by.shown, act, what)
        )
        self._do("DELETE FROM audit WHERE id <= ?", ((cursor.lastrowid or 0) - AUDITED,))


def _read_by(who: Account, other: Account) -> str:
    return "one_read" if who.id < other.id else "other_read"


def said_between(who: Account, other: Account, rows: list[tuple[int, int, int, str]]) -> list[Sent]:
    """Return messages from rows of seq, time, the sender's number and text."""
    names = {who.id: who.name.shown, other.id: other.name.shown}
    return sent((seq, time, names[sender], text) for seq, time, sender, text in rows)
