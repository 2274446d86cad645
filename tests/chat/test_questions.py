"""What sessions ask of a store, and what they make of the answers."""

from typing import Any

import pytest

from asyncchat.chat.requests.queries import Found, History, LoadResumption, SavedResumption, Search
from asyncchat.chat.resumption import hash_token
from asyncchat.log.requests import Request
from asyncchat.log.room_events import SHOWN, Sent
from asyncchat.sessions.session import Session
from asyncchat.text.refusals import NotKept
from asyncchat.text.usernames import parse_name
from tests.chat import Bot, Person, Room, SlowLog, a_room, some_sessions

BOB = parse_name("bob")
SAID = [Sent(41, BOB, "one", 1_763_847_600_123), Sent(42, BOB, "two", 1_763_847_660_000)]
LINES = ["2025-11-22T21:40:00Z bob: one", "2025-11-22T21:41:00Z bob: two"]


class StoredLog(SlowLog):
    """A journal that can be asked for what it keeps."""

    is_archive = True


def a_stored_room() -> Room:
    return a_room(StoredLog())


def asked_by(session: Session) -> object:
    return session.pending_request


def somebody(room: Room | None = None) -> Person:
    person = Person(room or a_stored_room())
    person.send("alice\n")
    person.hear()
    return person


def a_bot(room: Room) -> Bot:
    bot = Bot(room, some_sessions())
    bot.hello("alice")
    bot.hear()
    return bot


@pytest.mark.parametrize(
    ("line", "question"),
    [
        ("/history 250", History(250)),
        ("/history", History(SHOWN)),
        ("/HISTORY   7 ", History(7)),
        ("/history 0", History(1)),
        ("/search red fox", Search("red fox")),
    ],
)
def test_a_command_asks(line: str, question: Request[Any]) -> None:
    person = somebody()
    person.send(f"{line}\n")
    assert asked_by(person.session) == question
    assert person.hear() == []


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("/history x", "Server: x is not a number! Write something like /history 50."),
        ("/history -1", "Server: -1 is not a number! Write something like /history 50."),
        ("/history ١", "Server: ١ is not a number! Write something like /history 50."),
        ("/history " + "9" * 50, "Server: " + "9" * 32 + " is not a number! Write something like /history 50."),
        ("/search", "Server: write what to search for: /search WORDS"),
    ],
)
def test_what_can_not_be_asked_is_refused(line: str, answer: str) -> None:
    person = somebody()
    person.send(f"{line}\n")
    assert (asked_by(person.session), person.hear()) == (None, [answer])


def test_without_a_store_nothing_can_be_asked() -> None:
    person = somebody(a_room())
    person.send("/history 5\n")
    assert asked_by(person.session) is None
    assert person.hear() == ["Server: nothing is kept here: this chat is served without --store"]


STOPPED = (
    "the search took too long and was stopped: there may be more, further back."
    " Search for fewer words, or for rarer ones."
)


@pytest.mark.parametrize(
    ("command", "answer", "lines"),
    [
        ("/history 9", SAID, LINES),
        ("/history 9", [], ["there are no messages yet"]),
        ("/search fox", Found(SAID), LINES),
        ("/search fox", Found([]), ["nothing found: fox"]),
        ("/search fox", Found(SAID, is_all=False), [*LINES, STOPPED]),
        ("/search fox", Found([], is_all=False), ["nothing found: fox", STOPPED]),
    ],
)
def test_the_answer_is_told(command: str, answer: list[Sent] | Found, lines: list[str]) -> None:
    person = somebody()
    person.send(f"{command}\n")
    person.session.resume(answer)
    assert person.hear() == [f"Server: {line}" for line in lines]
    assert asked_by(person.session) is None


def test_that_there_is_no_answer_is_told() -> None:
    person = somebody()
    person.send("/search fox\n")
    person.session.throw(NotKept("the disk has an error"))
    assert person.hear() == ["Server: this can't be done: the disk has an error."]
    assert asked_by(person.session) is None


def test_lines_wait_for_the_answer() -> None:
    person = somebody()
    lines = iter([b"/history 9", b"/nonsense"])
    person.session.receive(lines)
    assert person.hear() == []
    person.session.resume(SAID)
    person.session.receive(lines)
    assert [line[:23] for line in person.hear()] == [
        "Server: 2025-11-22T21:4",
        "Server: 2025-11-22T21:4",
        "Server: unknown command",
    ]


def test_an_answer_to_somebody_who_is_gone_is_dropped() -> None:
    person = somebody()
    person.send("/history 9\n")
    person.session.leave()
    person.session.resume(SAID)
    assert person.hear() == []


def test_a_line_that_could_not_be_kept_is_refused() -> None:
    journal = SlowLog()
    person = somebody(a_room(journal))
    journal.keep_all()
    person.send("hello\n")
    journal.fail("the disk is full")
    assert person.hear() == ["Server: your line was not sent: the disk is full."]


def test_somebody_who_is_leaving_hears_no_refusal() -> None:
    journal = SlowLog()
    person = somebody(a_room(journal))
    journal.keep_all()
    person.send("hello\n/exit\n")
    journal.fail("the disk is full")
    assert (person.hear(), person.peer.closed) == ([], True)


# Programs.


def test_a_program_gets_the_answer_before_its_ack() -> None:
    bot = a_bot(a_stored_room())
    bot.tell("say", id=1, text="/history 2")
    assert bot.hear() == []
    bot.session.resume(SAID)
    notices = [
        {"type": "notice", "text": line, "times": [line.split()[0]], "seq": seq} for seq, line in enumerate(LINES, 41)
    ]
    assert bot.hear() == [*notices, {"type": "ack", "id": 1}]


def test_a_program_whose_place_another_has_by_then_gets_no_ack() -> None:
    room, sessions = a_stored_room(), some_sessions()
    bot = Bot(room, sessions)
    token = bot.hello("alice")["token"]
    bot.tell("say", id=1, text="/history 2")
    Bot(room, sessions).hello("alice", token=token)
    bot.hear()
    bot.session.resume(SAID)
    assert bot.hear() == []


def test_a_program_is_told_what_could_not_be_kept() -> None:
    journal = SlowLog()
    bot = a_bot(a_room(journal))
    journal.keep_all()
    bot.tell("say", id=1, text="hello")
    journal.fail("the disk is full")
    assert bot.hear("refused") == [
        {"type": "refused", "id": 1, "code": "not-kept", "text": "your line was not sent: the disk is full."}
    ]
    bot.tell("say", id=1, text="hello")
    journal.keep_all()
    assert bot.hear("ack") == [{"type": "ack", "id": 1, "seq": 1}]


def test_a_program_that_ends_its_input_is_told_what_could_not_be_kept() -> None:
    journal = SlowLog()
    bot = a_bot(a_room(journal))
    journal.keep_all()
    bot.at_once = False
    bot.tell("say", id=1, text="hello")
    bot.hang_up()
    bot.pipeline.commit()
    journal.fail("the disk is full")
    assert [event["id"] for event in bot.hear("refused")] == [1]
    assert bot.peer.closed


def come_back(room: Room, **fields: object) -> Bot:
    bot = Bot(room, some_sessions())
    bot.tell("hello", v=1, name="alice", **fields)
    return bot


def test_a_token_of_which_the_room_knows_nothing_is_looked_up() -> None:
    bot = come_back(a_stored_room(), token="t", epoch="slow", after=0)
    assert asked_by(bot.session) == LoadResumption(hash_token("t"))
    assert bot.hear() == []
    bot.session.resume(SavedResumption([(7, 42), (6, 41)], None))
    (welcome,) = bot.hear("welcome")
    assert (welcome["token"], welcome["resumed"]) == ("t", True)
    bot.tell("say", id=6, text="again")
    bot.tell("say", id=3, text="older")
    assert [(answer["type"], answer.get("seq")) for answer in bot.hear()] == [("ack", 41), ("refused", None)]


@pytest.mark.parametrize(("first", "missed"), [(15, [*range(5, 21)]), (3, [*range(1, 21)]), (None, [*range(11, 21)])])
def test_a_token_that_was_looked_up_brings_what_its_first_welcome_may_have_brought(
    first: int | None, missed: list[int]
) -> None:
    room = a_room(journal := StoredLog())
    somebody(room).send("".join(f"{number}\n" for number in range(1, 21)))
    journal.keep_all()
    bot = Bot(room, some_sessions())
    bot.tell("hello", v=1, name="bob", token="t", epoch="slow", after=0)
    bot.session.resume(SavedResumption([(1, first or 1)], None, first=first))
    assert [event["text"] for event in bot.hear("message")] == [str(number) for number in missed]


def test_a_token_that_can_not_be_looked_up_is_as_good_as_none() -> None:
    bot = come_back(a_stored_room(), token="t", epoch="slow", after=0)
    bot.session.throw(NotKept("the disk has an error"))
    (welcome,) = bot.hear("welcome")
    assert (welcome["token"], welcome["resumed"]) == ("token1", False)


def test_a_name_that_is_taken_by_then_is_refused_and_another_may_follow() -> None:
    room = a_stored_room()
    bot = come_back(room, token="t", epoch="slow", after=0)
    somebody(room)
    bot.session.resume(SavedResumption([], None))
    assert bot.hear("error")[0]["code"] == "name-taken"
    bot.tell("hello", v=1, name="bob")
    assert bot.hear("welcome")[0]["name"] == "bob"


@pytest.mark.parametrize("fields", [{"token": "t", "epoch": "another"}, {"token": "t"}, {"epoch": "slow"}])
def test_whoever_was_not_in_this_conversation_is_not_looked_up(fields: dict[str, str]) -> None:
    bot = come_back(a_stored_room(), **fields)
    assert asked_by(bot.session) is None
    assert bot.hear("welcome")[0]["resumed"] is False


# The room that goes on.


def test_a_room_goes_on_where_its_journal_ends() -> None:
    room = a_room(SlowLog(recent=SAID), history=1, clock=lambda: 5)
    assert (room.seq, room.last()) == (42, SAID[1:])
    person = somebody(room)
    person.send("hello\n")
    assert room.state.since(40) == SAID


def test_a_message_has_the_time_that_the_clock_says_also_after_it_was_set_back() -> None:
    times = iter([1000, 400, 1200])
    room = a_room(clock=lambda: next(times))
    person = somebody(room)
    person.send("one\ntwo\nthree\n")
    assert [sent.time for sent in room.last()] == [1000, 400, 1200]
