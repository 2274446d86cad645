"""What those get who come back: no more than was for them, and nothing by a token that nobody was given."""

import json

import pytest

from asyncchat.chat.queries import LoadResumption
from tests.chat import Bot, Said, a_room, some_sessions
from tests.chat.town import SECRET, Town


def heard(program: Bot) -> list[object]:
    """Return the texts of the messages that have come, and the numbers that are said to be missing."""
    return [
        event["text"] if event["type"] == "message" else (event["from"], event["to"])
        for event in program.hear()
        if event["type"] in ("message", "gap")
    ]


def said(town: Town, last: int) -> None:
    talker = town.guest("talker")
    talker.say(*map(str, range(1, last + 1)))
    talker.say("/exit")


LAST_TEN = [str(number) for number in range(21, 31)]


@pytest.mark.parametrize(
    ("fields", "gap"),
    [
        ({"epoch": "town"}, (1, 20)),
        ({"epoch": "town", "token": "made up"}, (1, 20)),
        ({"epoch": "town", "token": "made up", "after": 7}, (8, 20)),
        ({"epoch": "another", "after": 7}, (1, 20)),
        ({"epoch": "another", "token": "made up"}, (1, 20)),
        ({"epoch": "town", "password": SECRET, "register": True}, (1, 20)),
    ],
)
def test_whose_token_is_not_known_gets_what_a_newcomer_gets_and_is_told(
    town: Town, fields: Said, gap: tuple[int, int]
) -> None:
    said(town, 30)
    assert heard(town.program("alice", **fields)) == [gap, *LAST_TEN]


def test_what_was_seen_does_not_come_again(town: Town) -> None:
    said(town, 30)
    assert heard(town.program("alice", epoch="town", token="made up", after=28)) == ["29", "30"]


def test_a_token_gives_nothing_that_was_said_before_it_was_given() -> None:
    room, seats = a_room(history=1), some_sessions()
    talker = Bot(room, seats)
    talker.hello("talker")
    for number in range(1, 6):
        talker.tell("say", id=number, text=str(number))
    alice = Bot(room, seats)
    token = alice.hello("alice")["token"]
    alice.hang_up()
    for number in range(6, 11):
        talker.tell("say", id=number, text=str(number))
    for _ in range(2):
        again = Bot(room, seats)
        again.hello("alice", token=token, epoch="memory", after=0)
        assert heard(again) == [(1, 4), "5", "6", "7", "8", "9", "10"]
        again.hang_up()


def test_whose_name_is_its_own_gets_all_that_was_missed(town: Town) -> None:
    alice = town.own_program("alice")
    alice.hang_up()
    said(town, 30)
    for fields in ({"password": SECRET}, {"password": SECRET, "token": "made up"}, {"token": alice.token}):
        again = town.program("alice", epoch="town", after=5, **fields)
        assert heard(again) == [str(number) for number in range(6, 31)]
        again.hang_up()


def test_a_token_that_nobody_was_given_is_not_accepted(town: Town) -> None:
    for _ in range(2):
        alice = town.stranger()
        welcome = alice.hello("alice", token="made up", epoch="town")
        assert (welcome["resumed"], welcome["token"] == "made up") == (False, False)
        alice.hang_up()


@pytest.mark.parametrize(
    ("revoking", "answer"), [("/password another password", "error"), (f"/unregister {SECRET}", "welcome")]
)
def test_a_token_that_is_revoked_while_it_is_looked_up_is_not_accepted(town: Town, revoking: str, answer: str) -> None:
    before = town.own_program("alice")
    town = town.started_again()
    alice, back = town.owner("alice"), town.stranger()
    hello = {"type": "hello", "v": 1, "name": "alice", "token": before.token, "epoch": "town"}
    back.session.receive([json.dumps(hello).encode()])
    question = back.session.pending_request
    assert isinstance(question, LoadResumption)
    found = town.look_up(question)
    alice.say(revoking, "/exit")
    back.session.resume(found)
    town.attend(back.session)
    assert back.session.user.account is None
    assert back.hear()[0]["type"] == answer
