"""A chat with a store, for sessions: what they ask is answered at once, by the store itself, and without hashing."""

import contextlib
import itertools
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from asyncchat.chat.core import ChatCore
from asyncchat.chat.requests.credentials import ChangePassword, CheckPassword, RegisterAccount, Unregister
from asyncchat.chat.requests.pause import Pause
from asyncchat.chat.requests.queries import (
    AuditLog,
    Conversations,
    CountMessages,
    FindMessage,
    History,
    LoadPlaces,
    LoadResumption,
    Passage,
    Search,
    Unread,
    UnreadCounts,
)
from asyncchat.errors import Refusal
from asyncchat.log.accounts import Accounts, Role
from asyncchat.log.entries import (
    KEPT_NOWHERE,
    AnyEntry,
    CreateAccount,
    DeleteAccount,
    Entry,
    Logged,
    OpenConversation,
    PrivateHistory,
    StorePassword,
    StoreToken,
)
from asyncchat.log.log import Kept
from asyncchat.log.pipeline import Pipeline
from asyncchat.log.requests import Request
from asyncchat.log.restrictions import Restrictions
from asyncchat.log.room_events import Sent
from asyncchat.log.state import ChatState
from asyncchat.sessions.session import Session
from asyncchat.store.archive import Archive
from asyncchat.store.file import Retention
from asyncchat.store.postgres.archive import PgArchive
from asyncchat.store.schema import migrate
from asyncchat.store.tables.entries import EntryStore, Tables
from asyncchat.text.refusals import NotKept, WrongPassword
from tests.chat import ADDRESS, Bot, Person, a_pipeline, some_sessions

SECRET = "correct horse"

NOON = 1_763_847_600_000
"""What the clock says at first."""


class StoredLog:
    """Keeps everything at once, in a store.

    is_broken: nothing
    is_forgetful: no messages
    is_slow: later, with `keep`
    """

    is_archive = True
    epoch = "chat"
    seq = 0
    recent: Sequence[Sent] = ()

    def __init__(self, entries: Tables) -> None:
        self._entries = entries
        self.is_broken = self.is_slow = self.is_forgetful = False
        self._waiting: list[tuple[Sequence[Logged], Kept]] = []

    def append(self, batch: Sequence[Logged], kept: Kept) -> None:
        if self.is_slow and not all(isinstance(entry, KEPT_NOWHERE) for entry in batch):
            self._waiting.append((batch, kept))
        else:
            kept([None if isinstance(entry, KEPT_NOWHERE) else self.write(entry) for entry in batch])

    def keep(self) -> None:
        """Keep what waits, and be slow no more."""
        self.is_slow = False
        while self._waiting:
            self.append(*self._waiting.pop())

    def write(self, entry: Logged) -> object:
        """Keep an entry, and return its result, or why it is refused."""
        if self.is_broken:
            return NotKept("the disk is full")
        if isinstance(entry, Sent):
            if not self.is_forgetful:
                (self._entries.rooms if entry.room else self._entries.messages).write([entry])
            return None
        try:
            return self._entries.write(entry)
        except Refusal as refusal:
            return refusal


class StoredChat:
    """A chat with a store: everything but the network.

    time: what the clock says, in milliseconds
    seconds: what the clock says that is never set
    is_broken: nothing can be written
    while_paused: is called when a command has paused
    """

    def __init__(self, connection: Any, *, needs_account: bool = False) -> None:
        self.time = NOON
        self.while_paused: Callable[[], object] = lambda: None
        self.seconds = 0.0
        self._connection = connection
        self._archive = self._open_archive(connection)
        entries = self._open_tables(connection)
        self.log = self._open_log(entries)
        self.resumable = some_sessions()
        self.pipeline = a_pipeline(
            self.log,
            kind=self._pipeline_type,
            clock=self._clock,
            accounts=Accounts(entries.accounts.all(), entries.accounts.released(), entries.accounts.next_id()),
            restrictions=Restrictions(entries.moderation.restrictions()),
            topic=entries.moderation.topic(),
            others=entries.rooms.load(1000),
            invites=entries.moderation.invites(),
        )
        self.core = ChatCore(
            self.pipeline, self.resumable, self._clock, monotonic=lambda: self.seconds, needs_account=needs_account
        )

    _pipeline_type: Callable[[ChatState, Any, Callable[[], object], Callable[[], int]], Pipeline] = Pipeline

    def _open_archive(self, connection: Any) -> Archive | PgArchive:
        return Archive(connection)

    def _open_tables(self, connection: Any) -> Tables:
        return EntryStore(connection, Retention(), self._clock)

    def _open_log(self, entries: Tables) -> StoredLog:
        return StoredLog(entries)

    @property
    def is_broken(self) -> bool:
        """Whether nothing can be written."""
        return self.log.is_broken

    @is_broken.setter
    def is_broken(self, is_broken: bool) -> None:
        self.log.is_broken = is_broken

    def started_again(self) -> "StoredChat":
        """Return what there is after the server was started again."""
        return StoredChat(self._connection)

    def _clock(self) -> int:
        return self.time

    def attend(self, session: Session) -> None:
        """Answer what `session` asks, until it asks nothing more."""
        self.pipeline.commit()
        while (question := session.pending_request) is not None:
            self.answer(session, question)
            if session.pending_request is question:
                break  # it is on its way to the log
        self.pipeline.commit()

    def answer(self, session: Session, question: Request[Any]) -> None:
        """Answer one question."""
        match question:
            case (
                History()
                | Search()
                | FindMessage()
                | LoadPlaces()
                | LoadResumption()
                | CountMessages()
                | UnreadCounts()
                | Passage()
                | Conversations()
                | Unread()
                | AuditLog()
            ):
                if self.is_broken:
                    session.throw(NotKept("the disk has an error"))
                else:
                    session.resume(self.look_up(question))
            case RegisterAccount(name, password, token_hash):
                self._keep(session, CreateAccount(name, str(password), token_hash, self.time, session.user.network))
                assert self.core.accounts
                self.core.accounts.release(name.key)
            case CheckPassword(account, password, token_hash):
                if account.password != password:
                    session.throw(WrongPassword())
                elif token_hash:
                    self._keep(session, StoreToken(account.id, account.password, token_hash, self.time))
                else:
                    session.resume(None)
            case ChangePassword(account, password, token_hash):
                self._keep(session, StorePassword(account.id, str(password), token_hash))
            case Unregister(account, password):
                if account.password == password:
                    self._keep(session, DeleteAccount(account.id, self.time))
                else:
                    session.throw(WrongPassword())
            case Pause():
                self.while_paused()
                session.resume(None)
            case Entry():
                self.pipeline.commit()
            case _ if self.is_broken:
                session.throw(NotKept("the disk has an error"))
            case _:
                session.resume(self.look_up(question))

    def _keep(self, session: Session, entry: AnyEntry) -> None:
        def applied(outcome: object) -> None:
            if isinstance(outcome, Refusal):
                session.throw(outcome)
            else:
                session.resume(outcome)

        self.pipeline.propose(entry, applied)
        self.pipeline.commit()

    def look_up(self, question: Request[Any]) -> object:
        """Return what the store has to say."""
        return self._archive.answer(question)

    def look_up_message(self, seq: int, room: str) -> str:
        """Return the text of a message of a room, as it is stored."""
        found = self.look_up(FindMessage(seq, room))
        return found.text if isinstance(found, Sent) else ""

    def look_up_rooms(self, name: str) -> object:
        """Return the rooms that a registered user follows, and what was read there."""
        account = self.core.require_accounts().find(name)
        assert account
        return self.look_up(LoadPlaces(account))

    def said_between(self, one: str, other: str) -> list[tuple[str, str]]:
        """Return who has said what in a private conversation, from its beginning."""
        assert self.core.accounts
        who, to = self.core.accounts.find(one), self.core.accounts.find(other)
        assert who
        assert to
        said = self.log.write(OpenConversation(who.id, to.id, after=0))
        assert isinstance(said, PrivateHistory)
        return [(sent.name.shown, sent.text) for sent in said.new]

    # Who is there.

    def connect(self, address: str = ADDRESS) -> "Plain":
        """Return somebody with nc who has no name yet."""
        person = Plain(self, address)
        person.hear()
        return person

    def guest(self, name: str, address: str = ADDRESS) -> "Plain":
        """Return somebody with nc whose name is nobody's."""
        person = self.connect(address)
        person.send(f"{name}\n")
        person.hear()
        return person

    def owner(self, name: str, address: str = ADDRESS, role: Role = Role.REGISTERED) -> "Plain":
        """Return somebody with nc whose name is registered, and is so now if it was not."""
        person = self.connect(address)
        person.send(f"/register {name} {SECRET}\n/auth {name} {SECRET}\n")
        person.hear()
        assert person.session.user.account
        person.session.user.account.role = role
        return person

    def stranger(self, address: str = ADDRESS) -> "Json":
        """Return a program that has not said who it is."""
        stranger = Json(self, address)
        stranger.peer.take()
        return stranger

    def program(self, name: str, **fields: object) -> "Json":
        """Return a program that is in, as a guest or with what else it says."""
        program = self.stranger()
        welcome = program.hello(name, **fields)
        assert welcome["type"] == "welcome", welcome
        program.token = welcome["token"]
        return program

    def own_program(self, name: str) -> "Json":
        """Return a program whose name is registered; it has heard all so far."""
        program = self.program(name, password=SECRET, register=True)
        program.hear()
        return program


class Plain(Person):
    """Somebody with nc."""

    def __init__(self, chat: StoredChat, address: str) -> None:
        super().__init__(chat.core, address=address)
        self._chat = chat

    def _answered(self) -> bool:
        self._chat.attend(self.session)
        return self.session.pending_request is None

    def say(self, *lines: str) -> list[str]:
        """Send lines, and return what is heard after that."""
        self.hear()
        self.send("".join(f"{line}\n" for line in lines))
        return self.hear()


class Json(Bot):
    """A program that speaks JSON."""

    def __init__(self, chat: StoredChat, address: str) -> None:
        super().__init__(chat.core, address=address)
        self._chat = chat
        self._idents = itertools.count(1)
        self.token = ""

    def _answered(self) -> bool:
        self._chat.attend(self.session)
        return self.session.pending_request is None

    def say(self, text: str, **fields: object) -> list[dict[str, object]]:
        """Say something, and return what is heard after that."""
        self.hear()
        self.tell("say", id=next(self._idents), text=text, **fields)
        return self.hear()


@cache
def _empty_store() -> sqlite3.Connection:
    """Return a store to be copied: to make one takes longer than most tests."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    return connection


@contextmanager
def stored_chat(*, needs_account: bool = False) -> Iterator[StoredChat]:
    """Open a chat whose store is in memory."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        _empty_store().backup(connection)
        yield StoredChat(connection, needs_account=needs_account)
