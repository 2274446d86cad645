"""A chat with a store, for sessions: what they ask is answered at once, by the store itself, and without hashing."""

import contextlib
import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from asyncchat.chat.accounts import Accounts
from asyncchat.chat.archive import Audit, Count, History, Recall, Search, Unread
from asyncchat.chat.changes import (
    Authorize,
    ChangePassword,
    Conversation,
    Gone,
    NewAccount,
    NewPassword,
    Register,
    Seated,
    Turn,
    Unregister,
)
from asyncchat.chat.commands import Who
from asyncchat.chat.host import Host
from asyncchat.chat.order import Order
from asyncchat.chat.refusal import NotKept, Refusal, WrongPassword
from asyncchat.chat.requests import Change, Request
from asyncchat.chat.room import MemoryJournal
from asyncchat.chat.session import Session
from asyncchat.store.archive import Archive
from asyncchat.store.file import Keep
from asyncchat.store.people import People
from asyncchat.store.schema import migrate
from tests.chat import ADDRESS, Bot, Person, a_room, some_seats

SECRET = "correct horse"


class _Stored(MemoryJournal):
    is_archive = True


class Town:
    """Everything but the network: `time` is what the clock says, `is_broken` that nothing can be written."""

    def __init__(self, connection: sqlite3.Connection, *, needs_account: bool = False) -> None:
        self.time = 1_763_847_600_000
        self.is_broken = False
        self._connection = connection
        self._archive = Archive(connection)
        self._people = People(connection, Keep(), self._clock)
        self.seats = some_seats()
        self.room = a_room(_Stored("town"), clock=self._clock)
        self.host = Host(
            self.room,
            self.seats,
            self._clock,
            accounts=Accounts(self._people.accounts(), self._people.given_up()),
            order=Order(self._people.sentences()),
            topic=self._people.topic(),
            keep=self.write,
            needs_account=needs_account,
        )

    def started_again(self) -> "Town":
        """Return what there is after the server was started again."""
        return Town(self._connection)

    def _clock(self) -> int:
        return self.time

    def attend(self, session: Session) -> None:
        """Answer what `session` asks, until it asks nothing more."""
        while (question := session.asked) is not None:
            self.answer(session, question)
        self.room.commit()

    def answer(self, session: Session, question: Request[Any]) -> None:
        """Answer one question."""
        match question:
            case History() | Search() | Recall() | Count() | Unread() | Audit():
                if self.is_broken:
                    session.fail(NotKept("the disk has an error"))
                else:
                    session.answer(self.look_up(question))
            case Register(name, password, seat):
                self._settle(session, NewAccount(name, password, seat))
                assert self.host.accounts
                self.host.accounts.release(name.key)
            case Authorize(account, password, seat):
                if account.password == password:
                    self._settle(session, Seated(account, account.password, seat))
                else:
                    session.fail(WrongPassword())
            case ChangePassword(account, password, seat):
                self._settle(session, NewPassword(account, password, seat))
            case Unregister(account, password):
                if account.password == password:
                    self._settle(session, Gone(account))
                else:
                    session.fail(WrongPassword())
            case Change():
                self._settle(session, question)

    def _settle(self, session: Session, change: Change[Any]) -> None:
        answer = NotKept("the disk is full") if self.is_broken else self.write(change)
        self.host.settled(change, answer)
        if isinstance(answer, Refusal):
            session.fail(answer)
        else:
            session.answer(answer)

    def look_up(self, question: Request[Any]) -> object:
        """Return what the store has to say."""
        return self._archive.answer(question)

    def write(self, change: Change[Any]) -> object:
        """Keep something, and return the answer, or why it is refused."""
        try:
            return self._people.write(change)
        except Refusal as refusal:
            return refusal

    def said_between(self, one: str, other: str) -> list[tuple[str, str]]:
        """Return who has said what in a private conversation, from its beginning."""
        assert self.host.accounts
        who, to = self.host.accounts.find(one), self.host.accounts.find(other)
        assert who
        assert to
        said = self._people.write(Turn(who, to, after=0))
        assert isinstance(said, Conversation)
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

    def owner(self, name: str, address: str = ADDRESS, role: Who = Who.REGISTERED) -> "Plain":
        """Return somebody with nc whose name is registered, and is so now if it was not."""
        person = self.connect(address)
        person.send(f"/register {name} {SECRET}\n/auth {name} {SECRET}\n")
        person.hear()
        assert person.session.account
        person.session.account.role = role
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

    def __init__(self, town: Town, address: str) -> None:
        super().__init__(town.room, host=town.host, address=address)
        self._town = town

    def _answered(self) -> bool:
        self._town.attend(self.session)
        return True

    def say(self, *lines: str) -> list[str]:
        """Send lines, and return what is heard after that."""
        self.hear()
        self.send("".join(f"{line}\n" for line in lines))
        return self.hear()


class Json(Bot):
    """A program that speaks JSON."""

    def __init__(self, town: Town, address: str) -> None:
        super().__init__(town.room, town.seats, host=town.host, address=address)
        self._town = town
        self._idents = itertools.count(1)
        self.token = ""

    def _answered(self) -> bool:
        self._town.attend(self.session)
        return True

    def say(self, text: str, **fields: object) -> list[dict[str, object]]:
        """Say something, and return what is heard after that."""
        self.hear()
        self.tell("say", id=next(self._idents), text=text, **fields)
        return self.hear()


@contextmanager
def a_town(*, needs_account: bool = False) -> Iterator[Town]:
    """Open a town; its store is in memory."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        yield Town(connection, needs_account=needs_account)
