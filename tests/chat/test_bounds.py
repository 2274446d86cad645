"""How much there may be of what comes from outside."""

from typing import Any

import pytest
from hypothesis import given, strategies as st
from precis_i18n import get_profile

from asyncchat.chat.requests.credentials import password
from asyncchat.errors import Refusal
from tests.chat.stored_chat import SECRET, StoredChat

LONGEST = "p" * 128


def test_a_password_may_have_128_characters(chat: StoredChat) -> None:
    assert chat.connect().say(f"/registration alice {LONGEST}")[0] == "Server: you are registered successfully!"
    assert chat.connect().say(f"/auth alice {LONGEST}")[0] == "Server: you are authorized successfully!"


def test_a_longer_password_can_be_nobodys(chat: StoredChat) -> None:
    alice = chat.owner("alice")
    assert alice.say(f"/password {LONGEST}p", f"/unregister {LONGEST}p") == [
        "Server: the password is too long!",
        "Server: incorrect password!",
    ]
    assert chat.connect().say(f"/registration bob {LONGEST}p", f"/auth alice {LONGEST}p") == [
        "Server: the password is too long!",
        "Server: incorrect password!",
    ]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": "bob", "password": f"{LONGEST}p", "register": True}, "long-password"),
        ({"name": "alice", "password": f"{LONGEST}p"}, "incorrect-password"),
        ({"name": "e\u0301" * 65}, "name-refused"),
    ],
)
def test_a_program_is_told_what_is_too_long(chat: StoredChat, fields: dict[str, Any], code: str) -> None:
    chat.owner("alice").say("/exit")
    answer = chat.stranger().hello(**fields)
    assert (answer["type"], answer["code"]) == ("error", code)


def test_an_unknown_type_is_said_back_in_part_and_harmless(chat: StoredChat) -> None:
    stranger = chat.stranger()
    stranger.tell("\x1b\u202e" * 1000)
    (error,) = stranger.hear()
    assert error["code"] == "not-understood"
    assert len(error["text"]) < 500
    assert error["text"].isprintable()


def test_a_password_may_be_typed_with_blanks_around_it(chat: StoredChat) -> None:
    chat.owner("alice").say("/exit")
    assert chat.connect().say(f"/auth alice   {SECRET}  ")[0] == "Server: you are authorized successfully!"


TRICKY = "a0\u0660\u0661\u06f0\u06f1\u0301\u0315e\u3000\u200c\u0644\u05f3\u05d0\u00b7l\U0001f680"


@given(st.text(TRICKY, min_size=8, max_size=40).map(str.strip).filter(lambda raw: len(raw) >= 8))
def test_a_password_is_what_the_profile_makes_of_it(raw: str) -> None:
    try:
        wanted = get_profile("OpaqueString").enforce(raw)
    except UnicodeEncodeError:
        with pytest.raises(Refusal, match="character that no password can have"):
            password(raw)
    else:
        assert password(raw) == wanted
