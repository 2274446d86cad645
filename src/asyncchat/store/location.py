"""Where a store is: what its path leads to, the files beside it, and whether they are still there."""

import errno
import os
import stat
import time
from urllib.parse import quote

from asyncchat.errors import ChatError
from asyncchat.text.sanitize import sanitize


class StoreError(ChatError):
    """The store can't be used; the message says which, and why."""


def shown(path: str) -> str:
    """Return a path as it is shown to people: one line, whatever bytes are in it."""
    return sanitize(os.fsencode(path).decode(errors="backslashreplace"))


def open_file(path: str, *, to_write: bool) -> tuple[int, bool]:
    """Open a store's file, or make it if it is to be written and there is none; return whether it was made, too.

    Whatever else has that path is left alone, and not waited for. Raises StoreError.
    """
    try:
        try:
            kind = stat.S_IFMT(os.stat(path).st_mode)
        except FileNotFoundError:
            if os.path.islink(path):
                leads_to = shown(os.readlink(path))
                raise StoreError(
                    f"can't open the store {shown(path)}: it leads to {leads_to}, where nothing is"
                ) from None
            if not to_write:
                raise
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), True
        if kind == stat.S_IFDIR:
            raise IsADirectoryError(errno.EISDIR, "")
        if kind != stat.S_IFREG:
            raise StoreError(f"can't open the store {shown(path)}: it is not a regular file")
        return os.open(path, os.O_RDWR if to_write else os.O_RDONLY), False
    except OSError as error:
        why = os.strerror(error.errno or 0).lower()
    except ValueError:
        why = "no path can have a NUL in it"
    raise StoreError(f"can't open the store {shown(path)}: {why}")


def address(path: str, how: str) -> str:
    """Return the URI by which SQLite opens a file, whatever bytes are in its path (sqlite.org/uri.html)."""
    return f"file:{quote(os.fsencode(os.path.abspath(path)))}?{how}"


def how_to_read(path: str) -> str:
    """Return how a store can be read that others may be writing. Raises StoreError if there is no way.

    To read, SQLite needs the log and its index beside the file, and makes them if they are not there. Where it can't,
    no process writes the store: so the file may be read as one that does not change, if there is no log.
    """
    real = os.path.realpath(path)
    log, index = f"{real}-wal", f"{real}-shm"
    if os.access(os.path.dirname(real), os.W_OK) or (os.path.exists(log) and os.path.exists(index)):
        return "mode=ro"
    if os.path.exists(log) and os.path.getsize(log):
        raise StoreError(
            f"can't read the store {shown(path)}: its folder can't be written, and {shown(log)} has something that is "
            "not in it yet. Copy both to a folder that can be written."
        )
    return "mode=ro&immutable=1"


class Files:
    """The files of an open store, as they are now. Raises StoreError if they can't be opened."""

    def __init__(self, path: str) -> None:
        real = os.path.realpath(path)
        self._log, self._index = f"{real}-wal", f"{real}-shm"
        # The path itself, not what it leads to now: a link that leads elsewhere is another store at the next start.
        beside = [name for name in (self._log, self._index) if os.path.exists(name)]
        self._identities = {name: _identity(name) for name in (path, *beside)}
        self._opened_log, _ = open_file(self._log, to_write=False)  # SQLite has no locks on it
        self.note_log()

    def close(self) -> None:
        """Close what is open."""
        os.close(self._opened_log)

    def missing(self) -> str | None:
        """Return the path of a file that was deleted or replaced, if there is one."""
        return next((name for name, identity in self._identities.items() if _identity(name) != identity), None)

    def note_log(self) -> None:
        """Remember how long the log is: after each time that it is written, or brought into the file."""
        self._log_size = os.lseek(self._opened_log, 0, os.SEEK_END)

    def has_whole_log(self) -> bool:
        """Tell whether the log is as long as it was."""
        return os.lseek(self._opened_log, 0, os.SEEK_END) >= self._log_size

    def set_log_aside(self) -> str | None:
        """Rename the log, so that SQLite does not find it; return where it is now, if it is not empty."""
        for name in (self._index, self._log):
            if _identity(name) != self._identities.get(name):
                return None  # they are those of the other program
        aside = f"{self._log}-{time.strftime('%Y%m%dT%H%M%S')}"
        try:
            os.unlink(self._index)
            if not os.path.getsize(self._log):
                return None
            os.rename(self._log, aside)
        except OSError:
            return None
        return aside


def _identity(path: str) -> tuple[int, int] | None:
    # No descriptor: to close one would end SQLite's locks on the file (fcntl(2)).
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
