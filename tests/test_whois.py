"""Who somebody is, and bans of those who are gone and of addresses, over real connections."""

import signal
from collections.abc import Iterator

import pytest

from tests.programs import ADMIN, ASK_NAME, SECRET, Nc, ServeProgram


@pytest.fixture
def chat(with_people: str) -> Iterator[ServeProgram]:
    """A group chat in which alice and bob are registered."""
    with ServeProgram("--rate", "0", "--store", with_people) as chat:
        yield chat


def answer(peer: Nc, line: str) -> str:
    peer.send(f"{line}\n")
    return peer.line()


def test_a_guest_who_has_left_and_an_address_are_banned_for_guests_and_accounts_come_in(chat: ServeProgram) -> None:
    with Nc(chat.port) as admin, Nc(chat.port) as alice:
        admin.send(f"/auth admin {ADMIN}\n")
        admin.lines.until("authorized")
        with chat.join("troll") as troll:
            troll.send("/exit\n")
            troll.lines.rest()
        assert answer(admin, "/whois troll").startswith("Server: troll: guest, not online, last seen ")
        assert answer(admin, "/ban troll") == "Server: troll was banned!"
        assert alice.line() == ASK_NAME
        assert answer(alice, "other") == "Server: you are banned!"
        assert answer(admin, "/unban troll") == "Server: troll is no longer banned!"
        assert answer(admin, "/ban 127.0.0.1 1h").startswith("Server: 127.0.0.1 was banned until ")
        assert answer(alice, "other") == "Server: you are banned!"
        assert answer(alice, f"/auth alice {SECRET}") == "Server: you are authorized successfully!"
        assert answer(alice, "/whois admin") == "Server: admin: registered, admin, online"
        said = answer(admin, "/whois alice")
        assert said.startswith("Server: alice: registered, online, since ")
        assert said.endswith(", from 127.0.0.1, plain text")
        assert answer(admin, "/unban 127.0.0.1") == "Server: 127.0.0.1 is no longer banned!"


def test_when_somebody_was_there_last_is_known_after_a_new_start(with_people: str) -> None:
    with ServeProgram("--store", with_people) as chat, Nc(chat.port) as alice:
        alice.send(f"/auth alice {SECRET}\n")
        alice.lines.until("authorized")
        chat.signal(signal.SIGTERM)
        assert chat.wait() == 0
    with ServeProgram("--store", with_people) as chat, chat.join("gus") as gus:
        assert answer(gus, "/whois alice").startswith("Server: alice: registered, not online, last seen 20")
        assert answer(gus, "/whois bob").startswith("Server: bob: registered, not online")
