"""The lines that a pipe prints of JSON events: as a server says them in plain text."""

import pytest

from asyncchat.client import event_lines
from asyncchat.client.event_lines import EventLines
from asyncchat.errors import ChatError
from asyncchat.formats import events
from asyncchat.formats.events import Deleted, Edited, Gap, Message, Notice, Parted, Refused, Room, Turned, Welcome

TIME = "2026-01-01T00:00:00Z"
WELCOME = Welcome("alice", "t", "e", 0, 1, 99, resumed=False, room="#lobby")


def message(seq: int, text: str, conversation: str = "", sender: str = "bob", *, new: bool = False) -> Message:
    return Message(seq, TIME, sender, text, conversation, new)


def shown(*happened: events.FromServer, room: str = "") -> list[str]:
    lines = EventLines(room)
    return [line for event in happened for line in lines.of(event).decode().splitlines()]


def test_messages_are_lines_with_the_name_before_them() -> None:
    assert shown(message(1, "hello"), message(2, "one\ntwo"), message(3, "/me waves")) == [
        "bob: hello",
        "bob: one",
        "bob: two",
        "* bob waves",
    ]


def test_what_a_server_says_is_a_line_from_it() -> None:
    said: list[events.FromServer] = [
        Notice("hello"),
        events.Error("late", "too late"),
        Parted("#ops", "not-invited", "you are out"),
    ]
    assert shown(*said) == ["Server: hello", "Server: too late", "Server: you are out"]


def test_what_plain_text_has_no_form_for_is_not_printed() -> None:
    silent: list[events.FromServer] = [
        WELCOME,
        events.Joined("bob", 2),
        events.Left("bob", 1),
        events.Members(3),
        events.Topic("tea"),
    ]
    silent += [events.Unread("bob", 2), events.Read(1), events.Ack(1, 1), events.You("alice", "guest"), Parted("#ops")]
    assert shown(*silent, Turned(None), events.Bye("Goodbye!")) == []


def test_private_messages_are_marked() -> None:
    assert shown(
        Turned("bob"),
        message(1, "early", "bob", new=True),
        message(2, "hi", "bob"),
        Edited(2, "ho", "bob", "bob"),
        Deleted(2, "bob", "bob"),
        Turned(""),
    ) == [
        "Server: you write to bob alone now. /room turns back.",
        "(new) bob: early",
        "(private) bob: hi",
        "(private) (edited) bob: ho",
        "(private) Server: bob has deleted a message",
        "Server: you write to everybody now.",
    ]


def test_changes_name_the_author() -> None:
    assert shown(
        message(1, "teh"),
        Edited(1, "the", "bob"),
        Deleted(1, "carol"),
        message(2, "x", "#ops"),
        Edited(2, "y", "bob", "#ops"),
        Deleted(2, "bob", "#ops"),
    ) == ["bob: teh", "(edited) bob: the", "Server: carol has deleted a message of bob"]


def test_changes_that_were_missed_are_printed_if_their_message_was() -> None:
    assert shown(message(1, "teh"), Edited(1, "the"), Edited(2, "other"), Deleted(1)) == [
        "bob: teh",
        "(edited) bob: the",
    ]


def test_authors_are_remembered_of_the_last_messages_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_lines, "REMEMBERED", 1)
    *_, last, before = shown(message(1, "a"), message(2, "b"), Deleted(2, "carol"), Deleted(1, "carol"))
    assert (last, before) == ("Server: carol has deleted a message of bob", "Server: carol has deleted a message")


def test_missing_messages_are_told_where_they_are_missing() -> None:
    assert shown(Gap(1, 1), Gap(2, 4), Gap(1, 9, "#ops")) == [
        "Server: 1 message is missing here.",
        "Server: 3 messages are missing here.",
    ]


@pytest.mark.parametrize(
    ("refused", "number"),
    [
        (Refused(1, "empty", "your line was not sent: it is empty."), 1),
        (Refused(1, "in-doubt", "it is not known whether this was posted."), 1),
        (Refused(1, "role", "you are not a moderator or an admin!"), 0),
    ],
)
def test_lines_that_were_not_taken_are_counted_and_commands_that_failed_are_not(refused: Refused, number: int) -> None:
    lines = EventLines()
    assert lines.of(refused).decode() == f"Server: {refused.text}\n"
    assert lines.refused == number


def test_one_room_is_printed_at_a_time_and_the_one_before_is_left() -> None:
    lines = EventLines()
    said: list[events.FromServer] = [
        WELCOME,
        Room("#ops", 0, 1, "tea"),
        Turned("#ops"),
        message(1, "here", "#ops"),
        message(1, "there"),
        Room("#ops", 0, 1),
    ]
    assert b"".join(map(lines.of, said)).decode().splitlines() == [
        "Server: you are in #ops now, 1 online: tea",
        "bob: here",
    ]
    assert (lines.take_left(), lines.take_left()) == ([""], [])
    assert lines.of(Turned("bob"))
    assert lines.of(Turned("#ops")) == b"Server: you write to everybody in #ops now.\n"
    assert lines.of(Turned("")) == b""  # it was still in that one
    assert lines.of(message(2, "again")) == b"bob: again\n"
    assert lines.take_left() == ["#ops"]
    assert lines.of(Room("#ops", 0, 1))
    assert lines.of(Room("", 0, 2)) == b"Server: you are in #lobby now, 2 online.\n"


def test_where_one_writes_is_told_when_it_was_asked_for_and_not_after_a_reconnect() -> None:
    assert shown(WELCOME, events.Ack(1), Turned("")) == ["Server: you write to everybody now."]
    assert shown(Room("#ops", 0, 1), Turned("#ops"), events.Ack(1), WELCOME, Turned("#ops"), room="#ops") == [
        "Server: you are in #ops now, 1 online."
    ]


def test_a_room_that_was_asked_for_is_entered_and_none_is_left() -> None:
    lines = EventLines("#ops")
    assert lines.of(Room("#ops", 0, 1)) == b"Server: you are in #ops now, 1 online.\n"
    assert lines.take_left() == []


def test_a_room_that_was_asked_for_and_cannot_be_entered_is_an_error_unless_it_is_lost_later() -> None:
    lost = Parted("#ops", "no-room", "there is no room with this name.")
    with pytest.raises(ChatError, match="join #ops: there is no room"):
        shown(WELCOME, lost, room="#ops")
    assert len(shown(WELCOME, Room("#ops", 0, 1), lost, Parted("#dev", "x", "y"), room="#ops")) == 3
