"""The conversation in a file: SQLite, written by one thread, read by two others."""

import contextlib
from collections.abc import Callable

from asyncchat.log.accounts import Role
from asyncchat.store.archive import Archive
from asyncchat.store.file import ERRORS, Retention, StoreError, StoreFile, reason
from asyncchat.store.journal import SqliteLog
from asyncchat.store.location import shown
from asyncchat.store.people import People
from asyncchat.store.times import open_clock

_LAST_WRITES = 1.0
"""Seconds that the disk gets at the end for what was not even acknowledged."""

__all__ = ["Retention", "Store"]


class Store:
    """The store at `path`, which is made if there is none, and has the last `recent` messages at hand.

    durability: "normal" survives the end of the process, however sudden; "full" also a loss of power
    keep: what to keep; everything by default
    patience: seconds that an answer may take
    admin_password: gets the hash of the admin's password, or None if there is no admin yet; returns that of another
        one, or None to leave it

    trust_clock: believe the system's clock, whatever time it was when the store was used last

    What takes long is asked of `searched`, all else of `archive`. Close it when done. Raises StoreError.
    """

    def __init__(
        self,
        path: str,
        *,
        durability: str,
        keep: Retention,
        recent: int,
        patience: float,
        admin_password: Callable[[str | None], str | None],
        trust_clock: bool = False,
    ) -> None:
        with contextlib.ExitStack() as opened:
            file = StoreFile(path)
            opened.callback(file.close, undo=True)
            self.archive, self.searched = (
                opened.enter_context(contextlib.closing(Archive(file.reader(), patience, file.check_usable)))
                for _ in range(2)
            )
            try:
                self.clock = open_clock(file, keep, trust=trust_clock)
                self.log = SqliteLog(file, durability, keep, recent, self.clock.moment, self.clock.evidence)
                self._load(file, People(file.connection, keep, self.clock.moment), admin_password)
            except ERRORS as error:
                raise StoreError(f"can't use the store {shown(path)}: {reason(error)}") from None
            opened.pop_all()

    def _load(self, file: StoreFile, people: People, admin_password: Callable[[str | None], str | None]) -> None:
        kept = next((account.password for account in people.accounts() if account.role == Role.ADMIN), None)
        if new := admin_password(kept):
            with file.transaction():
                people.set_admin(new)
        self.accounts = people.accounts()
        self.released = people.released()
        self.next_id = people.next_id()
        self.restrictions = people.restrictions()
        self.topic = people.topic()

    def close(self) -> None:
        """Stop what is being read, write what is left, unless that takes too long, and let others use the file."""
        self.archive.close()
        self.searched.close()
        self.log.close(_LAST_WRITES)
