"""Who is in as many rooms as one may be comes back to all of them."""

import json

import pytest

from asyncchat.log.apply import apply
from asyncchat.log.entries import Enter, Join, MakeRoom
from asyncchat.log.room_events import MOST_ROOMS
from asyncchat.log.state import LOBBY, ChatState, RoomState
from asyncchat.text.refusals import TooManyRooms
from asyncchat.text.usernames import parse_name
from tests.chat import Bot, a_room, some_sessions
from tests.chat.stored_chat import StoredChat

NAMES = [f"#room-{number:02}-of-fifty" for number in range(MOST_ROOMS)]


def rooms_of(bot: Bot) -> list[str]:
    return [bot.pipeline.state.rooms[key].shown for key in bot.host.rooms_of(bot.session.user)]


def test_a_line_that_asks_for_fifty_rooms_is_never_too_long() -> None:
    room = a_room()
    places = [{"conversation": f"#{number:02}{30 * 'ü'}", "after": 0} for number in range(MOST_ROOMS)]
    alice = Bot(room, limit=100)
    assert alice.hello("alice", rooms=places, token="x" * 40)["type"] == "welcome"
    assert len(rooms_of(alice)) == MOST_ROOMS


def test_fifty_rooms_that_do_not_exist_any_more_are_made_again() -> None:
    room = a_room()
    alice = Bot(room)
    alice.hello("alice", rooms=[{"conversation": name} for name in NAMES])
    assert [one["conversation"] for one in alice.hear("parted")] == [""]
    assert rooms_of(alice) == NAMES


def test_a_return_is_to_fifty_rooms_at_most(chat: StoredChat) -> None:
    alice = chat.own_program("alice")
    for name in NAMES[:-1]:
        alice.tell("join", conversation=name)
        alice.say("hello", conversation=name)
    alice.tell("part", conversation="")
    alice.tell("join", conversation=NAMES[-1])
    alice.say("hello", conversation=NAMES[-1])
    assert rooms_of(alice) == NAMES
    alice.hang_up()
    again = chat.stranger()
    assert len(again.hello("alice", token=alice.token)["rooms"]) == MOST_ROOMS


def test_what_was_missed_in_fifty_rooms_is_no_more_than_may_wait_for_a_peer() -> None:
    room, sessions = a_room(), some_sessions()
    alice, bob = Bot(room, sessions), Bot(room, sessions)
    token = alice.hello("alice")["token"]
    bob.hello("bob")
    for one in (alice, bob):
        for name in NAMES[:-1]:
            one.tell("join", conversation=name)
    alice.hang_up()
    for number, name in enumerate(NAMES[:-1] * 20):
        bob.tell("say", id=number, text=4000 * "x", conversation=name)
        bob.peer.take()
    again = Bot(room, sessions)
    places = [{"conversation": name, "after": 0} for name in ["", *NAMES[:-1]]]
    again.tell("hello", v=1, name="alice", token=token, epoch="memory", rooms=places)
    data = again.peer.take()
    events = [json.loads(line) for line in data.splitlines()]
    assert len(data) < room.host(sessions).max_backlog
    assert [one["conversation"] for one in events if one["type"] == "room"] == NAMES[:-1]
    assert {one["conversation"] for one in events if one["type"] == "message"} == set(NAMES[:-1])
    assert {one["conversation"] for one in events if one["type"] == "gap"} == set(NAMES[:-1])


def test_a_room_that_was_made_anew_meanwhile_shows_a_guest_no_more_than_any_newcomer() -> None:
    room, sessions = a_room(), some_sessions()
    alice = Bot(room, sessions)
    token = alice.hello("alice", rooms=[{"conversation": "#ops"}])["token"]
    alice.hang_up()
    again, bob = Bot(room, sessions), Bot(room, sessions)
    again.hello("alice", token=token, epoch="memory", rooms=[{"conversation": ""}])
    bob.hello("bob", rooms=[{"conversation": "#ops"}])
    for number in range(20):
        bob.tell("say", id=number, text="x")
    again.tell("join", conversation="#ops", after=0)
    assert len(again.hear("message")) == 10


def test_who_is_in_fifty_rooms_is_told_nothing_of_a_private_one(chat: StoredChat) -> None:
    alice, eve = chat.own_program("alice"), chat.own_program("eve")
    alice.tell("join", conversation="#secret")
    alice.say("/private on", conversation="#secret")
    for name in NAMES[1:]:
        eve.tell("join", conversation=name)
    eve.hear()
    for name in ("#secret", "#other"):
        eve.tell("join", conversation=name)
    assert [(one["conversation"], one["code"]) for one in eve.hear("parted")] == [
        ("#secret", "too-many-rooms"),
        ("#other", "too-many-rooms"),
    ]


def test_the_limits_hold_also_for_entries_that_were_on_their_way() -> None:
    state = ChatState(RoomState(3))
    apply(state, Join(alice := parse_name("alice"), 1, 0))
    for number in range(1, MOST_ROOMS):
        apply(state, MakeRoom(1, parse_name(f"room{number}"), alice, 0, MOST_ROOMS))
    state.rooms["other"] = RoomState(3, name="other", key="other")
    for entry in (MakeRoom(1, parse_name("new"), alice, 0, MOST_ROOMS, LOBBY), Enter(1, "other")):
        with pytest.raises(TooManyRooms):
            apply(state, entry)
