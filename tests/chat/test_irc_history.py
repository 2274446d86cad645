"""CHATHISTORY. The numbers are those of docs/irc.md."""

import time
from collections.abc import Sequence

import pytest

from asyncchat.log.room_events import timestamp
from asyncchat.text.irc import answers
from tests.chat import a_room
from tests.chat.irc_people import Irc, S, command, irc, owner, timeless
from tests.chat.stored_chat import StoredChat

CAPABILITIES = ("batch", "server-time", "message-tags", "draft/chathistory", "labeled-response")


def texts_of(lines: Sequence[str]) -> list[str]:
    return [line.rpartition(" :")[2] for line in lines if command(line) == "PRIVMSG"]


def asked(person: Irc, *params: str) -> list[str]:
    return texts_of(person.say(f"CHATHISTORY {' '.join(params)}"))


def test_check_27_the_latest_come_in_a_batch(chat: StoredChat) -> None:
    alice, bob = irc(chat, "alice", *CAPABILITIES), chat.guest("bob")
    bob.say(*[f"message {number}" for number in range(1, 9)])
    live = alice.hear()[-1]
    first, *lines, last = alice.say("CHATHISTORY LATEST #lobby * 5")
    assert timeless(first) == f":{S} BATCH +history chathistory #lobby"
    assert timeless(last) == f":{S} BATCH -history"
    assert texts_of(lines) == [f"message {number}" for number in range(4, 9)]
    assert lines[-1] == f"@batch=history;{live[1:]}"
    labelled = alice.say("@label=x CHATHISTORY LATEST #lobby * 5")
    assert timeless(labelled[0]) == f"@label=x {timeless(first)}"
    assert labelled[1:] == [*lines, last]


def test_an_empty_room_has_an_empty_batch(chat: StoredChat) -> None:
    alice = owner(chat, "alice", *CAPABILITIES)
    owner(chat, "bob").say("QUIT")
    for question in ("LATEST #lobby * 5", "LATEST bob * 5", "BEFORE bob timestamp=2026-01-01T00:00:00Z 5"):
        assert [command(line) for line in alice.say(f"CHATHISTORY {question}")] == ["BATCH", "BATCH"]


def test_messages_are_found_by_number_and_time(chat: StoredChat) -> None:
    alice = irc(chat, "alice", *CAPABILITIES)
    bob = chat.guest("bob")
    begin = chat.time
    for number in range(1, 61):
        chat.time += 1000
        bob.say(str(number))

    def at(number: int) -> str:
        return f"timestamp={timestamp(begin + number * 1000)}"

    for ten, twenty in (("msgid=chat-10", "msgid=chat-20"), (at(10), at(20))):
        assert asked(alice, "BEFORE", "#lobby", ten, "3") == ["7", "8", "9"]
        assert asked(alice, "AFTER", "#lobby", ten, "3") == ["11", "12", "13"]
        assert asked(alice, "AROUND", "#lobby", ten, "3") == ["9", "10", "11"]
        assert asked(alice, "BETWEEN", "#lobby", ten, twenty, "3") == ["11", "12", "13"]
        assert asked(alice, "BETWEEN", "#lobby", twenty, ten, "3") == ["17", "18", "19"]
        assert asked(alice, "LATEST", "#lobby", ten, "3") == ["58", "59", "60"]
    assert asked(alice, "LATEST", "#lobby", "msgid=chat-58", "25") == ["59", "60"]
    assert asked(alice, "AFTER", "#lobby", "msgid=other-58", "2") == ["1", "2"]
    assert asked(alice, "AFTER", "#lobby", "msgid=chat-60", "2") == []
    assert len(asked(alice, "LATEST", "#lobby", "*", "1000")) == 25
    assert asked(alice, "LATEST", "#lobby", "*", "0") == []
    chat.core.room.last.clear()  # as after a start of the server with another --replay
    assert asked(alice, "BEFORE", "#lobby", at(10), "3") == ["7", "8", "9"]


def test_private_messages_have_a_history(chat: StoredChat) -> None:
    alice, bob = owner(chat, "alice", *CAPABILITIES), owner(chat, "bob")
    alice.say("PRIVMSG bob :one")
    bob.say("PRIVMSG alice :two")
    said = alice.say("CHATHISTORY LATEST bob * 5")
    assert [line.partition(" ")[2] for line in said[1:-1]] == [
        ":alice!u@alice PRIVMSG bob :one",
        ":bob!u@bob PRIVMSG alice :two",
    ]
    assert asked(alice, "AFTER", "bob", "msgid=chat-1-@1-2", "5") == ["two"]
    assert asked(alice, "BEFORE", "bob", "timestamp=2100-01-01T00:00:00.000Z", "5") == ["one", "two"]


def test_what_can_not_be_asked(chat: StoredChat) -> None:
    alice = irc(chat, "alice", *CAPABILITIES)
    for question, code in {
        "LATEST #nowhere * 5": "INVALID_TARGET",
        "LATEST bob * 5": "INVALID_TARGET",
        "LATEST #lobby x 5": "INVALID_PARAMS",
        "LATEST #lobby msgid=x 5": "INVALID_PARAMS",
        "LATEST #lobby timestamp=x 5": "INVALID_PARAMS",
        "LATEST #lobby * x": "INVALID_PARAMS",
        "BEFORE #lobby * 5": "INVALID_PARAMS",
        "LATEST #lobby": "INVALID_PARAMS",
        "NONSENSE #lobby * 5": "INVALID_PARAMS",
        "": "INVALID_PARAMS",
        "LATEST #lobby * 5 6": "INVALID_PARAMS",
        "LATEST #lobby msgid=chat-1-#ops 5": "INVALID_PARAMS",
        "LATEST #lobby timestamp=0001-01-01T00:00:00+23:00 x": "INVALID_PARAMS",
        "TARGETS msgid=chat-1 timestamp=2026-01-01T00:00:00Z 5": "INVALID_PARAMS",
    }.items():
        (answer,) = alice.say(f"CHATHISTORY {question}")
        assert timeless(answer).startswith(f":{S} FAIL CHATHISTORY {code} "), answer


def test_rooms_in_which_something_was_said(chat: StoredChat) -> None:
    alice, plain = irc(chat, "alice", *CAPABILITIES, rooms="#lobby,#ops"), irc(chat, "bob", "draft/chathistory")
    alice.say("PRIVMSG #lobby :hi")
    question = "CHATHISTORY TARGETS timestamp=2100-01-01T00:00:00.000Z timestamp=2000-01-01T00:00:00.000Z 5"
    assert [timeless(line) for line in alice.say(question)] == [
        f":{S} BATCH +history draft/chathistory-targets",
        f"@batch=history :{S} CHATHISTORY TARGETS #lobby {timestamp(chat.time)}",
        f":{S} BATCH -history",
    ]
    assert plain.say(question) == [f":{S} CHATHISTORY TARGETS #lobby {timestamp(chat.time)}"]
    assert plain.say("CHATHISTORY LATEST #lobby * 5") == [":alice!u@alice PRIVMSG #lobby :hi"]


def test_without_a_store_the_memory_is_asked() -> None:
    room = a_room()
    alice = irc(room.host(), "alice", *CAPABILITIES)
    alice.say("PRIVMSG #lobby :one", "PRIVMSG #lobby :two", "PRIVMSG Server :/delete", "PRIVMSG #lobby :three")
    assert asked(alice, "AFTER", "#lobby", "msgid=memory-0", "5") == ["one", "three"]


def test_what_was_deleted_leaves_no_gap(chat: StoredChat) -> None:
    alice, bob = owner(chat, "alice", *CAPABILITIES), chat.owner("bob")
    for number in range(1, 10):
        bob.say(str(number), f"/msg alice {number}")
        if number in {4, 5, 6, 8, 9}:
            bob.say("/delete", "/chat alice", "/delete", "/room")
    for _ in range(2):
        for target, place in (("#lobby", ""), ("bob", "-@1-2")):
            assert asked(alice, "LATEST", target, "*", "3") == ["2", "3", "7"]
            assert asked(alice, "BEFORE", target, f"msgid=chat-7{place}", "2") == ["2", "3"]
            assert asked(alice, "AFTER", target, f"msgid=chat-3{place}", "2") == ["7"]
            assert asked(alice, "AROUND", target, f"msgid=chat-5{place}", "3") == ["3", "7"]
            assert asked(alice, "BETWEEN", target, f"msgid=chat-9{place}", f"msgid=chat-1{place}", "2") == ["3", "7"]
        chat.core.room.last.clear()  # so that the store is asked


def test_edits_are_in_the_history(chat: StoredChat) -> None:
    alice, bob = irc(chat, "alice", *CAPABILITIES), chat.guest("bob")
    bob.say("helo", "/edit hello")
    assert asked(alice, "LATEST", "#lobby", "*", "3") == ["hello"]


def test_a_time_without_a_zone_is_utc(chat: StoredChat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    alice = irc(chat, "alice", *CAPABILITIES)
    alice.say("PRIVMSG #lobby :hi")
    before = timestamp(chat.time - 1000).removesuffix("Z")
    assert asked(alice, "AFTER", "#lobby", f"timestamp={before}", "3") == ["hi"]
    monkeypatch.undo()
    time.tzset()


def test_whoever_is_removed_from_a_private_room_has_its_history_no_more(chat: StoredChat) -> None:
    alice, bob = owner(chat, "alice", *CAPABILITIES, rooms="#ops"), owner(chat, "bob", *CAPABILITIES)
    alice.say("PRIVMSG #ops :a secret", "PRIVMSG Server :/private on", "INVITE bob #ops")
    bob.say("JOIN #ops")
    assert asked(bob, "LATEST", "#ops", "*", "3") == ["a secret"]
    alice.say("PRIVMSG Server :/uninvite bob")
    (answer,) = bob.say("CHATHISTORY LATEST #ops * 3")
    assert timeless(answer).startswith(f":{S} FAIL CHATHISTORY INVALID_TARGET LATEST #ops :")
    assert "#ops" not in "".join(bob.say("CHATHISTORY TARGETS timestamp=2000-01-01 timestamp=2100-01-01 5"))


def test_private_conversations_are_targets_too(chat: StoredChat) -> None:
    alice = owner(chat, "alice", "batch", "draft/chathistory", rooms="#lobby")
    for number, name in enumerate(("bob", "carol", "dora")):
        owner(chat, name, rooms="")
        chat.time += 1000
        alice.say(f"PRIVMSG {name} :{number}")
    alice.say("CHATHISTORY LATEST nobody * 1", "PRIVMSG #lobby :hi")

    def targets(*params: str) -> list[str]:
        lines = alice.say(f"CHATHISTORY TARGETS {' '.join(params)}")
        return [line.split(" ")[4] for line in lines if " TARGETS " in line]

    early, late = "timestamp=2000-01-01T00:00:00Z", "timestamp=2100-01-01T00:00:00Z"
    assert targets(early, late, "9") == ["bob", "carol", "#lobby", "dora"]
    assert targets(early, late, "2") == ["bob", "carol"]
    assert targets(late, early, "3") == ["carol", "#lobby", "dora"]
    assert targets(late, early, "0") == []
    assert targets(late, f"timestamp={timestamp(chat.time - 1500)}", "9") == ["carol", "#lobby", "dora"]


def test_a_store_that_can_not_be_read_is_told(chat: StoredChat) -> None:
    alice = owner(chat, "alice", "batch", "draft/chathistory")
    owner(chat, "bob")
    chat.is_broken = True
    (answer,) = alice.say("CHATHISTORY LATEST bob * 5")
    assert answer.startswith(f":{S} FAIL CHATHISTORY MESSAGE_ERROR LATEST bob :")


def test_an_answer_that_comes_after_one_was_removed_is_not_shown(chat: StoredChat) -> None:
    alice, bob = owner(chat, "alice", rooms="#ops"), owner(chat, "bob", *CAPABILITIES, rooms="#ops")
    alice.say("PRIVMSG #ops :the plan", "PRIVMSG Server :/private on")
    chat.pipeline.state.rooms["ops"].last.clear()
    bob.hear()
    bob.session.receive([b"CHATHISTORY LATEST #ops * 5"])
    question = bob.session.pending_request
    assert question
    alice.say("PRIVMSG Server :/uninvite bob")
    bob.hear()
    chat.answer(bob.session, question)
    assert [timeless(line) for line in bob.hear()] == [
        f":{S} FAIL CHATHISTORY INVALID_TARGET LATEST #ops :{answers.NOT_IN_ROOM}"
    ]
