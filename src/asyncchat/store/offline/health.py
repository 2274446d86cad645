"""Whether a store is whole, and whether a server uses it; nothing is changed."""

import contextlib
import os

from asyncchat.store.file import ERRORS, StoreError, open_to_read, reason
from asyncchat.store.location import open_file, shown


def examine(path: str) -> bool:
    """Check that the store at `path` is whole; return whether a server uses it. Raises StoreError."""
    with contextlib.closing(open_to_read(path)) as connection:
        try:
            (damage, *_) = connection.execute("PRAGMA quick_check(1)").fetchone()
        except ERRORS as error:
            raise StoreError(f"can't read the store {shown(path)}: {reason(error)}") from None
    if damage != "ok":
        raise StoreError(f"the store {shown(path)} is damaged: {' '.join(damage.split())}")
    return _is_locked(path)


def _is_locked(path: str) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows
        return False
    descriptor, _ = open_file(path, to_write=False)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
