"""A copy of a store, also while a server uses it."""

import contextlib
import math
import os
import sqlite3
import tempfile

from asyncchat.store.file import ERRORS, StoreError, open_to_read, reason
from asyncchat.store.location import shown
from asyncchat.store.search import index
from asyncchat.store.tables import old_texts

_PAGES = 1000
"""Pages that are copied at a time; then Ctrl-C takes effect."""


def back_up(path: str, target: str) -> None:
    """Write all that is in the store at `path` now to the file `target`, which its owner alone can read.

    The copy is one file, and whole; if that can't be, there is none. What is there already stays as it is. Raises
    StoreError.
    """
    _check_free(target)
    if os.path.realpath(target) in {f"{os.path.realpath(path)}-{part}" for part in ("wal", "shm", "journal")}:
        raise StoreError(f"{shown(target)} is a part of the store: write another name for the copy")
    with contextlib.closing(open_to_read(path)) as source:
        try:
            descriptor, unfinished = tempfile.mkstemp(".part", ".asyncchat-backup-", os.path.dirname(target) or ".")
            os.close(descriptor)
            try:
                _copy(source, unfinished)
                _name(unfinished, target)
            finally:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(unfinished)
        except OSError as error:
            why = os.strerror(error.errno or 0).lower()
            raise StoreError(f"can't write the copy {shown(target)}: {why}") from None
        except ERRORS as error:
            raise StoreError(f"can't copy the store {shown(path)} to {shown(target)}: {reason(error)}") from None


def _check_free(target: str) -> None:
    if os.path.lexists(target):
        raise StoreError(f"{shown(target)} is there already: write another name for the copy")


def _copy(source: sqlite3.Connection, path: str) -> None:
    # In one transaction: what a server writes meanwhile would else make SQLite begin anew, again and again.
    source.execute("BEGIN")
    source.execute("SELECT 1 FROM facts").fetchone()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as copy:
        source.backup(copy, pages=_PAGES, progress=lambda *_: None)
        copy.execute("PRAGMA journal_mode = DELETE")  # so that this file is all
        old_texts.overwrite(copy)
        index.forget_all(copy)
        old_texts.remove_copies(copy, math.inf)
        (damage, *_) = copy.execute("PRAGMA quick_check(1)").fetchone()
    if damage != "ok":
        raise StoreError(f"the store is damaged, and so would be the copy: {' '.join(damage.split())}")


def _name(unfinished: str, target: str) -> None:
    try:
        os.link(unfinished, target)  # which never replaces anything
    except OSError:  # it was created meanwhile; or the file system has no links
        _check_free(target)
        os.rename(unfinished, target)
    with contextlib.suppress(OSError):  # Windows
        folder = os.open(os.path.dirname(target) or ".", os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
