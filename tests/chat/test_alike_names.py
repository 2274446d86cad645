"""Names that look like those of others: who may come in with one, with a store and without."""

from collections.abc import Callable

import pytest

from tests.chat import Bot, Person, a_room, some_sessions
from tests.chat.stored_chat import SECRET, StoredChat


class Village:
    """A chat without a store."""

    def __init__(self) -> None:
        self.room = a_room()
        self.sessions = some_sessions()
        self.host = self.room.host(self.sessions)

    def connect(self) -> Person:
        person = Person(self.host)
        person.hear()
        return person

    def stranger(self) -> Bot:
        bot = Bot(self.host)
        bot.peer.take()
        return bot


@pytest.fixture(params=["store", "no store"])
def place(request: pytest.FixtureRequest, chat: StoredChat) -> StoredChat | Village:
    return chat if request.param == "store" else Village()


def come(place: StoredChat | Village, name: str) -> Person:
    person = place.connect()
    person.send(f"{name}\n")
    return person


ALIKE = [
    ("alice", "аlice"),  # Cyrillic a
    ("alice", "ALICE_"),
    ("alice", "a1ice"),
    ("Alice", "AIice."),
    ("bob", "b0b"),
    ("modern", "rnodern"),
    ("a-b", "a--b"),
    ("a_b.c", "a__b...c--"),
    ("x_", "x"),
    ("علی\u200cرضا", "علیرضا"),
    ("ක්ෂ", "ක්\u200dෂ"),
    ("gal·la", "gal·la_"),
    ("ВОВ", "bob"),  # Cyrillic
]


@pytest.mark.parametrize(("name", "alike"), [*ALIKE, *((alike, name) for name, alike in ALIKE)])
def test_who_looks_like_somebody_who_is_there_stays_outside(place: StoredChat | Village, name: str, alike: str) -> None:
    come(place, name)
    said = f"this name can't be used: it looks like {name}, which is there already."
    assert come(place, alike).hear() == [f"Server: {said} Choose another one."]
    assert place.stranger().hello(alike) == {"type": "error", "code": "name-refused", "text": said}


@pytest.mark.parametrize("name", ["alicia", "a_lice", "al.ice", "bob", "alice2", "алиса"])
def test_who_only_resembles_somebody_comes_in(place: StoredChat | Village, name: str) -> None:
    come(place, "alice")
    assert come(place, name).name == name


@pytest.mark.parametrize("leave", [lambda one: one.send("/exit\n"), lambda one: one.hang_up()])
def test_when_they_are_gone_it_is_free(place: StoredChat | Village, leave: Callable[[Person], None]) -> None:
    leave(come(place, "alice"))
    assert come(place, "аlice").name == "аlice"


RESERVED = ["Server", "server", "SERVER", "Ｓｅｒｖｅｒ"]
LIKE_RESERVED = {
    "Server": ["Sеrver", "Server.", "server_", "SERVER-", "Ѕerver", "ser\u03bder"],
    "admin": ["аdmin", "admin_", "adrnin", "ADMIN.", "admi\u0307n"],
}


@pytest.mark.parametrize("name", RESERVED)
def test_a_name_of_the_chats_own_is_said_to_be_reserved_and_not_taken(place: StoredChat | Village, name: str) -> None:
    said = "this name can't be used: it is reserved."
    assert come(place, name).hear() == [f"Server: {said} Choose another one."]
    assert place.stranger().hello(name) == {"type": "error", "code": "name-reserved", "text": said}


@pytest.mark.parametrize("name", ["admin", "ADMIN", "ａdmin"])
def test_admin_is_reserved_without_a_store_too(name: str) -> None:
    assert come(Village(), name).hear() == ["Server: this name can't be used: it is reserved. Choose another one."]


@pytest.mark.parametrize(("own", "name"), [(own, name) for own, names in LIKE_RESERVED.items() for name in names])
def test_nobody_looks_like_the_chats_own(place: StoredChat | Village, own: str, name: str) -> None:
    said = f"this name can't be used: it looks like {own}, which is reserved."
    assert come(place, name).hear() == [f"Server: {said} Choose another one."]


def test_nobody_registers_a_name_that_looks_like_somebodys_who_is_there(chat: StoredChat) -> None:
    alice = chat.guest("alice")
    said = "Server: this name can't be used: it looks like alice, which is there already. Choose another one."
    assert chat.connect().say(f"/register аlice {SECRET}") == [said]
    alice.say(f"/register alice_ {SECRET}")
    assert alice.say("/name alice_") == ["Server: you are registered successfully!"]


@pytest.mark.parametrize("name", ["Server", "server"])
def test_a_reserved_name_is_not_registered(chat: StoredChat, name: str) -> None:
    assert chat.connect().say(f"/register {name} {SECRET}") == [
        "Server: this name can't be used: it is reserved. Choose another one."
    ]
    assert chat.stranger().hello(name, password=SECRET, register=True)["code"] == "name-reserved"


# Who was there before is not kept out by who came meanwhile.


def test_who_comes_back_by_a_token_comes_in_though_somebody_alike_is_there(place: StoredChat | Village) -> None:
    alice = place.stranger()
    token = alice.hello("alice")["token"]
    alice.hang_up()
    come(place, "аlice")
    assert place.stranger().hello("alice", token=token)["resumed"] is True


def test_a_token_is_good_for_the_name_that_it_was_for(place: StoredChat | Village) -> None:
    bob = place.stranger()
    token = bob.hello("bob")["token"]
    bob.hang_up()
    come(place, "alice")
    assert place.stranger().hello("аlice", token=token)["code"] == "name-refused"


def test_who_shows_a_password_comes_in_though_somebody_alike_is_there(chat: StoredChat) -> None:
    guest = chat.program("аlice")
    guest.hang_up()
    chat.owner("alice").say("/exit")
    assert chat.stranger().hello("аlice", token=guest.token)["type"] == "welcome"
    assert chat.connect().say(f"/auth alice {SECRET}") == ["Server: you are authorized successfully!"]
    assert chat.stranger().hello("alice", password=SECRET)["type"] == "welcome"
