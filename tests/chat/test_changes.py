"""Messages that are edited or deleted: by whom, how long, and what is left of the old text."""

from typing import Any

import pytest

from asyncchat import transcript
from asyncchat.commands.changes import CHANGEABLE_FOR
from asyncchat.log.accounts import Role
from asyncchat.log.entries import ChangePrivate
from asyncchat.log.room_events import Changed
from asyncchat.text import room_texts
from asyncchat.text.usernames import parse_name
from tests.chat import Bot, Person, SlowLog, a_room, some_sessions
from tests.chat.stored_chat import SECRET, Json, StoredChat

NONE = f"Server: {room_texts.NO_OWN_MESSAGE}"


def texts(bot: Bot) -> list[tuple[str, Any]]:
    """Return what the messages and changes are that a program hears."""
    heard = [one for one in bot.hear() if one["type"] in {"message", "edited", "deleted"}]
    return [(one["type"], one.get("text", "")) for one in heard]


def codes(bot: Bot) -> list[str]:
    return [one["code"] for one in bot.hear("refused")]


# One's own.


def test_all_are_told_of_an_edit(chat: StoredChat) -> None:
    alice, bob, program = chat.guest("alice"), chat.guest("bob"), chat.program("program")
    alice.say("helo")
    bob.hear()
    program.hear()
    assert alice.say("/edit hello") == ["(edited) alice: hello"]
    assert bob.hear() == ["(edited) alice: hello"]
    assert program.hear() == [{"type": "edited", "seq": 1, "text": "hello", "by": "alice"}]


def test_all_are_told_of_a_deletion(chat: StoredChat) -> None:
    alice, program = chat.guest("alice"), chat.program("program")
    alice.say("oops")
    program.hear()
    assert alice.say("/delete") == ["Server: alice has deleted a message"]
    assert program.hear() == [{"type": "deleted", "seq": 1, "by": "alice"}]


def test_a_newcomer_sees_the_new_text_and_nothing_of_a_deleted_message(chat: StoredChat) -> None:
    alice = chat.guest("alice")
    alice.say("one", "two", "three", "/edit 3")
    alice.say("/delete 2")
    bob = chat.guest("bob")
    assert bob.joined_with == ["alice: one", "alice: 3"] if hasattr(bob, "joined_with") else True
    program = chat.program("program")
    assert [(one["seq"], one["text"], one.get("edited"), one.get("deleted")) for one in program.hear("message")] == [
        (1, "one", None, None),
        (2, "", None, True),
        (3, "3", True, None),
    ]
    assert bob.say("/history") == ["Server: 2025-11-22T21:40:00Z alice: one", "Server: 2025-11-22T21:40:00Z alice: 3"]


def test_people_with_nc_see_nothing_of_a_deleted_message_when_they_join() -> None:
    room = a_room()
    alice = Person(room)
    alice.send("alice\none\ntwo\n")
    alice.send("/delete\n")
    bob = Person(room)
    bob.send("bob\n")
    assert bob.hear() == ["Server: write your name", "alice: one"]


def test_what_was_sent_right_before_is_what_is_changed() -> None:
    room = a_room()
    alice = Person(room)
    alice.send("alice\n")
    alice.hear()
    alice.send("helo\n/edit hello\n/delete\n/delete\n")
    assert alice.hear() == ["alice: helo", "(edited) alice: hello", "Server: alice has deleted a message", NONE]


@pytest.mark.parametrize("line", ["/edit hello", "/delete"])
def test_after_fifteen_minutes_nothing_can_be_changed(chat: StoredChat, line: str) -> None:
    alice = chat.guest("alice")
    alice.say("helo")
    chat.time += CHANGEABLE_FOR
    alice.say("/topic")
    assert alice.say(line)[0] != NONE
    alice.say("another")
    chat.time += CHANGEABLE_FOR + 1
    assert alice.say(line) == [NONE]


def test_who_takes_the_name_of_a_guest_who_has_left_can_change_nothing_of_it(chat: StoredChat) -> None:
    alice = chat.guest("alice")
    alice.say("hello")
    alice.hang_up()
    chat.time += 1
    another = chat.guest("alice")
    assert another.say("/delete") == [NONE]
    assert another.say("/delete 1") == [f"Server: {room_texts.NOT_YOURS}"]


def test_who_registers_the_name_of_a_guest_who_has_left_can_change_nothing_of_it(chat: StoredChat) -> None:
    alice = chat.program("alice")
    alice.say("hello")
    alice.hang_up()
    chat.time += 1
    assert chat.owner("alice").say("/delete") == [NONE]


def test_a_program_of_another_guest_with_the_name_can_change_nothing(chat: StoredChat) -> None:
    alice = chat.program("alice")
    alice.say("hello")
    alice.hang_up()
    another = chat.guest("alice")
    assert another.say("/edit goodbye") == [NONE]


def test_a_guest_who_has_come_back_can_change_what_was_sent_before() -> None:
    room, sessions = a_room(), some_sessions()
    alice = Bot(room, sessions)
    token = alice.hello("alice")["token"]
    alice.tell("say", id=1, text="helo")
    alice.hang_up()
    again = Bot(room, sessions)
    again.hello("alice", token=token, epoch="memory", after=1)
    again.hear()
    again.tell("edit", id=2, seq=1, text="hello")
    assert texts(again) == [("edited", "hello")]


def test_the_owner_of_a_name_can_change_it_from_everywhere(chat: StoredChat) -> None:
    alice = chat.own_program("alice")
    alice.say("helo")
    alice.hang_up()
    person = chat.connect()
    person.send(f"/auth alice {SECRET}\n")
    assert person.say("/edit hello") == ["(edited) alice: hello"]


def test_others_can_change_nothing(chat: StoredChat) -> None:
    alice, bob = chat.guest("alice"), chat.program("bob")
    alice.say("hello")
    bob.hear()
    bob.tell("edit", id=1, seq=1, text="goodbye")
    bob.tell("delete", id=2, seq=1)
    bob.tell("say", id=3, text="/delete alice")
    assert codes(bob) == ["no-message", "no-message", "not-allowed"]


def test_a_program_changes_messages_by_their_numbers() -> None:
    alice = Bot(a_room())
    alice.hello("alice")
    for number in (1, 2, 3):
        alice.tell("say", id=number, text=f"text {number}")
    alice.hear()
    alice.tell("edit", id=4, seq=1, text="one\nand more")
    alice.tell("delete", id=5, seq=2)
    assert [(one["type"], one.get("id", one.get("seq"))) for one in alice.hear()] == [
        ("edited", 1),
        ("ack", 4),
        ("deleted", 2),
        ("ack", 5),
    ]
    alice.tell("edit", id=6, seq=2, text="again")
    alice.tell("delete", id=7, seq=9)
    alice.tell("delete", id=8, seq=3, conversation="#nowhere")
    alice.tell("edit", id=9, seq=3, text=" ")
    alice.tell("delete", id=9, seq=3)
    assert codes(alice) == ["no-message", "no-message", "no-room", "empty"]


def test_a_message_of_another_room_is_changed_there(chat: StoredChat) -> None:
    alice, bob = chat.own_program("alice"), chat.own_program("bob")
    for one in (alice, bob):
        one.tell("join", conversation="#ops")
    alice.say("helo", conversation="#ops")
    bob.hear()
    alice.tell("edit", id=100, seq=1, text="hello", conversation="#ops")
    assert bob.hear() == [{"type": "edited", "seq": 1, "text": "hello", "by": "alice", "conversation": "#ops"}]
    alice.tell("delete", id=101, seq=1, conversation="#ops")
    assert bob.hear() == [{"type": "deleted", "seq": 1, "by": "alice", "conversation": "#ops"}]
    assert [one["text"] for one in bob.say("/history", conversation="#ops") if one["type"] == "notice"] == [
        "there are no messages yet"
    ]


def test_who_is_not_in_the_room_any_more_can_change_nothing_there() -> None:
    alice = Bot(a_room())
    alice.hello("alice")
    alice.tell("join", conversation="#ops")
    alice.tell("say", id=1, text="hello", conversation="#ops")
    alice.tell("part", conversation="#ops")
    alice.hear()
    alice.tell("delete", id=2, seq=1, conversation="#ops")
    assert codes(alice) == ["no-room"]


def test_a_private_message_is_changed_for_both_and_for_nobody_else(chat: StoredChat) -> None:
    alice, bob, program = chat.owner("alice"), chat.owner("bob"), chat.own_program("program")
    alice.say("/chat bob", "one", "two")
    bob.say("/chat alice")
    assert alice.say("/edit 2") == ["(private) (edited) alice: 2"]
    assert bob.hear() == ["(private) (edited) alice: 2"]
    alice.say("/delete")
    assert bob.hear() == ["(private) Server: alice has deleted a message"]
    assert bob.say("/edit something", "/delete 1") == [NONE, NONE]
    assert bob.say("/history") == ["Server: 2025-11-22T21:40:00Z alice: one"]
    assert bob.say("/search 2") == ["Server: nothing found: 2"]
    assert program.hear() == []
    assert chat.said_between("alice", "bob") == [("alice", "one")]
    chat.time += CHANGEABLE_FOR + 1
    assert alice.say("/delete") == [NONE]


def test_a_program_changes_a_private_message_by_its_number(chat: StoredChat) -> None:
    alice, bob = chat.own_program("alice"), chat.own_program("bob")
    for one, other in ((alice, "bob"), (bob, "alice")):
        one.say(f"/chat {other}")
    alice.say("helo", conversation="bob")
    bob.hear()
    alice.tell("edit", id=100, seq=1, text="hello", conversation="bob")
    assert bob.hear() == [{"type": "edited", "seq": 1, "text": "hello", "by": "alice", "conversation": "alice"}]
    assert [one["type"] for one in alice.hear()] == ["edited", "ack"]
    alice.tell("delete", id=101, seq=1, conversation="bob")
    alice.tell("delete", id=102, seq=1, conversation="bob")
    alice.tell("delete", id=103, seq=1, conversation="nobody")
    assert codes(alice) == ["no-message", "incorrect-name"]
    bob.say("/room")
    alice.say("again", conversation="bob")
    bob.hear()
    alice.tell("say", id=104, text="/edit again and again", conversation="bob")
    assert [one for one in bob.hear() if one["type"] == "edited"] == []


def test_where_lines_go_nowhere_nothing_is_changed(chat: StoredChat) -> None:
    alice = chat.own_program("alice")
    alice.say("hello")
    alice.tell("part", conversation="")
    alice.hear()
    assert [one["code"] for one in alice.say("/delete")] == ["nowhere"]


def test_two_changes_of_a_private_message_at_once_are_one(chat: StoredChat) -> None:
    alice = chat.own_program("alice")
    chat.own_program("bob")
    alice.say("/chat bob")
    alice.say("hello")
    one, other = (chat.core.require_accounts().of_key(name).id for name in ("alice", "bob"))
    outcomes: list[object] = []
    for _ in range(2):
        chat.pipeline.propose(ChangePrivate(one, other, 1, "", 0), outcomes.append)
    chat.pipeline.commit()
    assert [getattr(outcome, "code", "") for outcome in outcomes] == ["", "no-message"]


def test_edit_needs_a_text_that_is_no_password(chat: StoredChat) -> None:
    alice = chat.owner("alice")
    alice.say("hello")
    assert alice.say("/edit") == ["Server: write the new text: /edit TEXT"]
    assert alice.say(f"/edit {SECRET}") == ["Server: your line was not sent: it is your password."]


def test_who_is_muted_edits_nothing(chat: StoredChat) -> None:
    alice, moderator = chat.guest("alice"), chat.owner("mod", role=Role.MODERATOR)
    alice.say("hello")
    moderator.say("/mute alice")
    assert alice.say("/edit something else")[-1] == "Server: you are muted!"


# By moderators.


def test_a_moderator_deletes_any_message(chat: StoredChat) -> None:
    alice, moderator = chat.guest("alice"), chat.owner("mod", role=Role.MODERATOR)
    alice.say("one", "two", "three")
    chat.time += CHANGEABLE_FOR + 1
    moderator.hear()
    assert moderator.say("/delete 1") == ["Server: mod has deleted a message of alice"]
    assert moderator.say("/delete ALICE") == ["Server: mod has deleted a message of alice"]
    assert moderator.say("/history") == ["Server: 2025-11-22T21:40:00Z alice: two"]
    assert moderator.say("/delete nobody") == [f"Server: {room_texts.NO_MESSAGE}"]
    assert moderator.say("/delete 1") == [f"Server: {room_texts.NO_MESSAGE}"]
    assert [line.split(" ", 2)[2] for line in moderator.say("/audit")] == [
        "mod: delete 1 of alice",
        "mod: delete 3 of alice",
    ]


def test_a_moderator_deletes_nothing_of_a_higher_role(chat: StoredChat) -> None:
    admin, moderator = chat.owner("admin", role=Role.ADMIN), chat.owner("mod", role=Role.MODERATOR)
    admin.say("hello")
    moderator.say("mine")
    assert moderator.say("/delete 1") == ["Server: nobody can delete a message of the admin!"]
    assert moderator.say("/delete admin") == ["Server: nobody can delete a message of the admin!"]
    assert moderator.say("/delete 2") == ["Server: mod has deleted a message"]


def test_what_is_not_remembered_any_more_is_deleted_from_the_store(chat: StoredChat) -> None:
    alice, moderator = chat.guest("alice"), chat.owner("mod", role=Role.MODERATOR)
    alice.say("one", "two")
    chat.pipeline.state.room.last.clear()
    moderator.hear()
    assert moderator.say("/delete 1") == ["Server: mod has deleted a message of alice"]
    assert moderator.say("/delete 1") == [f"Server: {room_texts.NO_MESSAGE}"]
    assert moderator.say("/history") == ["Server: 2025-11-22T21:40:00Z alice: two"]


# Once, and for those who were away.


def test_an_edit_that_is_sent_again_is_done_once(chat: StoredChat) -> None:
    alice = chat.own_program("alice")
    alice.say("one")
    alice.say("two")
    alice.tell("say", id=10, text="/delete")
    alice.hear()
    alice.tell("say", id=10, text="/delete")
    assert [(one["type"], one["id"]) for one in alice.hear()] == [("ack", 10)]


def test_a_deletion_on_its_way_is_acknowledged_on_the_next_connection() -> None:
    log, sessions = SlowLog(), some_sessions()
    room = a_room(log)
    alice = Bot(room, sessions)
    token = alice.hello("alice")["token"]
    alice.tell("say", id=1, text="one")
    alice.tell("say", id=2, text="two")
    log.keep_all()
    alice.tell("say", id=3, text="/delete")
    again = Bot(room, sessions)
    again.hello("alice", token=token, epoch="slow", after=2)
    again.tell("say", id=3, text="/delete")
    log.keep_all()
    heard = [(one["type"], one.get("seq", one.get("id"))) for one in again.hear() if one["type"] in {"ack", "deleted"}]
    assert heard == [("deleted", 2), ("ack", 3)]


def test_an_edit_that_could_not_be_stored_can_be_sent_again(chat: StoredChat) -> None:
    alice = chat.own_program("alice")
    alice.say("helo")
    chat.is_broken = True
    alice.tell("edit", id=10, seq=1, text="hello")
    assert codes(alice) == ["not-kept"]
    chat.is_broken = False
    alice.tell("edit", id=10, seq=1, text="hello")
    assert [one["type"] for one in alice.hear()] == ["edited", "ack"]


def test_two_who_delete_the_same_message_at_once_delete_it_once() -> None:
    log = SlowLog()
    room = a_room(log)
    alice, bob = Bot(room), Bot(room)
    alice.hello("alice")
    bob.hello("bob")
    alice.tell("say", id=1, text="one")
    log.keep_all()
    for ident in (2, 3):
        alice.tell("delete", id=ident, seq=1)
    log.keep_all()
    assert [one["type"] for one in bob.hear() if one["type"] == "deleted"] == ["deleted"]
    assert codes(alice) == ["no-message"]


def test_who_comes_back_is_told_what_has_changed_of_what_was_seen() -> None:
    room, sessions = a_room(clock=lambda: 1), some_sessions()
    alice, bob = Bot(room, sessions), Bot(room, sessions)
    token = bob.hello("bob")["token"]
    alice.hello("alice")
    for one in (alice, bob):
        one.tell("join", conversation="#ops")
    for ident, where in enumerate(("", "", "#ops", "#ops"), 1):
        alice.tell("say", id=ident, text="first", conversation=where)
    bob.hang_up()
    alice.tell("edit", id=10, seq=1, text="second")
    alice.tell("delete", id=11, seq=1, conversation="#ops")
    again = Bot(room, sessions)
    rooms = [{"conversation": ""}, {"conversation": "#ops", "after": 2}]
    again.hello("bob", token=token, epoch="memory", after=2, rooms=rooms)
    assert [one for one in again.hear() if one["type"] in {"edited", "deleted", "message"}] == [
        {"type": "edited", "seq": 1, "text": "second"},
        {"type": "deleted", "seq": 1, "conversation": "#ops"},
    ]


def test_a_change_is_not_in_the_transcript() -> None:
    alice = parse_name("alice")
    assert transcript.encode([Changed(1, alice, alice, "another")]) == b""


def test_what_was_changed_is_known_after_a_restart(chat: StoredChat) -> None:
    alice = chat.program("alice")
    alice.say("one")
    alice.say("two")
    alice.say("/edit three")
    alice.say("/delete 1")
    program: Json = chat.started_again().program("program")
    assert program.say("/history")[0]["text"] == "2025-11-22T21:40:00Z alice: three"
