"""What a registered user has read, and in which rooms it is: known after the next login."""

from typing import Any

import pytest

from asyncchat.log.entries import Follow, ReadRoom
from tests.chat.stored_chat import SECRET, Json, StoredChat


def positions(program: Json) -> list[tuple[str, int]]:
    return [(one.get("conversation", ""), one["seq"]) for one in program.hear("read")]


def back(chat: StoredChat, name: str = "alice", **fields: Any) -> Json:
    """Return another program of a registered user, which knows the password alone."""
    return chat.program(name, password=SECRET, **fields)


def test_a_registered_user_is_told_what_was_read_and_may_tell_it(chat: StoredChat) -> None:
    alice, bob = chat.own_program("alice"), chat.guest("bob")
    bob.say("one", "two", "three")
    alice.tell("read", seq=2)
    alice.hang_up()
    assert positions(back(chat)) == [("", 2)]


def test_it_comes_before_the_messages_of_the_room(chat: StoredChat) -> None:
    alice, bob = chat.own_program("alice"), chat.program("bob")
    for one in (alice, bob):
        one.tell("join", conversation="#ops")
    bob.say("one", conversation="#ops")
    bob.say("two", conversation="")
    alice.hang_up()
    kinds = [one["type"] for one in back(chat).hear() if one["type"] in {"read", "room", "message"}]
    assert kinds == ["read", "message", "room", "read", "message"]


def test_what_was_read_does_not_become_less(chat: StoredChat) -> None:
    alice, bob = chat.own_program("alice"), chat.guest("bob")
    bob.say("one", "two", "three")
    for seq in (2, 1, 9):
        alice.tell("read", seq=seq)
    alice.tell("read", seq=1)
    alice.hang_up()
    assert positions(back(chat)) == [("", 3)]


def test_each_room_has_its_own(chat: StoredChat) -> None:
    alice, bob = chat.own_program("alice"), chat.program("bob")
    for one in (alice, bob):
        one.tell("join", conversation="#Ops")
    assert positions(alice) == [("#Ops", 0)]
    for _ in range(3):
        bob.say("x", conversation="#ops")
    alice.tell("read", seq=2, conversation="#ops")
    alice.tell("read", seq=2, conversation="#nowhere")
    alice.hang_up()
    assert positions(back(chat)) == [("", 0), ("#Ops", 2)]


def test_what_was_there_before_one_came_counts_as_read_and_what_comes_later_does_not(chat: StoredChat) -> None:
    bob = chat.program("bob")
    bob.tell("join", conversation="#ops")
    for conversation in ("#ops", "", ""):
        bob.say("x", conversation=conversation)
    alice = chat.own_program("alice")
    alice.tell("join", conversation="#ops")
    assert positions(alice) == [("#ops", 1)]
    bob.say("x", conversation="#ops")
    alice.hang_up()
    assert positions(back(chat)) == [("", 2), ("#ops", 1)]


def test_who_has_shown_a_part_of_a_room_has_read_no_more(chat: StoredChat) -> None:
    bob = chat.program("bob")
    bob.tell("join", conversation="#ops")
    for _ in range(3):
        bob.say("x", conversation="#ops")
    alice = chat.own_program("alice")
    alice.tell("join", conversation="#ops", after=2)
    assert positions(alice) == [("#ops", 2)]
    again = chat.program(
        "carol", password=SECRET, register=True, epoch="chat", rooms=[{"conversation": "#ops", "after": 1}]
    )
    assert positions(again) == [("#ops", 1)]


def test_guests_and_people_with_nc_are_told_nothing_and_tell_nothing(chat: StoredChat) -> None:
    guest = chat.program("guest")
    guest.say("hello")
    guest.tell("read", seq=1)
    chat.stranger().tell("read", seq=1)
    assert guest.hear() == []
    alice = chat.owner("alice")
    assert alice.say("/join #ops") == ["Server: you are in #ops now, 1 online."]


def test_the_rooms_are_there_again_after_a_restart(chat: StoredChat) -> None:
    alice, bob = chat.own_program("alice"), chat.program("bob")
    for name in ("#ops", "#dev", "#tmp"):
        for one in (alice, bob):
            one.tell("join", conversation=name)
        bob.say("hello", conversation=name)
    alice.tell("part", conversation="#dev")
    alice.say("/leave", conversation="#tmp")
    again = back(chat.started_again())
    assert positions(again) == [("", 0), ("#ops", 0)]


def test_leaving_the_current_room_is_remembered_too(chat: StoredChat) -> None:
    alice = chat.own_program("alice")
    alice.say("/join #ops")
    alice.say("hello")
    alice.say("/leave")
    assert positions(back(chat)) == [("", 0)]


def test_a_room_that_has_vanished_is_not_entered_again(chat: StoredChat) -> None:
    alice = chat.own_program("alice")
    alice.tell("join", conversation="#ops")
    alice.hang_up()
    again = chat.started_again()
    alice = back(again)
    assert positions(alice) == [("", 0)]
    alice.tell("join", conversation="#dev")
    assert again.look_up_rooms("alice") == {"": 0, "dev": 0}


def test_what_was_read_in_a_room_that_has_vanished_is_not_kept(chat: StoredChat) -> None:
    alice = chat.own_program("alice")
    account = chat.core.require_accounts().of_key("alice").id
    for entry in (ReadRoom(account, "nowhere", 1), Follow(account, "nowhere"), Follow(99, "")):
        chat.pipeline.propose(entry)
    chat.pipeline.commit()
    assert chat.look_up_rooms("alice") == {"": 0}
    assert alice.hear() == []


def test_who_has_left_the_default_room_is_not_in_it_after_the_next_login(chat: StoredChat) -> None:
    alice = chat.own_program("alice")
    alice.say("/join #ops")
    alice.say("hello")
    alice.tell("part", conversation="")
    alice.hang_up()
    again = back(chat)
    assert positions(again) == [("#ops", 0)]
    assert [one["conversation"] for one in again.say("hello") if one["type"] == "message"] == ["#ops"]


def test_a_client_that_says_in_which_rooms_it_is_is_in_these(chat: StoredChat) -> None:
    alice = chat.own_program("alice")
    alice.tell("join", conversation="#ops")
    alice.say("hello", conversation="#ops")
    alice.hang_up()
    again = back(chat, rooms=[{"conversation": ""}])
    assert positions(again) == [("", 0)]


def test_nobody_is_kept_out_because_that_cannot_be_read(chat: StoredChat) -> None:
    chat.own_program("alice").hang_up()
    alice = chat.stranger()
    alice.tell("hello", v=1, name="alice", password=SECRET)
    assert positions(alice) == [("", 0)]
    token = chat.program("alice", password=SECRET).token
    chat.is_broken = True
    again = chat.stranger()
    assert again.hello("alice", token=token)["type"] == "welcome"
    assert positions(again) == []


def test_the_rooms_of_a_deleted_account_are_forgotten(chat: StoredChat) -> None:
    alice = chat.own_program("alice")
    alice.tell("join", conversation="#ops")
    alice.say("hello", conversation="#ops")
    alice.say(f"/unregister {SECRET}")
    alice.hang_up()
    assert positions(chat.own_program("alice")) == []
    assert chat.look_up_rooms("alice") == {"": 0}


@pytest.mark.parametrize("name", ["alice", "bob"])
def test_another_name_with_a_token_has_places_of_its_own(chat: StoredChat, name: str) -> None:
    alice = chat.own_program("alice")
    alice.tell("join", conversation="#ops")
    alice.say("hello", conversation="#ops")
    alice.hang_up()
    again = chat.stranger()
    welcome = again.hello(name, token=alice.token, register=name == "bob", password=SECRET)
    assert welcome.get("rooms") == ["", "#ops"]


def test_who_registers_or_logs_in_while_connected_is_in_the_same_rooms_after_the_next_login(chat: StoredChat) -> None:
    alice = chat.program("alice")
    alice.tell("join", conversation="#ops")
    alice.say(f"/register alice {SECRET}")
    alice.hear()
    alice.tell("join", conversation="#dev")
    alice.say("hello", conversation="#dev")
    alice.tell("read", seq=1, conversation="#dev")
    alice.hang_up()
    guest = chat.program("guest")
    guest.tell("join", conversation="#art")
    guest.say("hello", conversation="#art")
    heard = guest.say(f"/auth alice {SECRET}")
    told = [(one.get("conversation", ""), one["seq"]) for one in heard if one["type"] == "read"]
    assert told == [("", 0), ("#art", 1)]
    guest.hang_up()
    assert sorted(positions(back(chat))) == [("", 0), ("#art", 1), ("#dev", 1)]
