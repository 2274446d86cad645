"""What those get who come back: no more than was for them, and nothing by a token that nobody was given."""

import json

import pytest

from asyncchat.chat.requests.queries import LoadResumption
from tests.chat import Bot, Said, a_room, some_sessions
from tests.chat.stored_chat import SECRET, StoredChat


def heard(program: Bot) -> list[object]:
    """Return the texts of the messages that have come, and the numbers that are said to be missing."""
    return [
        event["text"] if event["type"] == "message" else (event["from"], event["to"])
        for event in program.hear()
        if event["type"] in ("message", "gap")
    ]


def said(chat: StoredChat, last: int) -> None:
    talker = chat.guest("talker")
    talker.say(*map(str, range(1, last + 1)))
    talker.say("/exit")


LAST_TEN = [str(number) for number in range(21, 31)]


@pytest.mark.parametrize(
    ("fields", "gap"),
    [
        ({"epoch": "chat"}, (1, 20)),
        ({"epoch": "chat", "token": "made up"}, (1, 20)),
        ({"epoch": "chat", "token": "made up", "after": 7}, (8, 20)),
        ({"epoch": "another", "after": 7}, (1, 20)),
        ({"epoch": "another", "token": "made up"}, (1, 20)),
        ({"epoch": "chat", "password": SECRET, "register": True}, (1, 20)),
    ],
)
def test_whose_token_is_not_known_gets_what_a_newcomer_gets_and_is_told(
    chat: StoredChat, fields: Said, gap: tuple[int, int]
) -> None:
    said(chat, 30)
    assert heard(chat.program("alice", **fields)) == [gap, *LAST_TEN]


def test_what_was_seen_does_not_come_again(chat: StoredChat) -> None:
    said(chat, 30)
    assert heard(chat.program("alice", epoch="chat", token="made up", after=28)) == ["29", "30"]


def test_a_token_gives_nothing_that_was_said_before_it_was_given() -> None:
    room, sessions = a_room(history=1), some_sessions()
    talker = Bot(room, sessions)
    talker.hello("talker")
    for number in range(1, 6):
        talker.tell("say", id=number, text=str(number))
    alice = Bot(room, sessions)
    token = alice.hello("alice")["token"]
    alice.hang_up()
    for number in range(6, 11):
        talker.tell("say", id=number, text=str(number))
    for _ in range(2):
        again = Bot(room, sessions)
        again.hello("alice", token=token, epoch="memory", after=0)
        assert heard(again) == [(1, 4), "5", "6", "7", "8", "9", "10"]
        again.hang_up()


def test_whose_name_is_its_own_gets_all_that_was_missed(chat: StoredChat) -> None:
    alice = chat.own_program("alice")
    alice.hang_up()
    said(chat, 30)
    for fields in ({"password": SECRET}, {"password": SECRET, "token": "made up"}, {"token": alice.token}):
        again = chat.program("alice", epoch="chat", after=5, **fields)
        assert heard(again) == [str(number) for number in range(6, 31)]
        again.hang_up()


def test_a_token_that_nobody_was_given_is_not_accepted(chat: StoredChat) -> None:
    for _ in range(2):
        alice = chat.stranger()
        welcome = alice.hello("alice", token="made up", epoch="chat")
        assert (welcome["resumed"], welcome["token"] == "made up") == (False, False)
        alice.hang_up()


@pytest.mark.parametrize(
    ("revoking", "answer"), [("/password another password", "error"), (f"/unregister {SECRET}", "welcome")]
)
def test_a_token_that_is_revoked_while_it_is_looked_up_is_not_accepted(
    chat: StoredChat, revoking: str, answer: str
) -> None:
    before = chat.own_program("alice")
    chat = chat.started_again()
    alice, back = chat.owner("alice"), chat.stranger()
    hello = {"type": "hello", "v": 1, "name": "alice", "token": before.token, "epoch": "chat"}
    back.session.receive([json.dumps(hello).encode()])
    question = back.session.pending_request
    assert isinstance(question, LoadResumption)
    found = chat.look_up(question)
    alice.say(revoking, "/exit")
    back.session.resume(found)
    chat.attend(back.session)
    assert back.session.user.account is None
    assert back.hear()[0]["type"] == answer
