"""How it is noticed that another program has written into the store's file."""

import os
import secrets
import sqlite3

_SIGNATURE = 24
"""Bytes at the begin of a file that SQLite does not change (sqlite.org/fileformat2.html, 1.3)."""

_PAGES = slice(28, 32)
"""Where it says how many pages the file has."""


class Mark:
    """A random value that is written into the store again and again, and that each copy of an earlier state lacks.

    It does not compare times: `touch` changes nothing, and a copy may have any time. SQLite changes the file itself
    only when it brings the log into it, in whichever process; each time it does, there is a new value. So the file
    has either the newest one, or, while that is in the log only, the one before.

    file: a descriptor of the store's file; each other one that is closed ends SQLite's locks on it (fcntl(2))
    connection: one that writes the store
    """

    def __init__(self, file: int, connection: sqlite3.Connection) -> None:
        self._file = file
        self._do = connection.execute
        (self._page_size,) = self._do("PRAGMA page_size").fetchone()
        (root,) = self._do("SELECT rootpage FROM sqlite_master WHERE name = 'facts'").fetchone()
        self._facts = (root - 1) * self._page_size  # a few rows, so this page is all of the table
        self._signature = os.pread(file, _SIGNATURE, 0)
        # Each copy of this store has the epoch, so it says less; it holds until the first log is in the file.
        facts = dict(self._do("SELECT name, value FROM facts WHERE name IN ('epoch', 'mark')"))
        self._in_file: bytes = facts["epoch"].encode()
        self._newest: bytes = facts.get("mark", facts["epoch"]).encode()
        self._size = 0
        self._seen = b""
        self.is_there()

    def is_there(self) -> bool:
        """Tell whether the file is as SQLite has left it. Not in all of it: only its first pages are read."""
        size = os.lseek(self._file, 0, os.SEEK_END)  # several times as fast as fstat, before each commit
        data = os.pread(self._file, self._facts + self._page_size, 0)
        if size < self._size:
            return False
        if data != self._seen:
            if not data.startswith(self._signature):
                return False
            if data.find(self._newest, self._facts) >= 0:
                self._in_file = self._newest
            elif data.find(self._in_file, self._facts) < 0:
                return False
            self._size = min(size, int.from_bytes(data[_PAGES]) * self._page_size)
            self._seen = data
        return True

    @property
    def is_newest(self) -> bool:
        """Whether the newest value was found in the file."""
        return self._newest == self._in_file

    def renew(self) -> bytes:
        """Write another value, in a transaction, if `is_there` has found the newest one; return the newest."""
        if not self.is_newest:
            return self._newest
        mark = secrets.token_hex(8)
        self._do("INSERT OR REPLACE INTO facts VALUES ('mark', ?)", (mark,))
        return mark.encode()

    def keep(self, mark: bytes) -> None:
        """Expect what `renew` returned, now that it is committed."""
        self._newest = mark
