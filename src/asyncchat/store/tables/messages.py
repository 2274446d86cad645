"""The messages of the default room."""

import itertools
import sqlite3
from collections.abc import Callable, Sequence

from asyncchat.log.room_events import Sent
from asyncchat.store.search import index
from asyncchat.system.clock import is_odd
from asyncchat.text.refusals import NoMessage

_MOST_ROWS = 32
"""Messages in one statement. Each statement gives up the interpreter's lock once, and may have to wait for it."""

_COLUMNS = ("seq", "time", "name", "text", "seat", "id", "written")
_SIZES = [1 << power for power in reversed(range(_MOST_ROWS.bit_length()))]
_INSERT = {
    (columns, size): f"INSERT INTO messages ({', '.join(_COLUMNS[:columns])}) VALUES "
    + ", ".join([f"({', '.join('?' * columns)})"] * size)
    for columns in (4, 6, 7)
    for size in _SIZES
}


class MessageStore:
    """Writes messages by `connection`, in a transaction of its caller's.

    clock: tells the time that is trusted, in milliseconds since 1970
    is_outdated: the index for searches may have words of old texts
    """

    def __init__(self, connection: sqlite3.Connection, clock: Callable[[], int]) -> None:
        self._connection = connection
        self._clock = clock
        self.is_outdated = False

    def write(self, rows: Sequence[Sent]) -> None:
        """Keep messages."""
        written = self._clock()
        if is_odd(rows[0].time, written) or is_odd(rows[-1].time, written):
            self._insert(
                7, [(s.seq, s.time, s.name.shown, s.text, s.token_hash or None, s.ident, written) for s in rows]
            )
            return
        # Most come from plain peers, and have no token: two columns less are a third of the time.
        self._insert(4, [(sent.seq, sent.time, sent.name.shown, sent.text) for sent in rows if not sent.token_hash])
        self._insert(6, [(s.seq, s.time, s.name.shown, s.text, s.token_hash, s.ident) for s in rows if s.token_hash])

    def _insert(self, columns: int, rows: Sequence[tuple[object, ...]]) -> None:
        begin = 0
        for size in _SIZES:  # a few statements, which are kept prepared, do for all lengths
            while len(rows) - begin >= size:
                values = itertools.chain.from_iterable(rows[begin : begin + size])
                self._connection.execute(_INSERT[columns, size], tuple(values))
                begin += size

    def change(self, seq: int, text: str, time: int) -> None:
        """Give a message another text, if it is kept; the old one is not in the table any more.

        Raises NoMessage if it is deleted.
        """
        row = self._connection.execute("SELECT text FROM messages WHERE seq = ?", (seq,)).fetchone()
        if not row:
            return
        if not row[0]:
            raise NoMessage
        index.change(self._connection, seq, row[0], text)
        self.is_outdated = True
        self._connection.execute("UPDATE messages SET text = ?, changed = ? WHERE seq = ?", (text, time, seq))
