"""The rooms besides the default one, and their messages."""

from collections.abc import Callable, Sequence

from asyncchat.log.room_events import Sent
from asyncchat.log.state import REMEMBERED, RoomRole, RoomState
from asyncchat.store.database import Database, DatabaseError
from asyncchat.store.file import Retention, sent
from asyncchat.text.refusals import NoMessage
from asyncchat.text.usernames import Name, find_name

IDLE = (
    "rooms.topic = '' AND rooms.last = 0 AND NOT EXISTS (SELECT 1 FROM said WHERE room = rooms.id)"
    " AND NOT (rooms.private AND EXISTS (SELECT 1 FROM room_roles WHERE room = rooms.key))"
)
"""Which rooms need not be kept, unless somebody is there: RoomState.is_idle as SQL."""


class RoomStore:
    """Keeps rooms by `connection`, in a transaction of its caller's.

    keep: how much is kept of each room
    clock: tells the time that is trusted, in milliseconds since 1970
    """

    def __init__(self, connection: Database, keep: Retention, clock: Callable[[], int]) -> None:
        self._do = connection.execute
        self._do_many = connection.executemany
        self._keep = keep
        self._clock = clock

    def load(self, remembered: int) -> list[tuple[str, RoomState]]:
        """Return the rooms by their keys, each with its last messages; a room without anything is deleted.

        remembered: messages of the default room that are read
        """
        remembered = min(remembered, REMEMBERED)
        self._delete_idle()
        self._do("DELETE FROM room_roles WHERE room NOT IN (SELECT key FROM rooms)")
        self._do("DELETE FROM restrictions WHERE room != '' AND room NOT IN (SELECT key FROM rooms)")
        rooms = []
        for ident, key, shown, topic, last, private in self._do(
            "SELECT id, key, name, topic, last, private FROM rooms"
        ).fetchall():
            self._delete_surplus(ident)
            rows = self._do(
                "SELECT seq, time, name, text, changed FROM said WHERE room = ? ORDER BY seq DESC LIMIT ?",
                (ident, max(remembered, 1)),
            )
            recent = [message._replace(room=key) for message in sent(rows)[::-1]]
            name = find_name(shown)
            if name and name.key == key:  # else other rules for names made it
                room = RoomState(remembered, recent, recent[-1].seq if recent else last, topic, shown, key)
                room.is_private = bool(private)
                roles = self._do("SELECT account, role FROM room_roles WHERE room = ?", (key,))
                room.roles = {account: RoomRole(role) for account, role in roles}
                rooms.append((key, room))
        return rooms

    def _delete_idle(self) -> None:
        """Delete the rooms without anything."""
        self._do(f"DELETE FROM rooms WHERE {IDLE}")

    def make(self, name: Name, maker: Name, time: int, account: int | None = None) -> None:
        """Keep that there is a room with this name; if it was there, and nothing is left of it, it gets this name.

        account: that of the maker, which is a moderator of the room
        """
        made = self._do(
            "INSERT INTO rooms (key, name, maker, time) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE"
            f" SET name = excluded.name, maker = excluded.maker, time = excluded.time, private = false WHERE {IDLE}",
            (name.key, name.shown, maker.shown, time),
        )
        if made.rowcount:
            self._do("DELETE FROM room_roles WHERE room = ?", (name.key,))
            self._do("DELETE FROM restrictions WHERE room = ?", (name.key,))
            if account is not None:
                self.set_role(name.key, account, RoomRole.MODERATOR)

    def is_private(self, key: str) -> bool:
        """Tell whether a room is private."""
        return self._do("SELECT 1 FROM rooms WHERE key = ? AND private", (key,)).fetchone() is not None

    def set_private(self, key: str, invited: Sequence[int], *, is_private: bool) -> None:
        """Keep whether a room is private, and who is invited then."""
        self._do("UPDATE rooms SET private = ? WHERE key = ?", (is_private, key))
        self._do_many(
            "INSERT INTO room_roles (room, account, role) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            [(key, account, int(RoomRole.INVITED)) for account in invited],
        )

    def set_role(self, key: str, account: int, role: RoomRole | None) -> RoomRole | None:
        """Keep the role of an account in a room, or that it has none; return the one that it had."""
        row = self._do("SELECT role FROM room_roles WHERE room = ? AND account = ?", (key, account)).fetchone()
        if role is None:
            self._do("DELETE FROM room_roles WHERE room = ? AND account = ?", (key, account))
        else:
            self._do(
                "INSERT INTO room_roles (room, account, role) VALUES (?, ?, ?)"
                " ON CONFLICT (room, account) DO UPDATE SET role = excluded.role",
                (key, account, int(role)),
            )
        return RoomRole(row[0]) if row else None

    def set_topic(self, key: str, text: str) -> None:
        """Keep the topic of a room."""
        self._do("UPDATE rooms SET topic = ? WHERE key = ?", (text, key))

    def write(self, messages: Sequence[Sent]) -> None:
        """Keep messages of one room."""
        written = self._clock()
        row = self._do("SELECT id FROM rooms WHERE key = ?", (messages[0].room,)).fetchone()
        if not row:
            raise DatabaseError("the store does not have the room")
        (ident,) = row
        self._do_many(
            "INSERT INTO said (room, seq, time, name, text, seat, id, written) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [(ident, s.seq, s.time, s.name.shown, s.text, s.token_hash or None, s.ident, written) for s in messages],
        )
        self._delete_surplus(ident)

    def change(self, key: str, seq: int, text: str, time: int) -> None:
        """Give a message another text, as `MessageStore.change`."""
        which = "room = (SELECT id FROM rooms WHERE key = :key) AND seq = :seq"
        values = {"key": key, "seq": seq, "text": text, "time": time}
        row = self._do(f"SELECT text FROM said WHERE {which}", values).fetchone()
        if row and not row[0]:
            raise NoMessage
        self._do(f"UPDATE said SET text = :text, changed = :time WHERE {which}", values)

    def follow(self, account: int, key: str) -> None:
        """Keep that the owner of an account is in a room; forget rooms that do not exist any more."""
        self._do(
            "DELETE FROM places WHERE account = ? AND room != '' AND room NOT IN (SELECT key FROM rooms)", (account,)
        )
        self._do("INSERT INTO places (account, room, seq) VALUES (?, ?, 0) ON CONFLICT DO NOTHING", (account, key))

    def unfollow(self, account: int, key: str) -> None:
        """Keep that the owner of an account is not in a room any more."""
        self._do("DELETE FROM places WHERE account = ? AND room = ?", (account, key))

    def unfollow_all(self, account: int) -> None:
        """Forget the rooms of an account, and its roles there."""
        self._do("DELETE FROM places WHERE account = ?", (account,))
        self._do("DELETE FROM room_roles WHERE account = ?", (account,))

    def read(self, account: int, key: str, seq: int) -> None:
        """Keep which message of a room was read last."""
        self._do("UPDATE places SET seq = max(seq, ?) WHERE account = ? AND room = ?", (seq, account, key))

    def _delete_surplus(self, ident: int) -> None:
        if self._keep.messages is not None:
            self._do(
                "DELETE FROM said WHERE room = :room AND seq <= (SELECT max(seq) FROM said WHERE room = :room) - :keep",
                {"room": ident, "keep": self._keep.messages},
            )

    def has_aged(self, limit: int) -> bool:
        """Tell whether there are messages from before a time, in milliseconds since 1970."""
        return bool(self._do("SELECT 1 FROM said WHERE ifnull(written, time) < ? LIMIT 1", (limit,)).fetchone())

    def delete_aged(self, limit: int, most: int) -> int:
        """Delete messages from before a time, `most` at most; return their number."""
        aged = self._do(
            "SELECT room, seq FROM said WHERE ifnull(written, time) < ? ORDER BY ifnull(written, time) LIMIT ?",
            (limit, most),
        ).fetchall()
        self._do_many("UPDATE rooms SET last = max(last, ?) WHERE id = ?", [(seq, room) for room, seq in aged])
        self._do_many("DELETE FROM said WHERE room = ? AND seq = ?", aged)
        return len(aged)
