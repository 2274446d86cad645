"""The store's file: what is in it, how it comes to be, and what can be wrong with it."""

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from asyncchat.chat.lines import visible
from asyncchat.chat.messages import Sent
from asyncchat.chat.names import Name, NameRefused, prepare
from asyncchat.errors import ChatError

APPLICATION = int.from_bytes(b"acht")
"""Says in a file's header that it is ours (sqlite.org/fileformat2.html, 1.3.18)."""

MIGRATIONS = (
    # A message's `seat` and `id` say from where it came, so that it is known when it is sent again.
    """
    CREATE TABLE facts (name TEXT PRIMARY KEY, value ANY NOT NULL) WITHOUT ROWID, STRICT;
    CREATE TABLE messages (
        seq INTEGER PRIMARY KEY,
        time INTEGER NOT NULL,
        name TEXT NOT NULL,
        text TEXT NOT NULL,
        seat BLOB,
        id INTEGER
    ) STRICT;
    CREATE UNIQUE INDEX sent ON messages (seat, id) WHERE seat IS NOT NULL;
    """,
    # Filled behind the messages, when there is time: the fact `indexed` says how far.
    """
    CREATE VIRTUAL TABLE words USING fts5 (
        text, content = 'messages', content_rowid = 'seq', tokenize = 'unicode61 remove_diacritics 2'
    );
    INSERT INTO facts VALUES ('indexed', 0);
    """,
    # An account's number is never given again: what belonged to one must not become another's. `one` is the smaller of
    # the two numbers; `last` and `time` are those of the last message. How many each has sent, and how many of the
    # other's each has seen, is counted once: nothing may take longer because much waits for somebody.
    """
    CREATE TABLE accounts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        password TEXT NOT NULL,
        role INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE seats (
        key BLOB PRIMARY KEY,
        account INTEGER NOT NULL,
        time INTEGER NOT NULL
    ) WITHOUT ROWID, STRICT;
    CREATE INDEX seats_of ON seats (account, time);
    CREATE TABLE given_up (key TEXT PRIMARY KEY, time INTEGER NOT NULL) WITHOUT ROWID, STRICT;
    CREATE TABLE conversations (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        one INTEGER NOT NULL,
        other INTEGER NOT NULL,
        last INTEGER NOT NULL DEFAULT 0,
        time INTEGER NOT NULL DEFAULT 0,
        one_sent INTEGER NOT NULL DEFAULT 0,
        other_sent INTEGER NOT NULL DEFAULT 0,
        one_seen INTEGER NOT NULL DEFAULT 0,
        other_seen INTEGER NOT NULL DEFAULT 0,
        UNIQUE (one, other)
    ) STRICT;
    CREATE INDEX conversations_of_other ON conversations (other);
    CREATE TABLE private (
        conversation INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        time INTEGER NOT NULL,
        sender INTEGER NOT NULL,
        nth INTEGER NOT NULL,
        text TEXT NOT NULL,
        seat BLOB,
        id INTEGER,
        PRIMARY KEY (conversation, seq)
    ) WITHOUT ROWID, STRICT;
    CREATE UNIQUE INDEX private_of_sender ON private (conversation, sender, nth);
    CREATE UNIQUE INDEX sent_private ON private (seat, id) WHERE seat IS NOT NULL;
    CREATE INDEX private_by_time ON private (time);
    CREATE TABLE sentences (
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        name TEXT NOT NULL,
        address TEXT NOT NULL,
        until INTEGER,
        rank INTEGER NOT NULL,
        PRIMARY KEY (kind, key)
    ) WITHOUT ROWID, STRICT;
    CREATE TABLE audit (
        id INTEGER PRIMARY KEY,
        time INTEGER NOT NULL,
        by TEXT NOT NULL,
        act TEXT NOT NULL,
        what TEXT NOT NULL
    ) STRICT;
    INSERT INTO facts VALUES ('topic', '');
    """,
)
"""What makes a store of version n of one of version n - 1; the version is SQLite's user_version."""

_MAGIC = b"SQLite format 3\0"
_LAST_YEAR = 253402300799999  # the end of the year 9999, in milliseconds


ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""What SQLite raises; the second where a damaged file makes it say something that is no UTF-8."""


class StoreError(ChatError):
    """The store can't be used; the message says which, and why."""


class Keep(NamedTuple):
    """How much is kept: so many messages, or those of so many milliseconds."""

    messages: int | None = None
    milliseconds: int | None = None


def reason(error: Exception) -> str:
    """Return what a person is told of one of the ERRORS."""
    if isinstance(error, UnicodeDecodeError):
        return "the store is damaged"
    match getattr(error, "sqlite_errorname", "").partition("_")[2]:
        case "FULL":
            return "the disk is full"
        case "CORRUPT" | "NOTADB" | "CORRUPT_VTAB" | "CORRUPT_INDEX":
            return "the store is damaged"
        case "READONLY" | "READONLY_DBMOVED":
            return "the store can't be written any more"
        case name if name.startswith("IOERR"):
            return "the disk has an error"
        case _:
            return f"the store can't be used ({error})"


class StoreFile:
    """An open store that nobody else writes: a file of ours, of the newest version.

    Made if there is none yet. Raises StoreError; the file is as it was then.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._lock = self._locked()
        try:
            is_new = _is_new(self._lock, path)
            if not is_new:
                _check(path, "PRAGMA quick_check(1)")
            self.connection = _connect(path, "rw")
            try:
                self._prepare(is_new=is_new)
            except ERRORS as error:
                self.connection.close()
                raise StoreError(f"can't use the store {path}: {reason(error)}") from None
        except BaseException:
            os.close(self._lock)
            raise

    def close(self) -> None:
        """Let others use the file."""
        with contextlib.suppress(sqlite3.Error):
            self.connection.close()
        os.close(self._lock)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep what is written meanwhile all together, or nothing of it. Raises one of the ERRORS."""
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # some errors have rolled it back already
                self.connection.execute("ROLLBACK")
            raise

    def reader(self) -> sqlite3.Connection:
        """Return another connection, to read by. Raises StoreError."""
        return _connect(self.path, "ro")

    def fact(self, name: str) -> str | int:
        """Return what is known by that name."""
        value: str | int
        (value,) = self.connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return value

    def _locked(self) -> int:
        try:
            lock = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"can't open the store {self.path}: {os.strerror(error.errno or 0).lower()}") from None
        # Not with SQLite's own locks, which would keep those out who only read.
        with contextlib.suppress(ImportError):  # Windows
            import fcntl

            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(lock)
                raise StoreError(f"the store {self.path} is in use: another server keeps its chat there") from None
        return lock

    def _prepare(self, *, is_new: bool) -> None:
        if is_new:
            self.connection.execute(f"PRAGMA application_id = {APPLICATION}")
        migrate(self.connection)
        self.connection.execute("PRAGMA journal_mode = WAL")


def migrate(connection: sqlite3.Connection, newest: int = len(MIGRATIONS)) -> None:
    """Make the store one of version `newest`. Raises sqlite3.Error."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    for number in range(version, newest):
        epoch = "INSERT INTO facts VALUES ('epoch', '" + secrets.token_hex(8) + "');" if number == 0 else ""
        try:
            connection.executescript(f"BEGIN; {MIGRATIONS[number]} {epoch} PRAGMA user_version = {number + 1}; COMMIT")
        except ERRORS:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def open_to_read(path: str) -> sqlite3.Connection:
    """Open a store that other processes may be writing. Raises StoreError."""
    # Not for a process that has the store open already: the locks that it has on a file are gone as soon as it closes
    # any of the file's descriptors (fcntl(2)), and others would take its log for nobody's.
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise StoreError(f"can't open the store {path}: {os.strerror(error.errno or 0).lower()}") from None
    try:
        if _is_new(descriptor, path):
            raise StoreError(f"{path} is no store of asyncchat: it is empty")
    finally:
        os.close(descriptor)
    _check(path, "SELECT 'ok' FROM facts")
    return _connect(path, "ro")


def sent(rows: Iterable[tuple[int, int, str, str]]) -> list[Sent]:
    """Return messages from rows of seq, time, name and text, harmless to show whoever wrote them."""
    return [
        Sent(seq, name_of(name), text if text.isprintable() else visible(text), min(max(time, 0), _LAST_YEAR))
        for seq, time, name, text in rows
    ]


def name_of(shown: str) -> Name:
    """Return a name that was kept."""
    try:
        return prepare(shown)
    except NameRefused:  # made by other rules than those of today
        return Name(visible(shown), "")


def _is_new(descriptor: int, path: str) -> bool:
    """Tell whether there is nothing in the file yet. Raises StoreError if it is somebody else's."""
    header = os.pread(descriptor, 100, 0)
    # A file of which SQLite has not written the first page has nothing in it, either.
    if header and not (header.startswith(_MAGIC) and header[68:72] == APPLICATION.to_bytes(4)):
        raise StoreError(f"{path} is no store of asyncchat: it is left as it is")
    return not header


def _check(path: str, query: str) -> None:
    """Look at a store, of which `query` must say that it is ok, without changing anything. Raises StoreError."""
    try:
        with contextlib.closing(_connect(path, "ro")) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > len(MIGRATIONS):
                raise StoreError(f"the store {path} is of a newer asyncchat than this one: it is left as it is")
            (damage, *_) = connection.execute(query).fetchone()
    except ERRORS as error:
        raise StoreError(f"can't use the store {path}: {reason(error)}") from None
    if damage != "ok":
        raise StoreError(f"the store {path} is damaged: {' '.join(damage.split())}")


def _connect(path: str, mode: str) -> sqlite3.Connection:
    address = f"file:{quote(str(Path(path).absolute()))}?mode={mode}"
    try:
        connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False, timeout=10)
    except ERRORS as error:
        raise StoreError(f"can't open the store {path}: {reason(error)}") from None
    connection.text_factory = lambda raw: raw.decode(errors="replace")  # a damaged file may have anything in it
    return connection
