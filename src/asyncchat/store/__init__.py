"""The conversation in a file: SQLite, written by one thread, read by two others."""

import contextlib
from collections.abc import Callable

from asyncchat.log.accounts import Role
from asyncchat.log.state import Member
from asyncchat.store.archive import Archive
from asyncchat.store.file import ERRORS, Retention, StoreError, StoreFile, reason
from asyncchat.store.journal import SqliteLog
from asyncchat.store.location import shown
from asyncchat.store.tables.entries import EntryStore
from asyncchat.store.times import open_clock

_LAST_WRITES = 1.0
"""Seconds that the disk gets at the end for entries that are not acknowledged yet."""

__all__ = ["Retention", "Store"]


class Store:
    """The store at `path`, which is created if there is none; the last `recent` messages are read at once.

    durability: "normal" survives the end of the process, however sudden; "full" also a loss of power
    keep: what to keep; everything by default
    patience: seconds that an answer may take
    admin_password: gets the hash of the admin's password, or None if there is no admin yet; returns the hash of a new
        password, or None to leave it as it is
    trust_clock: believe the system's clock, whatever time it was when the store was used last

    Searches go to `searched`, all other queries to `archive`. Close it when done. Raises StoreError.
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
                self._load(file, EntryStore(file.connection, keep, self.clock.moment), admin_password, recent)
            except ERRORS as error:
                raise StoreError(f"can't use the store {shown(path)}: {reason(error)}") from None
            opened.pop_all()

    def _load(
        self, file: StoreFile, entries: EntryStore, admin_password: Callable[[str | None], str | None], recent: int
    ) -> None:
        accounts, moderation = entries.accounts, entries.moderation
        kept = next((account.password for account in accounts.all() if account.role == Role.ADMIN), None)
        if new := admin_password(kept):
            with file.transaction():
                accounts.set_admin(new)
        self.accounts = accounts.all()
        self.released = accounts.released()
        self.next_id = accounts.next_id()
        self.restrictions = moderation.restrictions()
        self.topic = moderation.topic()
        self.invites, self.last_invite = moderation.invites(), 0
        self.members: list[Member] = []  # nobody is connected yet
        with file.transaction():
            self.rooms = entries.rooms.load(recent)

    def close(self) -> None:
        """Stop the queries, write what is left, unless that takes too long, and release the file."""
        self.archive.close()
        self.searched.close()
        self.log.close(_LAST_WRITES)
