"""Work on a store that can wait: the index for searches, and deleting what need not be kept any more."""

import contextlib
import time
from collections.abc import Callable

from asyncchat.store.file import ERRORS, Retention, StoreFile
from asyncchat.store.search import index
from asyncchat.store.tables.entries import EntryStore
from asyncchat.store.times import keep_time
from asyncchat.system.clock import Evidence

REST = 0.02
"""Seconds without anything to commit, after which any such work is done."""

FEW = 400
"""Fewer messages than these are not deleted while others are being written."""

FEW_IN_INDEX = 5000
"""Fewer messages than these are not indexed meanwhile: a search finds them quickly without the index."""

PIECE = 0.005
"""Seconds of CPU that a piece of work shall take: too few to delay a message noticeably."""

LARGEST = 20_000
"""Messages in a piece of work, at most: they are held in memory."""

INDEX_SHARE = 0.03
"""The part of the time that the index gets while there is no rest."""

FORGET_PAGES = 64
"""Pages of the index that are written in one piece of the work of removing outdated words."""

MOST_ARREARS = 1_000_000
"""Messages that may be missing in the index; with more, INDEX_SHARE does not hold."""

AFTER_FAILURE = 1.0
"""Seconds until it is tried again, if it failed."""

LOOK_FOR_AGED = 1.0
"""Seconds between two searches for messages that are too old."""

COMPLETE_AFTER = 1.0
"""Seconds without anything to write, after which the file itself is brought up to date: a copy of it has all of it."""

LAST_WORK = 0.5
"""Seconds for such work at the end: less than the log has to write what is left."""

NOTE_TIME = 3600.0
"""Seconds until the time is stored again."""

LOOKED_AT = 100_000
"""Messages that are examined in one such search."""


_Work = Callable[[int], int]
"""Processes a number of messages at most, and returns how many that were."""


class Upkeep:
    """Work on the store `file` that can wait, in pieces.

    It is not left to the moments in which nothing is written, for these may never come: a piece of what is to be
    deleted comes after every few messages that are written, and is larger than these; the index has a share of the
    time.

    last: the number of the last message in the store; the log sets it
    """

    def __init__(
        self,
        file: StoreFile,
        entries: EntryStore,
        keep: Retention,
        clock: Callable[[], int],
        last: int,
        evidence: Callable[[], Evidence] | None,
    ) -> None:
        self._file = file
        self._do = file.connection.execute
        self._private_messages = entries.private_messages
        self._rooms = entries.rooms
        self._messages = entries.messages
        self._messages.is_outdated = index.is_outdated(file.connection)
        self._keep = keep
        self._clock = clock
        self._evidence = evidence
        self.last = last
        (first,) = self._do("SELECT min(seq) FROM messages").fetchone()
        self._deleted: int = first - 1 if first else last
        if index.has_other_rules(file.connection):
            with file.transaction():
                index.empty(file.connection)
        self._indexed = max(int(file.fact("indexed")), self._deleted)
        self._aged = self._deleted
        self._aged_private: int | None = None
        self._aged_in_rooms: int | None = None
        self._swept: int | None = None if keep.messages is None else 0
        self._is_forgetting = False
        self._sizes: dict[_Work, int] = {}
        self._next_look = 0.0
        self._next_note = 0.0
        self._is_complete = False
        self._next_index = 0.0
        self._next_try = 0.0

    def pause(self) -> float:
        """Return for how many seconds nothing must have been written before there is something to do."""
        if self._next_work(1, 1):
            return max(REST, self._next_try - time.monotonic())
        return COMPLETE_AFTER

    def at_rest(self) -> None:
        """Do a piece of what there is, since there is time."""
        self._look()
        if work := self._next_work(1, 1):
            self._do_a_piece(work, 0)
        elif not self._is_complete:
            with contextlib.suppress(*ERRORS):
                self._is_complete = self._file.checkpoint()

    def between(self, written: int) -> None:
        """Do a piece of what should not wait any longer, after so many messages were written."""
        self._is_complete = False
        self._look()
        now = time.monotonic()
        if not (work := self._next_work(FEW, FEW_IN_INDEX)) or now < self._next_try:
            return
        if work == self._index and now < self._next_index and self.last - self._indexed < MOST_ARREARS:
            return
        self._do_a_piece(work, 2 * written)

    def finish(self) -> None:
        """Do what should not wait for the next start: no words of old texts are left in the index, if there is time."""
        self.note_the_time()
        enough = time.monotonic() + LAST_WORK
        with contextlib.suppress(*ERRORS):
            while self._messages.is_outdated and time.monotonic() < enough:
                self._forget(0)

    def note_the_time(self) -> None:
        """Store what is known of the time: at the next start it can't be earlier."""
        self._next_note = time.monotonic() + NOTE_TIME
        if self._evidence:
            with contextlib.suppress(*ERRORS), self._file.transaction():
                keep_time(self._do, self._evidence())
            self._is_complete = False

    def _next_work(self, few: int, few_in_index: int) -> _Work | None:
        """Return the most urgent work that is about so many messages at least, to be deleted or indexed."""
        if self._obsolete() - self._deleted >= few:
            return self._delete
        if self._aged_private is not None or self._swept is not None:
            return self._delete_private
        if self._aged_in_rooms is not None:
            return self._delete_in_rooms
        if self.last - self._indexed >= few_in_index:
            return self._index
        return self._forget if few == 1 and self._messages.is_outdated else None

    def _do_a_piece(self, work: _Work, least: int) -> None:
        begun = time.thread_time()  # to wait for the disk, or for the interpreter's lock, is no work
        try:
            done = work(max(self._sizes.get(work, FEW), least))
        except ERRORS:  # if there is no room, those who post hear of it
            self._next_try = time.monotonic() + AFTER_FAILURE
            return
        self._is_complete = False
        took = time.thread_time() - begun
        if work == self._index:
            self._next_index = time.monotonic() + took / INDEX_SHARE
        if done >= FEW:
            self._sizes[work] = min(max(int(done * PIECE / max(took, 1e-6)), FEW), LARGEST)

    def _obsolete(self) -> int:
        """Return the number of the last message that is not to be kept."""
        return self._aged if self._keep.messages is None else self.last - self._keep.messages

    def _look(self) -> None:
        """Check from time to time whether the files are there, and which messages are too old."""
        self._file.look()
        if time.monotonic() >= self._next_note:
            self.note_the_time()
        if self._keep.milliseconds is None or time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + LOOK_FOR_AGED
        limit = self._clock() - self._keep.milliseconds
        try:
            # A message that is behind one that is not too old is not, either, whatever its own time is.
            (first,) = self._do(
                "SELECT min(seq) FROM (SELECT seq, ifnull(written, time) AS age FROM messages WHERE seq > ?"
                " ORDER BY seq LIMIT ?) WHERE age >= ?",
                (self._aged, LOOKED_AT, limit),
            ).fetchone()
            self._aged = first - 1 if first else min(self._aged + LOOKED_AT, self.last)
            if self._private_messages.has_aged(limit):
                self._aged_private = limit
            if self._rooms.has_aged(limit):
                self._aged_in_rooms = limit
        except ERRORS:
            pass  # it is looked for again

    def _delete(self, most: int) -> int:
        last = min(self._deleted + most, self._obsolete())
        with self._file.transaction():
            index.remove(self._file.connection, min(last, self._indexed))
            self._do("DELETE FROM messages WHERE seq <= ?", (last,))
            self._do("INSERT OR REPLACE INTO facts VALUES ('deleted', ?)", (last,))
        done, self._deleted = last - self._deleted, last
        self._indexed = max(self._indexed, last)
        return done

    def _delete_private(self, most: int) -> int:
        if self._aged_private is not None:
            with self._file.transaction():
                deleted = self._private_messages.delete_aged(self._aged_private, most)
            if deleted < most:
                self._aged_private = None
            return deleted
        assert self._swept is not None
        with self._file.transaction():
            deleted, swept = self._private_messages.delete_surplus(self._swept, most)
        self._swept = swept
        return deleted

    def _delete_in_rooms(self, most: int) -> int:
        assert self._aged_in_rooms is not None
        with self._file.transaction():
            deleted = self._rooms.delete_aged(self._aged_in_rooms, most)
        if deleted < most:
            self._aged_in_rooms = None
        return deleted

    def _forget(self, _: int) -> int:
        connection = self._file.connection
        with self._file.transaction():
            is_done = index.forget(connection, FORGET_PAGES, begins=not self._is_forgetting)
        self._is_forgetting = self._messages.is_outdated = not is_done
        return 0

    def _index(self, most: int) -> int:
        last = min(self._indexed + most, self.last)
        with self._file.transaction():
            last = index.add(self._file.connection, self._indexed, last)
        done, self._indexed = last - self._indexed, last
        return done
