"""How text of somebody who is muted, or banned, could still reach others."""

import json
from collections.abc import Callable

import pytest

from asyncchat.log.accounts import Role
from tests.chat.town import SECRET, Json, Plain, Town

MUTED = "Server: you are muted!"


@pytest.fixture
def restriction(town: Town) -> Callable[[str], list[str]]:
    """Return what lets the admin say something about somebody."""
    admin = town.owner("admin", role=Role.ADMIN)
    return lambda line: admin.say(line)


Sentence = Callable[[str], list[str]]


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.REGISTERED])
def test_a_muted_moderator_sets_no_topic(town: Town, restriction: Sentence, role: Role) -> None:
    mo, watcher = town.owner("mo", role=role), town.program("watcher")
    restriction("/mute mo")
    watcher.hear()
    refused = MUTED if role == Role.MODERATOR else "Server: you are not a moderator or an admin!"
    assert mo.say("/topic look here", "/topic") == [refused, "Server: there is no topic"]
    assert watcher.hear() == []
    restriction("/unmute mo")
    mo.session.user.account.role = Role.MODERATOR  # type: ignore[union-attr]
    assert mo.say("/topic look here") == ["Server: the topic is: look here"]


def test_a_muted_program_sets_no_topic(town: Town, restriction: Sentence) -> None:
    mo = town.own_program("mo")
    assert mo.session.user.account
    mo.session.user.account.role = Role.MODERATOR
    restriction("/mute mo")
    (refused,) = mo.say("/topic look here")
    assert (refused["type"], refused["code"]) == ("refused", "muted")


@pytest.mark.parametrize("line", [f"/auth alice {SECRET}", "/name second"])
@pytest.mark.parametrize("begin", [Town.guest, Town.program])
def test_whoever_is_muted_while_a_password_is_compared_takes_no_other_name(
    town: Town, restriction: Sentence, line: str, begin: Callable[[Town, str], Plain | Json]
) -> None:
    town.owner("alice").say("/exit")
    eve = begin(town, "eve")
    eve.say(f"/register second {SECRET}")
    eve.hear()
    sent = line if isinstance(eve, Plain) else json.dumps({"type": "say", "id": 9, "text": line})
    eve.session.receive([sent.encode()])
    restriction("/mute eve")
    town.attend(eve.session)
    assert eve.name == "eve"
    assert "you are muted!" in str(eve.hear()[-1])


@pytest.mark.parametrize("gone", [True, False], ids=["gone", "there"])
@pytest.mark.parametrize(
    "fields", [{}, {"password": SECRET}, {"password": SECRET, "register": True}], ids=["guest", "owner", "new owner"]
)
def test_a_mute_is_not_left_behind_by_coming_back_under_another_name(
    town: Town, restriction: Sentence, fields: dict[str, object], *, gone: bool
) -> None:
    name = "alice" if fields == {"password": SECRET} else "another"
    if name == "alice":
        town.owner("alice").say("/exit")
    eve = town.program("eve")
    restriction("/mute eve")
    if gone:
        eve.hang_up()
    back = town.stranger()
    back.tell("hello", v=1, name=name, token=eve.token, epoch="town", **fields)
    assert [event["code"] for event in back.hear()] == ["muted"]
    back.tell("hello", v=1, name="eve", token=eve.token, epoch="town")
    assert back.hear("welcome")
    assert back.say("hello")[0]["code"] == "muted"


def test_a_ban_is_not_left_behind_by_coming_back_from_elsewhere_under_another_name(
    town: Town, restriction: Sentence
) -> None:
    eve = town.program("eve")
    restriction("/ban eve")
    back = Json(town, "198.51.100.7")
    back.peer.take()
    assert back.hello("another", token=eve.token, epoch="town")["code"] == "banned"


def test_a_registered_name_takes_its_mute_along_after_a_new_start(town: Town, restriction: Sentence) -> None:
    eve = town.own_program("eve")
    restriction("/mute eve")
    back = town.started_again().stranger()
    assert back.hello("another", token=eve.token, epoch="town")["code"] == "muted"


def test_under_the_name_that_one_took_since_no_mute_holds_that_another_has(town: Town, restriction: Sentence) -> None:
    eve = town.program("eve")
    eve.say(f"/register eva {SECRET}")
    eve.say("/name eva")
    eve.hang_up()
    town.guest("eve")
    restriction("/mute eve")
    assert town.program("guest2", token=eve.token, epoch="town").name == "guest2"


@pytest.mark.parametrize("conversation", [{}, {"conversation": ""}, {"conversation": None}])
@pytest.mark.parametrize("text", ["hello", "//hello"])
def test_nothing_that_a_muted_program_says_to_all_is_heard(
    town: Town, restriction: Sentence, conversation: dict[str, object], text: str
) -> None:
    bob, watcher = town.own_program("bob"), town.program("watcher")
    restriction("/mute bob")
    watcher.hear()
    bob.say(text, **conversation)
    assert watcher.hear() == []


def test_somebody_who_is_muted_may_write_to_one_alone(town: Town, restriction: Sentence) -> None:
    bob, alice = town.own_program("bob"), town.own_program("alice")
    restriction("/mute bob")
    assert bob.say("please", conversation="alice")[0]["type"] == "ack"
    assert alice.hear("unread")
