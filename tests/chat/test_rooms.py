"""Rooms: who is in which, what is said in one is seen in it alone, and where a line goes."""

import gc
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from asyncchat import transcript
from asyncchat.formats import plain
from asyncchat.log.accounts import Role
from asyncchat.log.apply import apply
from asyncchat.log.audience import Audience
from asyncchat.log.entries import ChangeMessage, Count, Depart, Enter, Join, MakeRoom, SetTopic
from asyncchat.log.room_events import ANNOUNCED, MOST_ROOMS, Sent
from asyncchat.log.state import REMEMBERED, ChatState, RoomState
from asyncchat.text import room_texts
from asyncchat.text.refusals import NoMessage, NoRoom
from asyncchat.text.usernames import parse_name
from tests.chat import Bot, Peer, Person, Room, SlowLog, a_room, record, some_sessions
from tests.chat.stored_chat import StoredChat

ALONE = "Server: you are in #{} now, 1 online."


def people(room: Room, *names: str) -> list[Person]:
    here = [Person(room) for _ in names]
    for person, name in zip(here, names, strict=True):
        person.send(f"{name}\n")
    for person in here:
        person.hear()
    return here


def answers(person: Person, *lines: str) -> list[str]:
    for line in lines:  # one by one: a command that waits for the log holds up those behind it
        person.send(f"{line}\n")
    return person.hear()


def in_room(bot: Bot, kind: str = "message") -> list[tuple[Any, ...]]:
    return [(one.get("conversation", ""), one["from"], one["text"]) for one in bot.hear(kind)]


# Plain text.


def test_what_is_said_in_one_room_is_not_seen_in_another() -> None:
    alice, bob = people(a_room(), "alice", "bob")
    assert answers(alice, "/join #ops") == [ALONE.format("ops")]
    bob.send("in the lobby\n")
    alice.send("in ops\n")
    assert (alice.hear(), bob.hear()) == (["alice: in ops"], ["bob: in the lobby"])


def test_several_lines_at_once_go_to_the_room_too() -> None:
    alice, bob = people(a_room(), "alice", "bob")
    answers(alice, "/join #ops")
    assert alice.session.receive_messages([b"one", b"two"])
    alice.pipeline.commit()
    assert (alice.hear(), bob.hear()) == (["alice: one", "alice: two"], [])


def test_who_enters_a_room_gets_its_last_messages_and_its_topic(chat: StoredChat) -> None:
    alice, bob = chat.owner("alice", role=Role.MODERATOR), chat.owner("bob")
    alice.say("/join #ops", "/topic calls", "one", "two")
    assert bob.say("/join ops") == ["Server: you are in #ops now, 2 online: calls", "alice: one", "alice: two"]


def test_a_room_has_one_name_however_it_is_written() -> None:
    alice, bob = people(a_room(), "alice", "bob")
    answers(alice, "/join #Ops", "hello")
    assert answers(bob, "/JOIN OPS") == ["Server: you are in #Ops now, 2 online.", "alice: hello"]


def test_the_default_room_is_entered_by_its_name_too() -> None:
    alice, bob = people(a_room(), "alice", "bob")
    answers(alice, "/join #ops")
    bob.send("hello\n")
    assert answers(alice, "/join #lobby") == ["Server: you are in #lobby now, 2 online.", "bob: hello"]


def test_leave_goes_back_to_the_default_room() -> None:
    (alice,) = people(a_room(), "alice")
    answers(alice, "/join #ops")
    assert answers(alice, "/leave", "back") == ["Server: you are in #lobby now, 1 online.", "alice: back"]
    assert answers(alice, "/leave", "still") == [f"Server: {room_texts.LEAVES_DEFAULT_ROOM}", "alice: still"]


def test_rooms_are_listed_with_members_and_topics(chat: StoredChat) -> None:
    alice, bob = chat.owner("alice", role=Role.MODERATOR), chat.owner("bob")
    alice.say("/join #ops", "/topic build failures and calls")
    chat.guest("carol")
    expected = ["Server:", "#lobby 2", "#ops 1  build failures and calls"]
    assert (bob.say("/rooms"), bob.say("/join")) == (expected, expected)


def test_a_long_list_of_rooms_is_cut() -> None:
    room = a_room()
    for number in range(120):
        room.pipeline.state.rooms[f"r{number}"] = RoomState(1, name=f"r{number}", key=f"r{number}")
    (alice,) = people(room, "alice")
    assert answers(alice, "/rooms")[-1] == "and 21 more"


def test_list_and_topic_are_about_the_room_at_hand() -> None:
    alice, bob, _ = people(a_room(), "alice", "bob", "carol")
    answers(alice, "/join #ops")
    assert answers(bob, "/join #ops", "/list")[1:] == ["Server: online: alice"]


def test_a_line_of_one_room_is_not_sent_to_another_because_a_join_failed() -> None:
    alice, bob = people(a_room(), "alice", "bob")
    assert answers(alice, "/join #a/b", "for the few")[1:] == [
        "Server: your line was not sent: /chat or /join did not work. Write it again to send it to everybody."
    ]
    assert bob.hear() == []


@pytest.mark.parametrize("name", ["#a/b", "#", "x" * 40, "#a b"])
def test_a_room_has_a_name_like_a_user(name: str) -> None:
    (alice,) = people(a_room(), "alice")
    assert answers(alice, f"/join {name}")[0].startswith("Server: a room can't have this name: ")


def test_an_empty_room_without_messages_vanishes() -> None:
    room = a_room()
    (alice,) = people(room, "alice")
    answers(alice, "/join #ops", "/join #dev", "hello", "/leave")
    assert list(room.pipeline.state.rooms) == ["", "dev"]


def test_who_is_disconnected_leaves_the_room_too() -> None:
    room = a_room()
    alice, bob = people(room, "alice", "bob")
    answers(alice, "/join #ops")
    alice.hang_up()
    assert list(room.pipeline.state.rooms) == [""]
    assert answers(bob, "/rooms") == ["Server:", "#lobby 1"]


@pytest.mark.parametrize(
    ("least", "why"), [(Role.REGISTERED, room_texts.ROOMS_BY_REGISTERED), (Role.ADMIN, room_texts.ROOMS_BY_ADMIN)]
)
def test_rooms_are_made_by_those_who_may(chat: StoredChat, least: Role, why: str) -> None:
    chat.core.may_make_rooms = least
    guest, owner = chat.guest("guest"), chat.owner("alice", role=least)
    assert guest.say("/join #ops") == [f"Server: {room_texts.NO_ROOM} {why}"]
    assert owner.say("/join #ops") == [ALONE.format("ops")]
    guest.say("")
    assert guest.say("/join #ops") == ["Server: you are in #ops now, 2 online."]


def test_there_are_no_more_rooms_than_there_may_be() -> None:
    room = a_room()
    alice, bob = people(room, "alice", "bob")
    room.host().max_rooms = 2
    answers(alice, "/join #one")
    assert answers(bob, "/join #two") == [f"Server: {room_texts.TOO_MANY_ROOMS}"]


def test_one_address_makes_a_limited_number_of_rooms() -> None:
    (alice,) = people(a_room(), "alice")
    said = [answers(alice, f"/join #r{number}") for number in range(101)]
    assert said[-1] == [f"Server: {room_texts.TOO_MANY_NEW_ROOMS}"]


def test_a_line_that_was_on_its_way_goes_where_it_was_typed_for(chat: StoredChat) -> None:
    alice, bob = chat.owner("alice"), chat.owner("bob")
    chat.log.is_slow = True
    alice.send("for the lobby\n/join #ops\n")
    chat.log.keep()
    alice.send("for ops\n")
    assert bob.hear() == ["alice: for the lobby"]
    assert alice.hear() == ["alice: for the lobby", ALONE.format("ops"), "alice: for ops"]


def test_a_mute_holds_for_making_rooms(chat: StoredChat) -> None:
    moderator, alice = chat.owner("mod", role=Role.MODERATOR), chat.owner("alice")
    moderator.say("/mute alice")
    assert alice.say("/join #ops")[-1] == "Server: you are muted!"


# JSON.


def test_a_program_is_in_several_rooms_and_sees_where_a_message_is_from() -> None:
    room = a_room()
    alice, bob = Bot(room), Bot(room)
    alice.hello("alice")
    bob.hello("bob")
    for one in (alice, bob):
        one.tell("join", conversation="#ops")
    assert [one["type"] for one in bob.hear() if one.get("conversation") == "#ops"] == ["room", "joined"]
    alice.hear()
    bob.tell("say", id=1, text="here", conversation="#ops")
    bob.tell("say", id=2, text="there", conversation="")
    assert in_room(alice) == [("#ops", "bob", "here"), ("", "bob", "there")]
    assert [(one["id"], one["seq"]) for one in bob.hear("ack")] == [(1, 1), (2, 1)]


def test_a_room_is_described_when_it_is_entered() -> None:
    room = a_room()
    alice, bob = Bot(room), Bot(room)
    alice.hello("alice")
    alice.tell("join", conversation="#Ops")
    alice.tell("say", id=1, text="hello", conversation="#ops")
    bob.hello("bob")
    bob.hear()
    bob.tell("join", conversation="#ops")
    told, message, _ = bob.hear()
    assert told == {"type": "room", "conversation": "#Ops", "seq": 1, "members": 2, "names": ["bob", "alice"]}
    assert (message["conversation"], message["text"]) == ("#Ops", "hello")


def test_who_parts_sees_no_more_of_the_room() -> None:
    room = a_room()
    alice, bob = Bot(room), Bot(room)
    for one, name in ((alice, "alice"), (bob, "bob")):
        one.hello(name)
        one.tell("join", conversation="#ops")
    bob.tell("part", conversation="#ops")
    bob.hear()
    alice.hear()
    alice.tell("say", id=1, text="hello", conversation="#ops")
    assert (in_room(alice), bob.hear()) == ([("#ops", "alice", "hello")], [])


def test_after_parting_from_the_current_room_lines_go_nowhere() -> None:
    room = a_room()
    alice = Bot(room)
    alice.hello("alice")
    alice.tell("say", id=1, text="/join #ops")
    alice.tell("part", conversation="#ops")
    alice.hear()
    alice.tell("say", id=2, text="hello")
    assert [one["code"] for one in alice.hear("refused")] == ["nowhere"]


def test_parting_from_another_room_changes_nothing_of_where_lines_go() -> None:
    room = a_room()
    alice = Bot(room)
    alice.hello("alice")
    alice.tell("join", conversation="#ops")
    alice.tell("part", conversation="#ops")
    alice.hear()
    alice.tell("say", id=1, text="hello")
    assert in_room(alice) == [("", "alice", "hello")]


@pytest.mark.parametrize("conversation", ["#ops", "#nowhere", "#"])
def test_who_is_not_in_a_room_can_neither_part_from_it_nor_write_in_it(conversation: str) -> None:
    room = a_room()
    alice, bob = Bot(room), Bot(room)
    alice.hello("alice")
    alice.tell("join", conversation="#ops")
    bob.hello("bob")
    bob.hear()
    bob.tell("part", conversation=conversation)
    bob.tell("say", id=1, text="hello", conversation=conversation)
    assert [(one["type"], one["code"]) for one in bob.hear()] == [("parted", "no-room"), ("refused", "no-room")]


def test_a_room_can_be_entered_only_by_who_is_in_the_chat() -> None:
    alice = Bot(a_room())
    alice.tell("join", conversation="#ops")
    assert [one["code"] for one in alice.hear("parted")] == ["no-name"]


def test_typed_commands_move_a_program_and_say_so() -> None:
    room = a_room()
    alice = Bot(room)
    alice.hello("alice")
    alice.hear()
    alice.tell("say", id=1, text="/join ops")
    assert [one["type"] for one in alice.hear()] == ["room", "turned", "ack", "joined"]
    alice.tell("say", id=2, text="hello")
    alice.hear()
    alice.tell("say", id=3, text="/leave")
    heard = alice.hear()
    assert [(one["type"], one["conversation"]) for one in heard if one["type"] in {"turned", "parted"}] == [
        ("turned", ""),
        ("parted", "#ops"),
    ]
    alice.tell("say", id=4, text="/room")
    assert [one["conversation"] for one in alice.hear("turned")] == [""]


def test_to_enter_a_room_where_one_is_shows_nothing_twice() -> None:
    alice = Bot(a_room())
    alice.hello("alice")
    alice.tell("join", conversation="#ops")
    alice.hear()
    alice.tell("join", conversation="#ops")
    assert alice.hear() == []


def test_a_user_is_in_a_limited_number_of_rooms() -> None:
    room = a_room()
    alice = Bot(room)
    alice.hello("alice")
    for number in range(MOST_ROOMS):
        alice.tell("join", conversation=f"#r{number}")
    assert [one["code"] for one in alice.hear("parted")] == ["too-many-rooms"]


def test_a_room_of_many_counts_its_members() -> None:
    room = a_room()
    bots = [Bot(room) for _ in range(ANNOUNCED + 2)]
    for number, bot in enumerate(bots):
        bot.hello(f"b{number}")
        bot.tell("join", conversation="#ops")
    bots[0].hear()
    room.pipeline.count()
    room.pipeline.commit()
    assert [(one.get("conversation", ""), one["members"]) for one in bots[0].hear("members")] == [
        ("", ANNOUNCED + 2),
        ("#ops", ANNOUNCED + 2),
    ]
    room.pipeline.count()
    room.pipeline.commit()
    assert bots[0].hear("members") == []


def test_a_room_that_has_vanished_is_not_counted() -> None:
    room = a_room()
    alice = Bot(room)
    alice.hello("alice")
    alice.hear()
    room.pipeline.propose(Count("nowhere"))
    room.pipeline.commit()
    assert alice.hear() == []


def test_after_the_last_room_is_left_commands_are_about_the_default_one() -> None:
    room = a_room()
    alice = Bot(room)
    alice.hello("alice", rooms=[{"conversation": "#ops"}])
    alice.tell("part", conversation="#ops")
    alice.hear()
    alice.tell("say", id=1, text="/list")
    assert [one["text"] for one in alice.hear("notice")] == ["no one online"]
    alice.tell("say", id=2, text="/room")
    alice.hear()
    alice.tell("say", id=3, text="hello")
    assert [one["code"] for one in alice.hear("refused")] == ["no-room"]


def test_who_parts_from_a_room_while_writing_to_one_user_goes_on_writing_to_that_user(chat: StoredChat) -> None:
    bob, alice = chat.owner("bob"), chat.own_program("alice")
    alice.say("/chat bob")
    alice.tell("part", conversation="")
    assert alice.hear("turned") == []
    alice.say("still for bob")
    bob.say("/chat alice")
    assert alice.session.user.partner
    assert alice.session.user.partner.name.shown == "bob"


def test_leave_in_another_room_than_the_current_one_changes_nothing_of_where_lines_go() -> None:
    room = a_room()
    alice = Bot(room)
    alice.hello("alice")
    for name in ("#dev", "#ops"):
        alice.tell("say", id=len(name) + ord(name[1]), text=f"/join {name}")
    alice.hear()
    alice.tell("say", id=200, text="/leave", conversation="#dev")
    assert [one["conversation"] for one in alice.hear("parted")] == ["#dev"]
    alice.tell("say", id=201, text="hello")
    assert in_room(alice) == [("#ops", "alice", "hello")]


def test_a_command_about_a_room_is_refused_to_who_is_not_in_it() -> None:
    room = a_room()
    alice, bob = Bot(room), Bot(room)
    alice.hello("alice")
    alice.tell("join", conversation="#ops")
    bob.hello("bob")
    bob.hear()
    bob.tell("say", id=1, text="/list", conversation="#ops")
    assert [one["type"] for one in bob.hear()] == ["refused"]


# Coming back.


def test_a_return_resumes_every_room_from_where_it_was_seen() -> None:
    room, sessions = a_room(), some_sessions()
    alice, bob = Bot(room, sessions), Bot(room, sessions)
    token = alice.hello("alice")["token"]
    bob.hello("bob")
    for one in (alice, bob):
        one.tell("join", conversation="#ops")
    bob.tell("say", id=1, text="one", conversation="#ops")
    alice.hang_up()
    bob.tell("say", id=2, text="two", conversation="#ops")
    bob.tell("say", id=3, text="lobby", conversation="")
    again = Bot(room, sessions)
    rooms = [{"conversation": ""}, {"conversation": "#ops", "after": 1}]
    welcome = again.hello("alice", token=token, epoch="memory", after=0, rooms=rooms, conversation="#ops")
    assert welcome["rooms"] == ["", "#ops"]
    assert in_room(again) == [("", "bob", "lobby"), ("#ops", "bob", "two")]
    again.tell("say", id=1, text="hello")
    assert in_room(again) == [("#ops", "alice", "hello")]


def test_what_is_not_remembered_any_more_is_said_to_be_missing() -> None:
    room, sessions = a_room(replay=2), some_sessions()
    alice, bob = Bot(room, sessions), Bot(room, sessions)
    token = alice.hello("alice")["token"]
    bob.hello("bob")
    for one in (alice, bob):
        one.tell("join", conversation="#ops")
    alice.hang_up()
    for number in range(1, 21):
        bob.tell("say", id=number, text="x", conversation="#ops")
    again = Bot(room, sessions)
    again.hello("alice", token=token, epoch="memory", rooms=[{"conversation": "#ops", "after": 0}])
    heard = again.hear()
    assert [(one["from"], one["to"]) for one in heard if one["type"] == "gap"] == [(1, 10)]
    assert len([one for one in heard if one["type"] == "message"]) == 10


def test_an_old_program_that_typed_join_is_in_its_room_again() -> None:
    room, sessions = a_room(), some_sessions()
    alice = Bot(room, sessions)
    token = alice.hello("alice")["token"]
    alice.tell("say", id=1, text="/join #ops")
    alice.tell("say", id=2, text="hello")
    alice.hang_up()
    again = Bot(room, sessions)
    assert again.hello("alice", token=token, epoch="memory")["rooms"] == ["", "#ops"]


def test_who_comes_back_to_one_room_is_not_in_the_others_any_more() -> None:
    room, sessions = a_room(), some_sessions()
    alice = Bot(room, sessions)
    token = alice.hello("alice")["token"]
    alice.tell("join", conversation="#ops")
    alice.tell("say", id=1, text="hello", conversation="#ops")
    again = Bot(room, sessions)
    again.hello("alice", token=token, epoch="memory", rooms=[{"conversation": ""}])
    assert {key: list(one.members) for key, one in room.pipeline.state.rooms.items()} == {"": ["alice"], "ops": []}


def test_rooms_that_a_program_asks_for_are_made() -> None:
    room = a_room()
    alice = Bot(room)
    welcome = alice.hello("alice", rooms=[{"conversation": "#one"}, {"conversation": "#two"}], conversation="#two")
    assert "rooms" not in welcome
    bob = Bot(room)
    bob.hello("bob", rooms=[{"conversation": "#three"}])
    bob.tell("say", id=1, text="hello")
    assert in_room(bob) == [("#three", "bob", "hello")]
    alice.tell("say", id=1, text="hello")
    assert in_room(alice) == [("#two", "alice", "hello")]
    assert room.pipeline.state.members["alice"].rooms == ("one", "two")


def test_a_room_that_can_not_be_entered_is_told_and_keeps_nobody_out() -> None:
    room = a_room()
    room.host().may_make_rooms = Role.ADMIN
    alice = Bot(room)
    alice.hello("alice", rooms=[{"conversation": "#ops"}])
    assert [(one["conversation"], one["code"]) for one in alice.hear("parted")] == [("#ops", "no-room")]
    alice.tell("say", id=1, text="hello")
    assert in_room(alice) == [("", "alice", "hello")]


def test_a_current_room_where_one_is_not_is_no_place_to_write() -> None:
    room = a_room()
    bob = Bot(room)
    bob.hello("bob")
    bob.tell("join", conversation="#ops")
    alice = Bot(room)
    alice.hello("alice", conversation="#ops")
    alice.tell("say", id=1, text="hello")
    assert [one["code"] for one in alice.hear("refused")] == ["nowhere"]


def test_a_return_to_another_room_alone_says_where_lines_go() -> None:
    room, sessions = a_room(), some_sessions()
    bob = Bot(room, sessions)
    bob.hello("bob")
    bob.tell("join", conversation="#ops")
    alice = Bot(room, sessions)
    assert alice.hello("alice", rooms=[{"conversation": "#ops", "after": 5}])["rooms"] == ["#ops"]
    assert [one["conversation"] for one in alice.hear("turned")] == ["#ops"]


# What can't be kept.


def test_what_can_not_be_kept_of_two_rooms_is_told_and_its_numbers_are_used_again() -> None:
    log = SlowLog()
    room = a_room(log)
    alice = Bot(room)
    alice.hello("alice")
    alice.tell("join", conversation="#ops")
    log.keep_all()
    alice.send("")
    alice.hear()
    alice.at_once = False
    alice.tell("say", id=1, text="a", conversation="#ops")
    alice.tell("say", id=2, text="b", conversation="")
    room.commit()
    alice.tell("say", id=3, text="c", conversation="#ops")
    alice.tell("say", id=4, text="d", conversation="")
    log.fail("the disk is full")
    room.commit()
    log.keep_all()
    heard = alice.hear()
    assert sorted(one["id"] for one in heard if one["type"] == "refused") == [1, 2]
    assert sorted((one["id"], one["seq"]) for one in heard if one["type"] == "ack") == [(3, 1), (4, 1)]


def test_messages_before_an_entry_of_its_own_are_acknowledged_room_by_room() -> None:
    log = SlowLog()
    room = a_room(log)
    alice = Bot(room)
    alice.hello("alice")
    alice.tell("join", conversation="#ops")
    log.keep_all()
    alice.send("")
    alice.hear()
    alice.at_once = False
    alice.tell("say", id=1, text="a", conversation="#ops")
    alice.tell("say", id=2, text="b", conversation="")
    alice.tell("join", conversation="#new")
    room.pipeline.say(parse_name("alice"), "later", alice.session.user.resumable, 9, "ops")
    room.commit()
    log.keep_all()
    assert sorted((one["id"], one["seq"]) for one in alice.hear("ack")) == [(1, 1), (2, 1), (9, 2)]


def test_a_room_remembers_no_more_than_there_is_memory_for() -> None:
    assert ChatState(RoomState(1000)).remembered == REMEMBERED
    assert ChatState(RoomState(7)).remembered == 7


@pytest.mark.parametrize("command", ["/join #new", "/join #old"])
def test_who_is_gone_before_a_join_is_kept_is_in_no_room(chat: StoredChat, command: str) -> None:
    bob = chat.owner("bob")
    bob.say("/join #old", "hello")
    alice = chat.owner("alice")
    chat.log.is_slow = True
    alice.send(f"first\n{command}\n")
    alice.hang_up()
    chat.log.keep()
    assert {key: list(one.members) for key, one in chat.core.state.rooms.items()} == {"": [], "old": ["bob"]}


def test_who_is_gone_before_parting_is_applied_has_left_all_the_same() -> None:
    log = SlowLog()
    room = a_room(log)
    alice = Bot(room)
    alice.hello("alice", rooms=[{"conversation": "#ops"}, {"conversation": ""}])
    log.keep_all()
    alice.send("")
    alice.tell("say", id=1, text="hello", conversation="")
    alice.tell("part", conversation="")
    alice.hang_up()
    log.keep_all()
    assert {key: list(one.members) for key, one in room.pipeline.state.rooms.items()} == {"": []}


def test_a_private_conversation_ends_in_the_room_where_it_began(chat: StoredChat) -> None:
    alice, _ = chat.owner("alice"), chat.owner("bob")
    alice.say("/join #ops", "/chat bob")
    assert alice.say("/room", "hello") == ["Server: you write to everybody in #ops now.", "alice: hello"]


def test_whoever_observes_all_rooms_gets_the_name_of_each() -> None:
    room = a_room()
    peer = Peer()
    room.pipeline.audience.observe(peer, transcript.encode)
    (alice,) = people(room, "alice")
    answers(alice, "/join #ops", "hello")
    room.pipeline.count()
    assert peer.take().decode().splitlines() == [
        "alice joined",
        "alice left",
        "#ops alice joined",
        "#ops alice sent hello",
    ]


def test_an_observer_is_not_written_what_its_format_does_not_have() -> None:
    room = a_room()
    peer = Peer()
    room.pipeline.audience.observe(peer, plain.encode)
    people(room, "alice")
    assert peer.take() == b""


def test_who_is_no_member_any_more_is_not_written_to() -> None:
    audience = Audience()
    peer = Peer()
    audience.add(1, peer, plain.encode)
    audience.leave(1, "ops")
    audience.enter(1, "")
    audience.remove(1)
    audience.remove(1)
    audience.write([Sent(1, parse_name("alice"), "hello", 0)])
    assert peer.take() == b""


def test_a_topic_of_a_room_that_is_gone_is_refused_and_to_enter_again_changes_nothing() -> None:
    state = ChatState(RoomState(3))
    apply(state, Join(alice := parse_name("alice"), 1, 0))
    change = ChangeMessage("ops", 1, alice, alice, "x", 0)
    for impossible in (SetTopic(alice, "x", 0, "ops"), Enter(1, "ops"), Depart(1, "ops"), change):
        with pytest.raises(NoRoom):
            apply(state, impossible)
    state.room.add([Sent(1, alice, "", 0)])
    with pytest.raises(NoMessage):  # it is deleted
        apply(state, ChangeMessage("", 1, alice, alice, "x", 0))
    assert apply(state, Enter(1, "")) == []
    state.rooms["ops"] = ops = RoomState(3, name="ops", key="ops")
    apply(state, MakeRoom(1, parse_name("OPS"), alice, 0, 1))  # another user has made it meanwhile
    assert state.rooms["ops"] is ops


def test_a_room_goes_on_in_one_format_when_the_other_is_gone() -> None:
    room = a_room()
    (alice,) = people(room, "alice")
    bot = Bot(room)
    bot.hello("bot", rooms=[{"conversation": "#ops"}])
    answers(alice, "/join #ops", "hello")
    bot.hang_up()
    assert answers(alice, "still here") == ["alice: still here"]


# Any sequence.

_ROOMS = ["", "#a", "#b"]
_NAMES = ["alice", "bob", "carol"]


class AnyRooms(RuleBasedStateMachine):
    """Programs that enter and leave rooms, come back and write: each sees what is said where it is, in order."""

    @initialize()
    def begin(self) -> None:
        self.room, self.sessions = a_room(history=0), some_sessions()
        self.bots: dict[str, Bot] = {}
        self.tokens: dict[str, str] = {}
        self.where: dict[str, set[str]] = {}
        self.expected: dict[str, list[tuple[str, str, str]]] = {}
        self.ids = 0

    @rule(name=st.sampled_from(_NAMES), rooms=st.sets(st.sampled_from(_ROOMS), min_size=1))
    def hello(self, name: str, rooms: set[str]) -> None:
        bot = self.bots[name] = Bot(self.room, self.sessions)
        wanted = [{"conversation": room} for room in sorted(rooms)]
        token = {"token": self.tokens[name]} if name in self.tokens else {}
        self.tokens[name] = bot.hello(name, rooms=wanted, history=0, **token)["token"]
        bot.hear()
        self.where[name], self.expected[name] = set(rooms), []

    @rule(name=st.sampled_from(_NAMES), room=st.sampled_from(_ROOMS))
    def enter(self, name: str, room: str) -> None:
        if name in self.bots:
            self.bots[name].tell("join", conversation=room)
            self.where[name].add(room)

    @rule(name=st.sampled_from(_NAMES), room=st.sampled_from(_ROOMS))
    def part(self, name: str, room: str) -> None:
        if name in self.bots:
            self.bots[name].tell("part", conversation=room)
            self.where[name].discard(room)

    @rule(name=st.sampled_from(_NAMES), room=st.sampled_from(_ROOMS))
    def say(self, name: str, room: str) -> None:
        if name in self.bots:
            self.ids += 1
            self.bots[name].tell("say", id=self.ids, text=str(self.ids), conversation=room)
            if room in self.where[name]:
                for other, rooms in self.where.items():
                    if room in rooms:
                        self.expected[other].append((room, name, str(self.ids)))

    @rule(name=st.sampled_from(_NAMES))
    def leave(self, name: str) -> None:
        if name in self.bots:
            self.check(name)
            self.bots.pop(name).hang_up()
            del self.where[name], self.expected[name]

    @invariant()
    def each_has_seen_what_was_said_where_it_was(self) -> None:
        for name in self.bots if hasattr(self, "bots") else ():
            self.check(name)

    def check(self, name: str) -> None:
        assert in_room(self.bots[name]) == self.expected[name]
        self.expected[name].clear()

    def teardown(self) -> None:
        if hasattr(self, "room"):
            state = self.room.pipeline.state
            found = {room.conversation: set(room.members) for room in state.rooms.values()}
            for room in _ROOMS:
                assert found.get(room, set()) == {name for name, rooms in self.where.items() if room in rooms}


TestAnyRooms = AnyRooms.TestCase
TestAnyRooms.settings = settings(stateful_step_count=30)


def test_what_happens_in_a_room_is_not_in_the_transcript_of_the_default_one() -> None:
    room = a_room()
    events = record(room)
    alice, _ = people(room, "alice", "bob")
    answers(alice, "/join #ops", "hello")
    assert not [event for event in events if isinstance(event, Sent)]


def test_a_room_with_ten_members_takes_less_than_two_kilobytes() -> None:
    tracemalloc.start(1)
    try:
        number = 100
        room = a_room()
        room.host(max_rooms=2 * number)
        here = [Person(room, address=f"192.0.2.{index % 10}") for index in range(10 * number)]

        def all_write(line: Callable[[int], str]) -> int:
            for index, person in enumerate(here):
                person.send(line(index))
            for person in here:
                person.peer.take()
            gc.collect()
            return tracemalloc.get_traced_memory()[0]

        in_one = all_write(lambda index: f"p{index}\n")
        in_many = all_write(lambda index: f"/join #r{index % number}x\n")
        assert len(room.pipeline.state.rooms) == number + 1
        assert (in_many - in_one) / number < 2000
    finally:
        tracemalloc.stop()
