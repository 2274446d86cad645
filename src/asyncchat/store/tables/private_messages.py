"""Private messages: the conversations of two accounts each, and how far each of the two has read."""

from collections.abc import Callable, Iterable

from asyncchat.log.accounts import Account
from asyncchat.log.entries import ChangePrivate, PrivateHistory, PrivateStored, SendPrivate
from asyncchat.log.room_events import SHOWN, Sent
from asyncchat.store.database import Database
from asyncchat.store.file import Retention, sent
from asyncchat.system.clock import is_odd
from asyncchat.text.refusals import NoMessage, NotKept

READ_SHOWN = 10
"""Messages that were read before, among those that are shown when a conversation is opened."""

MAX_MISSED = 1000
"""Messages that a client gets at most which has lost its connection for a moment."""

DELETED_AT_ONCE = 1000
"""Messages that are deleted when one comes, when fewer than before are to be kept."""

SWEEP_SIZE = 100
"""Conversations that are searched for surplus messages in one go."""

_Row = tuple[int, int, int, str]
"""A private message: its number, its time, the number of its sender's account, its text."""


class PrivateMessageStore:
    """Reads and writes private messages by `connection`, in a transaction of its caller's.

    keep: which messages are kept
    clock: tells the time that is trusted, in milliseconds since 1970
    """

    def __init__(self, connection: Database, keep: Retention, clock: Callable[[], int]) -> None:
        self._do = connection.execute
        self._keep = keep
        self._clock = clock

    def _conversation(self, who: int, other: int) -> int:
        """Return the number of the conversation of two accounts. Raises NotKept if one of them is deleted."""
        pair = sorted((who, other))
        if found := self._do("SELECT id FROM conversations WHERE one = ? AND other = ?", pair).fetchone():
            return int(found[0])
        made = self._do(
            "INSERT INTO conversations (one, other) SELECT one.id, other.id FROM accounts one, accounts other"
            " WHERE one.id = ? AND other.id = ? RETURNING conversations.id",
            pair,
        ).fetchone()
        if not made:
            raise NotKept("the name is not registered any more")
        return int(made[0])

    def send(self, send: SendPrivate) -> PrivateStored:
        """Store a message; delete the first ones of its conversation if there are more than shall be kept.

        Raises NotKept if one of the accounts is deleted.
        """
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
        self._do(
            "INSERT INTO private (conversation, seq, time, sender, nth, text, seat, id, written)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        )
        if self._keep.messages is not None:
            self._delete_first(conversation, seq - self._keep.messages, DELETED_AT_ONCE)
        return PrivateStored(seq, time, self._unread(conversation, send.sender, nth, seen))

    def change(self, change: ChangePrivate) -> None:
        """Give a message another text; the old one is not in the table any more. Raises NoMessage and NotKept."""
        conversation = self._conversation(change.sender, change.to)
        done = self._do(
            "UPDATE private SET text = ?, changed = ? WHERE conversation = ? AND seq = ? AND sender = ? AND text != ''",
            (change.text, change.time, conversation, change.seq, change.sender),
        )
        if not done.rowcount:
            raise NoMessage

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

    def mark_read(self, who: int, other: int, seq: int) -> None:
        """Note that `who` has read what `other` has sent up to the number `seq`. Raises NotKept, as `send`."""
        conversation = self._conversation(who, other)
        me, _ = _sides(who, other)
        self._do(
            f"UPDATE conversations SET {me}_seen = max({me}_seen, nth) FROM private"
            " WHERE conversations.id = :conversation"
            " AND private.conversation = :conversation AND seq = :seq AND sender = :sender",
            {"conversation": conversation, "seq": seq, "sender": other},
        )

    def open(self, who: int, other: int, after: int | None) -> PrivateHistory:
        """Return what is shown when `who` opens the conversation, and mark all of it as read.

        after: the number of the last message that was seen; None: return the last ones. Raises NotKept, as `send`.
        """
        conversation = self._conversation(who, other)
        me, them = _sides(who, other)
        last, sent, seen = self._do(
            f"SELECT last, {them}_sent, {me}_seen FROM conversations WHERE id = ?", (conversation,)
        ).fetchone()
        self._do(f"UPDATE conversations SET {me}_seen = {them}_sent WHERE id = ?", (conversation,))
        # If there is less, it was seen of another conversation, with an account of the same name that is deleted.
        if after is not None and after <= last:
            missed = self._last_of(conversation, "seq > ? ORDER BY seq", (after,), MAX_MISSED)
            return PrivateHistory([], self._said(missed), max(last - after - len(missed), 0))
        # A user's own messages are not new, though the other one may not have read them.
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
        return sent((seq, time, names[sender], text) for seq, time, sender, text in rows if text)

    def _last_of(self, conversation: int, which: str, values: tuple[int, ...], most: int) -> list[_Row]:
        rows = self._do(
            f"SELECT seq, time, sender, text FROM private WHERE conversation = ? AND {which} DESC LIMIT ?",
            (conversation, *values, most),
        )
        return rows.fetchall()[::-1]

    def has_aged(self, limit: int) -> bool:
        """Tell whether there are messages from before `limit`, in milliseconds since 1970."""
        return bool(self._do("SELECT 1 FROM private WHERE ifnull(written, time) < ? LIMIT 1", (limit,)).fetchone())

    def delete_aged(self, limit: int, most: int) -> int:
        """Delete messages from before `limit`, `most` at most; return how many that were."""
        return self._do(
            "DELETE FROM private WHERE (conversation, seq) IN"
            " (SELECT conversation, seq FROM private WHERE ifnull(written, time) < ? LIMIT ?)",
            (limit, most),
        ).rowcount

    def delete_surplus(self, after: int, most: int) -> tuple[int, int | None]:
        """Delete the surplus messages of some conversations: the next ones after the one with the number `after`.

        Return how many messages that were, `most` at most, and the number to go on after: None after the last.
        """
        assert self._keep.messages is not None
        deleted, swept = 0, False
        some = self._do("SELECT id, last FROM conversations WHERE id > ? ORDER BY id LIMIT ?", (after, SWEEP_SIZE))
        for conversation, last in some.fetchall():
            deleted += self._delete_first(conversation, last - self._keep.messages, most - deleted)
            if deleted == most:
                return deleted, after  # there may be more of them in this one
            after = conversation
            swept = True
        return deleted, after if swept else None

    def delete_all_of(self, account: int) -> None:
        """Delete all conversations of an account."""
        self._do(
            "DELETE FROM private WHERE conversation IN (SELECT id FROM conversations WHERE ? IN (one, other))",
            (account,),
        )
        self._do("DELETE FROM conversations WHERE ? IN (one, other)", (account,))


def _sides(who: int, other: int) -> tuple[str, str]:
    """Return what the columns about `who` begin with, and those about the `other`."""
    return ("one", "other") if who < other else ("other", "one")


def said_between(who: Account, other: Account, rows: Iterable[_Row]) -> list[Sent]:
    """Return messages from rows of seq, time, the sender's number and text."""
    names = {who.id: who.name.shown, other.id: other.name.shown}
    return sent((seq, time, names[sender], text) for seq, time, sender, text in rows if text)
