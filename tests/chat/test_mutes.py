"""How text of somebody who is muted, or banned, could still reach others."""

import json
from collections.abc import Callable

import pytest

from asyncchat.log.accounts import Role
from tests.chat.stored_chat import SECRET, Json, Plain, StoredChat

MUTED = "Server: you are muted!"


@pytest.fixture
def restriction(chat: StoredChat) -> Callable[[str], list[str]]:
    """Return what lets the admin say something about somebody."""
    admin = chat.owner("admin", role=Role.ADMIN)
    return lambda line: admin.say(line)


Sentence = Callable[[str], list[str]]


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.REGISTERED])
def test_a_muted_moderator_sets_no_topic(chat: StoredChat, restriction: Sentence, role: Role) -> None:
    mo, watcher = chat.owner("mo", role=role), chat.program("watcher")
    restriction("/mute mo")
    watcher.hear()
    refused = MUTED if role == Role.MODERATOR else "Server: you are not a moderator or an admin!"
    assert mo.say("/topic look here", "/topic") == [refused, "Server: there is no topic"]
    assert watcher.hear() == []
    restriction("/unmute mo")
    mo.session.user.account.role = Role.MODERATOR  # type: ignore[union-attr]
    assert mo.say("/topic look here") == ["Server: the topic is: look here"]


def test_a_muted_program_sets_no_topic(chat: StoredChat, restriction: Sentence) -> None:
    mo = chat.own_program("mo")
    assert mo.session.user.account
    mo.session.user.account.role = Role.MODERATOR
    restriction("/mute mo")
    (refused,) = mo.say("/topic look here")
    assert (refused["type"], refused["code"]) == ("refused", "muted")


@pytest.mark.parametrize("line", [f"/auth alice {SECRET}", "/name second"])
@pytest.mark.parametrize("begin", [StoredChat.guest, StoredChat.program])
def test_whoever_is_muted_while_a_password_is_compared_takes_no_other_name(
    chat: StoredChat, restriction: Sentence, line: str, begin: Callable[[StoredChat, str], Plain | Json]
) -> None:
    chat.owner("alice").say("/exit")
    eve = begin(chat, "eve")
    eve.say(f"/register second {SECRET}")
    eve.hear()
    sent = line if isinstance(eve, Plain) else json.dumps({"type": "say", "id": 9, "text": line})
    eve.session.receive([sent.encode()])
    restriction("/mute eve")
    chat.attend(eve.session)
    assert eve.name == "eve"
    assert "you are muted!" in str(eve.hear()[-1])


@pytest.mark.parametrize("gone", [True, False], ids=["gone", "there"])
@pytest.mark.parametrize(
    "fields", [{}, {"password": SECRET}, {"password": SECRET, "register": True}], ids=["guest", "owner", "new owner"]
)
def test_a_mute_is_not_left_behind_by_coming_back_under_another_name(
    chat: StoredChat, restriction: Sentence, fields: dict[str, object], *, gone: bool
) -> None:
    name = "alice" if fields == {"password": SECRET} else "another"
    if name == "alice":
        chat.owner("alice").say("/exit")
    eve = chat.program("eve")
    restriction("/mute eve")
    if gone:
        eve.hang_up()
    back = chat.stranger()
    back.tell("hello", v=1, name=name, token=eve.token, epoch="chat", **fields)
    assert [event["code"] for event in back.hear()] == ["muted"]
    back.tell("hello", v=1, name="eve", token=eve.token, epoch="chat")
    assert back.hear("welcome")
    assert back.say("hello")[0]["code"] == "muted"


def test_a_ban_is_not_left_behind_by_coming_back_from_elsewhere_under_another_name(
    chat: StoredChat, restriction: Sentence
) -> None:
    eve = chat.program("eve")
    restriction("/ban eve")
    back = Json(chat, "198.51.100.7")
    back.peer.take()
    assert back.hello("another", token=eve.token, epoch="chat")["code"] == "banned"


def test_a_registered_name_takes_its_mute_along_after_a_new_start(chat: StoredChat, restriction: Sentence) -> None:
    eve = chat.own_program("eve")
    restriction("/mute eve")
    back = chat.started_again().stranger()
    assert back.hello("another", token=eve.token, epoch="chat")["code"] == "muted"


def test_under_the_name_that_one_took_since_no_mute_holds_that_another_has(
    chat: StoredChat, restriction: Sentence
) -> None:
    eve = chat.program("eve")
    eve.say(f"/register eva {SECRET}")
    eve.say("/name eva")
    eve.hang_up()
    chat.guest("eve")
    restriction("/mute eve")
    assert chat.program("guest2", token=eve.token, epoch="chat").name == "guest2"


@pytest.mark.parametrize("conversation", [{}, {"conversation": ""}, {"conversation": None}])
@pytest.mark.parametrize("text", ["hello", "//hello"])
def test_nothing_that_a_muted_program_says_to_all_is_heard(
    chat: StoredChat, restriction: Sentence, conversation: dict[str, object], text: str
) -> None:
    bob, watcher = chat.own_program("bob"), chat.program("watcher")
    restriction("/mute bob")
    watcher.hear()
    bob.say(text, **conversation)
    assert watcher.hear() == []


def test_somebody_who_is_muted_may_write_to_one_alone(chat: StoredChat, restriction: Sentence) -> None:
    bob, alice = chat.own_program("bob"), chat.own_program("alice")
    restriction("/mute bob")
    assert bob.say("please", conversation="alice")[0]["type"] == "ack"
    assert alice.hear("unread")
