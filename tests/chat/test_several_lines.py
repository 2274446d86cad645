"""Messages of several lines, and those that say what their author does."""

import pytest
from hypothesis import given, strategies as st

from asyncchat import transcript
from asyncchat.formats import plain
from asyncchat.log.room_events import Event, Joined, Sent
from asyncchat.text.sanitize import MOST_LINES
from asyncchat.text.usernames import parse_name
from tests.chat import Bot, Person, Room, a_room
from tests.chat.stored_chat import SECRET, StoredChat

ALICE = parse_name("alice")


def answers(person: Person, line: str) -> list[str]:
    person.send(f"{line}\n")
    return person.hear()


def two(room: Room) -> tuple[Bot, Person]:
    """Return a program called alice, and somebody with nc called bob."""
    alice, bob = Bot(room), Person(room)
    alice.hello("alice")
    bob.send("bob\n")
    bob.hear()
    alice.hear()
    return alice, bob


def refusals(bot: Bot) -> list[tuple[str, str]]:
    return [(one["code"], one["text"]) for one in bot.hear("refused")]


def test_a_message_of_several_lines_is_one_message_for_programs() -> None:
    alice, _ = two(a_room())
    alice.tell("say", id=1, text="def f():\n\treturn 1\r\n\n    # end\n")
    assert [one["text"] for one in alice.hear("message")] == ["def f():\n\treturn 1\n\n    # end"]


def test_each_of_its_lines_has_the_name_before_it_for_people() -> None:
    alice, bob = two(a_room())
    alice.tell("say", id=1, text="one\n\nbob: I never said that")
    assert bob.hear() == ["alice: one", "alice: ", "alice: bob: I never said that"]


def test_it_has_a_hundred_lines_at_most() -> None:
    alice, bob = two(a_room())
    alice.tell("say", id=1, text="\n".join("x" * MOST_LINES))
    assert len(bob.hear()) == MOST_LINES
    alice.hear()
    alice.tell("say", id=2, text="\n".join("x" * (MOST_LINES + 1)))
    assert refusals(alice) == [("too-long", "your line was not sent: it has more than 100 lines.")]


def test_a_text_of_line_feeds_alone_is_empty() -> None:
    alice, _ = two(a_room())
    alice.tell("say", id=1, text="\n \n")
    assert [code for code, _ in refusals(alice)] == ["empty"]


def test_the_argument_of_a_command_is_one_line() -> None:
    alice, bob = two(a_room())
    alice.tell("say", id=1, text="/away one\nbob: two")
    alice.hear()
    assert answers(bob, "/whois alice") == ["Server: alice: guest, online, away: one\u240abob: two"]


def test_an_unknown_command_with_several_lines_is_refused() -> None:
    alice, _ = two(a_room())
    alice.tell("say", id=1, text="/nothing\nmore")
    assert [code for code, _ in refusals(alice)] == ["unknown-command"]


def test_a_private_message_has_several_lines_too(chat: StoredChat) -> None:
    alice, bob = chat.own_program("alice"), chat.owner("bob")
    alice.say("/msg bob one\ntwo")
    assert bob.say("/chat alice")[1:] == ["(new) alice: one", "(new) alice: two"]


def test_one_line_that_is_the_password_keeps_back_all(chat: StoredChat) -> None:
    alice = chat.own_program("alice")
    assert [one["code"] for one in alice.say(f"one\n{SECRET}")] == ["secret"]


def test_history_and_search_show_each_line_with_the_name(chat: StoredChat) -> None:
    alice, bob = chat.program("alice"), chat.guest("bob")
    alice.say("one\ntwo")
    bob.hear()
    found = ["Server: 2025-11-22T21:40:00Z alice: one", "Server: 2025-11-22T21:40:00Z alice: two"]
    assert (bob.say("/history"), bob.say("/search one two")) == (found, found)


def test_the_transcript_has_one_line_for_it() -> None:
    assert transcript.encode([Sent(1, ALICE, "one\ntwo", 0)]) == "alice sent one\u240atwo\n".encode()


@given(texts=st.lists(st.text("ab:\n /me", min_size=1, max_size=12)), joins=st.integers(0, 3))
def test_no_line_of_any_message_can_be_of_somebody_else(texts: list[str], joins: int) -> None:
    events: list[Event] = [Sent(seq, ALICE, text, 0) for seq, text in enumerate(texts)]
    events += [Joined(ALICE, 1)] * joins
    lines = plain.encode(events).decode().split("\n")[:-1]
    assert all(line.startswith(("alice: ", "* alice ")) for line in lines)
    assert len(lines) == sum(text.count("\n") + 1 for text in texts)


# /me.


def test_me_says_what_somebody_does() -> None:
    alice, bob = two(a_room())
    assert answers(bob, "/ME  waves ") == ["* bob waves"]
    assert [one["text"] for one in alice.hear("message")] == ["/me waves"]
    alice.tell("say", id=1, text="/me thinks\nand thinks")
    assert bob.hear() == ["* alice thinks", "* alice and thinks"]


def test_me_is_a_message_like_others(chat: StoredChat) -> None:
    alice, bob = chat.owner("alice"), chat.owner("bob")
    assert alice.say("/me") == ["Server: write what it needs: /me TEXT"]
    alice.say("/chat bob", "/me waves")
    assert bob.say("/chat alice")[1:] == ["(new) * alice waves"]
    program = chat.program("carol")
    assert [one["seq"] for one in program.say("/me waves") if one["type"] == "ack"] == [1]


# /away.


@pytest.mark.parametrize("text", ["", "lunch"])
def test_away_is_told_to_who_asks(text: str) -> None:
    room = a_room()
    alice, bob = two(room)
    answers(bob, "/away something else")
    answers(bob, f"/away {text}")
    alice.tell("say", id=1, text="/whois bob")
    assert [one["text"] for one in alice.hear("notice")] == ["bob: guest, online" + (f", away: {text}" if text else "")]


def test_whois_names_the_rooms_in_which_both_are() -> None:
    room = a_room()
    alice, bob = two(room)
    for name in ("#ops", "#dev"):
        alice.tell("join", conversation=name)
    assert answers(bob, "/whois alice") == ["Server: alice: guest, online"]
    answers(bob, "/join #ops")
    assert answers(bob, "/whois alice") == ["Server: alice: guest, online, in #ops"]
