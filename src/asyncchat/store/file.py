"""The store's file: how it is opened, and what can be wrong with it."""

import contextlib
import logging
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from asyncchat.log.room_events import Sent
from asyncchat.store.database import DatabaseError
from asyncchat.store.location import Files, StoreError as StoreError, address, how_to_read, open_file, shown
from asyncchat.store.mark import Mark
from asyncchat.store.schema import APPLICATION, MIGRATIONS, migrate
from asyncchat.store.tables import old_texts
from asyncchat.text.sanitize import sanitize, sanitize_lines
from asyncchat.text.usernames import Name, find_name

_MAGIC = b"SQLite format 3\0"
_LAST_YEAR = 253402300799999  # the end of the year 9999, in milliseconds

_PATIENCE = 10
"""Seconds that SQLite waits for another process that uses the file."""

LAST_WORK = 1.0
"""Seconds in which old texts are removed at the end."""

LOOK_FOR_FILES = 0.5
"""Seconds from one look to the next, whether the files are where they were."""

log = logging.getLogger(__name__)


class InUse(StoreError):
    """Another process has the store, and writes it."""


class Moved(Exception):
    """The store's file, or one of those beside it, is not where it was."""


class GivenUp(Exception):
    """The store is not used any more by this process; the text is the reason."""


ERRORS = (sqlite3.Error, UnicodeDecodeError, Moved, GivenUp, DatabaseError)
"""What SQLite raises (UnicodeDecodeError: for a damaged file, with a text that is no UTF-8), and what is found here."""

_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_CORRUPT_INDEX", "SQLITE_NOTADB")
"""Errors that SQLite finds in the file itself: not in the index for searches, which can be made again."""


class Retention(NamedTuple):
    """How much is kept: a number of messages, or those of a number of milliseconds; None: all."""

    messages: int | None = None
    milliseconds: int | None = None


def reason(error: Exception) -> str:
    """Return the reason that people are told for one of the ERRORS."""
    if isinstance(error, UnicodeDecodeError):
        return "the store is damaged"
    if isinstance(error, Moved):
        return "the store's file is gone"
    if isinstance(error, GivenUp | DatabaseError):
        return str(error)
    match getattr(error, "sqlite_errorname", "").partition("_")[2]:
        case "FULL":
            return "the disk is full"
        case "CORRUPT" | "NOTADB" | "CORRUPT_VTAB" | "CORRUPT_INDEX":
            return "the store is damaged"
        case "READONLY" | "READONLY_DBMOVED":
            return "the store can't be written any more"
        case name if name.startswith("IOERR"):
            return "the disk has an error"
        case "INTERRUPT":
            return "it takes too long"
        case _:
            return f"the store can't be used ({error})"


class StoreFile:
    """An open store, of the newest version, that no other process writes.

    It is created if there is none. Raises StoreError; the file is unchanged then.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._lock, self._is_made = _locked(path)
        with contextlib.ExitStack() as opened:
            opened.callback(self._let_go, undo=True)
            is_new = _is_new(self._lock, path)
            if not is_new:
                _check(path, "PRAGMA quick_check(1)", "mode=ro")
            self.connection = opened.enter_context(contextlib.closing(_connect(path, "mode=rw")))
            try:
                self._prepare(is_new=is_new)
                self._mark = Mark(self._lock, self.connection)
            except ERRORS as error:
                raise StoreError(f"can't use the store {shown(path)}: {reason(error)}") from None
            self._reader = opened.enter_context(contextlib.closing(self.reader()))
            self._files = Files(path)
            opened.pop_all()
        self._missing: str | None = None
        self._given_up = ""
        self._next_look = 0.0

    def close(self, *, undo: bool = False) -> None:
        """Release the file; `undo`: delete it if it was created."""
        with contextlib.suppress(*ERRORS):
            self._check()
            if not self._missing:
                old_texts.remove_copies(self.connection, LAST_WORK)
        # The last connection that is closed brings the log into the file, unless it may only read.
        first, last = self._reader, self.connection
        if self._given_up:
            first, last = last, first
        for connection in (first, last):
            with contextlib.suppress(sqlite3.Error):
                connection.close()
        self._files.close()
        self._let_go(undo=undo)

    def _let_go(self, *, undo: bool) -> None:
        if undo and self._is_made:
            with contextlib.suppress(OSError):
                os.unlink(self.path)
        os.close(self._lock)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep all that is written meanwhile, or nothing of it. Raises one of the ERRORS."""
        self.look()
        self.check_there()
        try:
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._check()
                mark = self._mark.renew()
                self.connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # some errors have rolled it back already
                    self.connection.execute("ROLLBACK")
                raise
        except (sqlite3.Error, UnicodeDecodeError) as error:
            self._check()  # what was written into the file may be the cause
            if getattr(error, "sqlite_errorname", "") in _DAMAGED:
                self._give_up(reason(error), f"{shown(self.path)} is damaged")
            raise
        self._mark.keep(mark)
        self._files.note_log()
        self._check()  # now that SQLite may have brought the log into the file

    @property
    def is_there(self) -> bool:
        """Whether the files are where they were, and are used by this process alone, as far as is known."""
        return not (self._missing or self._given_up)

    def check_there(self) -> None:
        """Raise Moved or GivenUp if the files are gone, or must not be used any more."""
        if self._missing:
            raise Moved
        self.check_usable()

    def check_usable(self) -> None:
        """Raise GivenUp if the store must not be used any more."""
        if self._given_up:
            raise GivenUp(self._given_up)

    def _check(self, *, is_complete: bool = False) -> None:
        """See whether another program has written into the file or its log. Raises GivenUp.

        is_complete: SQLite has just brought all of the log into the file
        """
        self.check_usable()
        # In this order: any SQLite that makes the log shorter has brought it into the file before.
        is_whole = self._files.has_whole_log()
        if not (self._mark.is_there() and ((is_whole and not is_complete) or self._mark.is_newest)):
            what = f"another program has written into {shown(self.path)}"
            # Or else the next one to open the file would bring the log into it.
            if aside := self._files.set_log_aside():
                what += f" (the log that belonged to it is {shown(aside)} now)"
            self._give_up("the store's file was overwritten", what)
            self.check_usable()

    def _give_up(self, why: str, what: str) -> None:
        self._given_up = why
        log.error(
            "%s: nothing is written there or read from there any more. Stop the server, put the right file there, and "
            "start it again",
            what,
        )

    def look(self) -> None:
        """See from time to time whether the files are where they were, and as they were left.

        Without this, writes to a deleted file would succeed, and be lost.
        """
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + LOOK_FOR_FILES
        try:
            self._check()
        except GivenUp:
            return
        before, self._missing = self._missing, self._files.missing()
        if self._missing and not before:
            with contextlib.suppress(sqlite3.Error, GivenUp):
                self.checkpoint()  # a copy of the file alone is complete then
            log.error(
                "%s was deleted, moved or replaced: nothing can be posted until it is back, or the server is started "
                "again",
                shown(self._missing),
            )
        elif before and not self._missing:
            log.warning("%s is back: the chat goes on", shown(before))

    def checkpoint(self) -> bool:
        """Write the log into the file itself, without waiting for readers; tell whether that is complete.

        Raises sqlite3.Error and GivenUp.
        """
        self._check()
        # https://sqlite.org/pragma.html#pragma_wal_checkpoint
        self.connection.execute("PRAGMA busy_timeout = 0")
        try:
            (is_busy, _, _) = self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            self.connection.execute(f"PRAGMA busy_timeout = {1000 * _PATIENCE}")
            self._files.note_log()
        self._check(is_complete=not is_busy)
        return not is_busy

    def reader(self) -> sqlite3.Connection:
        """Return another connection, to read by. Raises StoreError."""
        connection = _connect(self.path, "mode=ro")
        try:
            connection.execute("SELECT 1 FROM facts").fetchone()  # now it has all files that it needs, whatever comes
        except ERRORS as error:
            connection.close()
            raise StoreError(f"can't read the store {shown(self.path)}: {reason(error)}") from None
        return connection

    def fact(self, name: str) -> str | int:
        """Return the value of the fact with this name."""
        value: str | int
        (value,) = self.connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return value

    def _prepare(self, *, is_new: bool) -> None:
        if is_new:
            self.connection.execute(f"PRAGMA application_id = {APPLICATION}")
        old_texts.overwrite(self.connection)
        migrate(self.connection)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.fact("epoch")  # to read it needs the files beside it, which are there from now on


def _locked(path: str) -> tuple[int, bool]:
    lock, is_made = open_file(path, to_write=True)
    # Not with SQLite's own locks, which would keep those out who only read.
    with contextlib.suppress(ImportError):  # Windows
        import fcntl

        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise InUse(f"the store {shown(path)} is in use: another server keeps its chat there") from None
    return lock, is_made


def open_to_read(path: str) -> sqlite3.Connection:
    """Open a store that other processes may be writing. Raises StoreError."""
    # Not for a process that has the store open already: the locks that it has on a file are gone as soon as it closes
    # any of the file's descriptors (fcntl(2)), and other processes would take its log for abandoned.
    descriptor, _ = open_file(path, to_write=False)
    try:
        if _is_new(descriptor, path):
            raise StoreError(f"{shown(path)} is no store of asyncchat: it is empty")
    finally:
        os.close(descriptor)
    how = how_to_read(path)
    _check(path, "SELECT 'ok' FROM facts", how)
    return _connect(path, how)


Row = tuple[int, int, str, str] | tuple[int, int, str, str, int | None]
"""Number, time, name and text of a message, and when it was changed."""


def sent(rows: Iterable[Row]) -> list[Sent]:
    """Return messages from rows, without control characters, whatever wrote them."""
    return [
        Sent(
            seq,
            name_of(name),
            sanitize_lines(text),
            min(max(time, 0), _LAST_YEAR),
            changed=(changed[0] or 0) if changed else 0,
        )
        for seq, time, name, text, *changed in rows
    ]


def name_of(shown: str) -> Name:
    """Return a name from the store."""
    return find_name(shown) or Name(sanitize(shown), "")  # which other rules than those of today have accepted


def _is_new(descriptor: int, path: str) -> bool:
    """Tell whether there is nothing in the file yet. Raises StoreError if it is no store."""
    try:
        header = os.pread(descriptor, 100, 0)
    except OSError as error:
        raise StoreError(f"can't read the store {shown(path)}: {os.strerror(error.errno or 0).lower()}") from None
    # A file of which SQLite has not written the first page has nothing in it, either.
    if header and not (header.startswith(_MAGIC) and header[68:72] == APPLICATION.to_bytes(4)):
        raise StoreError(f"{shown(path)} is no store of asyncchat: it is left as it is")
    return not header


def _check(path: str, query: str, how: str) -> None:
    """Check a store with a `query` that must return ok, without changing anything. Raises StoreError."""
    try:
        with contextlib.closing(_connect(path, how)) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > len(MIGRATIONS):
                raise StoreError(f"the store {shown(path)} is of a newer asyncchat than this one: it is left as it is")
            (damage, *_) = connection.execute(query).fetchone()
    except ERRORS as error:
        raise StoreError(f"can't use the store {shown(path)}: {reason(error)}") from None
    if damage != "ok":
        raise StoreError(f"the store {shown(path)} is damaged: {' '.join(damage.split())}")


def _connect(path: str, how: str) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(
            address(path, how), uri=True, isolation_level=None, check_same_thread=False, timeout=_PATIENCE
        )
    except ERRORS as error:
        raise StoreError(f"can't open the store {shown(path)}: {reason(error)}") from None
    connection.text_factory = lambda raw: raw.decode(errors="replace")  # a damaged file may have anything in it
    return connection
