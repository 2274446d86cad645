"""Passwords over a connection on which others can read them."""

import pytest

from asyncchat.sessions.plain import PlainSession
from asyncchat.text.refusals import PlainPassword
from tests.chat import ADDRESS, Peer
from tests.chat.stored_chat import SECRET, StoredChat

REFUSED = f"Server: {PlainPassword()}"


@pytest.mark.parametrize(
    "line", [f"/register alice {SECRET}", f"/auth alice {SECRET}", f"/registration alice {SECRET}", "/auth"]
)
def test_a_password_is_refused_from_other_machines_before_and_after_the_name(chat: StoredChat, line: str) -> None:
    chat.core.plain_passwords = False
    assert chat.connect().say(line) == [REFUSED]
    assert chat.guest("bob").say(line) == [REFUSED]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_password_is_accepted_from_this_machine(chat: StoredChat, address: str) -> None:
    chat.core.plain_passwords = False
    assert chat.owner("alice", address).name == "alice"


def test_a_password_is_accepted_with_tls_and_where_the_operator_allows_it(chat: StoredChat) -> None:
    assert chat.owner("alice").name == "alice"
    chat.core.plain_passwords = False
    peer = Peer()
    session = PlainSession(chat.core, peer, ADDRESS, is_private=True)
    session.receive([f"/auth alice {SECRET}".encode()])
    chat.attend(session)
    assert session.user.account


def test_a_program_with_a_password_is_refused_with_a_code_and_may_come_as_a_guest(chat: StoredChat) -> None:
    chat.core.plain_passwords = False
    program = chat.stranger()
    answer = program.hello("alice", password=SECRET)
    assert (answer["type"], answer["code"]) == ("error", "plain-password")
    assert program.hello("alice")["type"] == "welcome"


def test_the_line_after_a_refused_password_may_be_the_password(chat: StoredChat) -> None:
    chat.core.plain_passwords = False
    bob = chat.guest("bob")
    bob.say("/auth alice")
    assert "may be" in bob.say(SECRET)[0]
