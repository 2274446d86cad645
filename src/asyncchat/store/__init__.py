"""The conversation in a file: SQLite, written by one thread, read by another."""

import contextlib
import time

from asyncchat.store.archive import Archive
from asyncchat.store.file import StoreFile
from asyncchat.store.journal import Keep, SqliteJournal

_LAST_WRITES = 1.0
"""Seconds that the disk gets at the end for what was not even acknowledged."""

__all__ = ["Keep", "Store"]


class Store:
    """The store at `path`, which is made if there is none, and has the last `recent` messages at hand.

    durability: "normal" survives the end of the process, however sudden; "full" also a loss of power
    keep: what to keep; everything by default

    Close it when done. Raises StoreError.
    """

    def __init__(self, path: str, *, durability: str, keep: Keep, recent: int) -> None:
        with contextlib.ExitStack() as opened:
            file = opened.enter_context(contextlib.closing(StoreFile(path)))
            self.archive = opened.enter_context(contextlib.closing(Archive(file.reader())))
            self.journal = SqliteJournal(file, durability, keep, recent, lambda: time.time_ns() // 1_000_000)
            opened.pop_all()

    def close(self) -> None:
        """Write what is left, unless that takes too long, and let others use the file."""
        self.archive.close()
        self.journal.close(_LAST_WRITES)
