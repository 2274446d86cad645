"""One peer's conversation with the server, for programs and for clients that come back."""

import json

import pytest
from hypothesis import given, strategies as st

from asyncchat.chat.resumption import ResumableSessions
from asyncchat.formats.events import JSON_LINE, MOST_UNANSWERED
from asyncchat.log.room_events import ANNOUNCED, ConnectionReplaced, Joined, Left, Reconnected, Sent
from asyncchat.sessions.json import JsonSession
from asyncchat.text.usernames import parse_name
from tests.chat import ADDRESS, Bot, Peer, Person, Room, Said, SlowLog, a_room, record, some_sessions
from tests.chat.test_events import LINES, NESTED


def bots(room: Room, *names: str, sessions: ResumableSessions | None = None) -> list[Bot]:
    """Let programs in, to whom nothing is left to say."""
    sessions = sessions or some_sessions()
    here = [Bot(room, sessions) for _ in names]
    for bot, name in zip(here, names, strict=True):
        assert bot.hello(name)["type"] == "welcome"
    for bot in here:
        bot.hear()
    return here


def a_bot(name: str = "alice") -> Bot:
    return bots(a_room(), name)[0]


def said(*texts: str, by: str = "alice", first: int = 1) -> list[Said]:
    """Return these messages as everybody sees them."""
    return [
        {"type": "message", "seq": seq, "time": "1970-01-01T00:00:00.000Z", "from": by, "text": text}
        for seq, text in enumerate(texts, first)
    ]


# Hello.


@pytest.mark.parametrize(("history", "wanted"), [(0, []), (2, ["two", "three"]), (None, ["one", "two", "three"])])
def test_a_newcomer_gets_as_many_messages_of_each_room_as_it_wants(history: int | None, wanted: list[str]) -> None:
    room = a_room()
    (alice,) = bots(room, "alice")
    alice.tell("join", conversation="#ops")
    alice.tell("join", conversation="#dev")
    for name in ("", "#ops", "#dev"):
        for text in ("one", "two", "three"):
            alice.tell("say", id=len(alice.session.user.resumable.acked), text=text, conversation=name)
    bob = Bot(room, some_sessions())
    rooms = [{"conversation": name} for name in ("", "#ops")]
    bob.hello("bob", rooms=rooms, **({} if history is None else {"history": history}))
    bob.tell("join", conversation="#dev")
    heard = bob.hear("message")
    for name in ("", "#ops", "#dev"):
        assert [event["text"] for event in heard if event.get("conversation", "") == name] == wanted


def test_says_nothing_before_it_is_spoken_to() -> None:
    assert Bot(a_room(), some_sessions()).hear() == []


def test_whoever_says_hello_is_welcome() -> None:
    room = a_room()
    (bob,) = bots(room, "bob")
    bob.tell("say", id=1, text="hello")
    assert Bot(room, some_sessions(), limit=100).hello("Alice") == {
        "type": "welcome",
        "name": "Alice",
        "token": "token1",
        "epoch": "memory",
        "seq": 1,
        "members": 2,
        "max_line": 100,
        "resumed": False,
        "names": ["Alice", "bob"],
        "store": False,
        "lines": 100,
        "room": "#lobby",
    }


def test_a_peer_has_no_name_before_it_has_said_hello() -> None:
    assert Bot(a_room(), some_sessions()).name is None


def test_a_peer_has_the_name_that_it_was_welcomed_with() -> None:
    bot = Bot(a_room(), some_sessions())
    welcome = bot.hello("Zoe\u0301")
    assert bot.name == welcome["name"] == "Zoé"


def test_a_newcomer_gets_the_last_messages_behind_the_welcome_and_then_sees_itself_join() -> None:
    room = a_room()
    (bob,) = bots(room, "bob")
    for ident in range(12):
        bob.tell("say", id=ident, text=f"message {ident}")
    alice = Bot(room, some_sessions())
    alice.hello("alice")
    assert alice.hear() == [
        *said(*(f"message {ident}" for ident in range(2, 12)), by="bob", first=3),
        {"type": "joined", "name": "alice", "members": 2},
    ]


@pytest.mark.parametrize("history", [0, 3])
def test_a_newcomer_may_want_fewer_messages(history: int) -> None:
    room = a_room()
    (bob,) = bots(room, "bob")
    for ident in range(12):
        bob.tell("say", id=ident, text="hello")
    alice = Bot(room, some_sessions())
    alice.hello("alice", history=history)
    assert len(alice.hear("message")) == history


@pytest.mark.parametrize("name", ["bob", "BOB"])
def test_a_name_that_is_taken_is_refused_and_another_may_follow(name: str) -> None:
    room, sessions = a_room(), some_sessions()
    bots(room, "bob", sessions=sessions)
    alice = Bot(room, sessions)
    assert alice.hello(name) == {"type": "error", "code": "name-taken", "text": "this name is already taken!"}
    assert alice.hello("alice")["type"] == "welcome"


def test_a_name_that_cant_be_used_is_refused_with_the_reason_and_another_may_follow() -> None:
    alice = Bot(a_room(), some_sessions())
    assert alice.hello("") == {
        "type": "error",
        "code": "name-refused",
        "text": "this name can't be used: it is empty.",
    }
    assert alice.hello("alice")["type"] == "welcome"


@pytest.mark.parametrize("version", [0, 2, 10**40])
def test_another_version_is_refused_and_ours_may_follow(version: int) -> None:
    alice = Bot(a_room(), some_sessions())
    alice.tell("hello", v=version, name="alice")
    (error,) = alice.hear()
    assert (error["type"], error["code"]) == ("error", "version")
    assert alice.hello("alice")["type"] == "welcome"


def test_nobody_comes_in_twice() -> None:
    alice = a_bot()
    assert alice.hello("alice2")["code"] == "in-already"
    assert alice.name == "alice"


def test_a_message_before_hello_is_refused() -> None:
    alice = Bot(a_room(), some_sessions())
    alice.tell("say", id=1, text="hello")
    (error,) = alice.hear()
    assert (error["type"], error["code"]) == ("error", "no-name")


@pytest.mark.parametrize(("members", "told"), [(ANNOUNCED, True), (ANNOUNCED + 1, False)])
def test_the_welcome_names_everybody_as_long_as_they_are_not_too_many(members: int, told: bool) -> None:
    room = a_room()
    *_, last = [Bot(room, some_sessions()) for _ in range(members)]
    for number in range(1, members):
        Person(room).send(f"p{number:03}\n")
    welcome = last.hello("alice")
    everybody = ["alice", *(f"p{number:03}" for number in range(1, members))]
    assert (welcome["members"], welcome.get("names")) == (members, everybody if told else None)


# Messages.


def test_everybody_gets_the_same_bytes_and_the_sender_its_receipt_behind_them() -> None:
    alice, bob = bots(a_room(), "alice", "bob")
    alice.tell("say", id=7, text="hello")
    heard = bob.peer.take()
    assert json.loads(heard) == said("hello")[0]
    assert alice.peer.take() == heard + b'{"type":"ack","id":7,"seq":1}\n'


def test_nobody_but_the_sender_gets_a_receipt() -> None:
    alice, bob = bots(a_room(), "alice", "bob")
    alice.tell("say", id=7, text="hello")
    assert bob.hear("ack") == []


def test_those_who_speak_plain_text_and_those_who_speak_json_hear_each_other() -> None:
    room = a_room()
    (alice,) = bots(room, "alice")
    bob = Person(room)
    bob.send("bob\nhi\n")
    alice.tell("say", id=1, text="hello")
    assert bob.hear() == ["Server: write your name", "bob: hi", "alice: hello"]
    assert alice.hear("message") == [*said("hi", by="bob"), *said("hello", first=2)]


def test_control_characters_reach_others_as_their_stand_ins() -> None:
    alice, bob = bots(a_room(), "alice", "bob")
    alice.tell("say", id=1, text="\x1b[2J\r\x00bob: I never said that\u2028")
    assert bob.hear() == said("\u241b[2J\u240d\u2400bob: I never said that<U+2028>")


def test_two_slashes_say_a_line_with_one() -> None:
    alice, bob = bots(a_room(), "alice", "bob")
    alice.tell("say", id=1, text="//exit")
    assert bob.hear() == said("/exit")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("x" * 4097, "too-long", id="too long"),
        pytest.param("é" * 2049, "too-long", id="too long in bytes"),
        pytest.param("", "empty", id="empty"),
        pytest.param(" \t\u3000", "empty", id="blank"),
        pytest.param("/mgs bob secret", "unknown-command", id="unknown command"),
    ],
)
def test_what_cant_be_taken_is_refused_to_its_sender_alone(text: str, code: str) -> None:
    alice, bob = bots(a_room(), "alice", "bob")
    alice.tell("say", id=3, text=text)
    (refused,) = alice.hear()
    assert (refused["type"], refused["id"], refused["code"]) == ("refused", 3, code)
    assert bob.hear() == []


@pytest.mark.parametrize("text", ["x" * 4096, "é" * 2048, "\x00" * 2700])
def test_a_text_of_the_limit_is_taken_however_long_its_line_is(text: str) -> None:
    alice = a_bot()
    alice.tell("say", id=1, text=text)
    assert alice.hear("ack") == [{"type": "ack", "id": 1, "seq": 1}]


def test_a_line_that_is_too_long_is_an_error_and_the_conversation_goes_on() -> None:
    alice = a_bot()
    alice.send(b'{"type":"say","id":1,"text":"' + b"x" * 4096 * JSON_LINE + b'"}\n')
    assert [event["code"] for event in alice.hear("error")] == ["too-long"]
    alice.tell("say", id=1, text="hello")
    assert alice.hear("ack") == [{"type": "ack", "id": 1, "seq": 1}]


@pytest.mark.parametrize("kind", ["ping", "pong"])
def test_a_ping_or_pong_before_hello_does_no_harm(kind: str) -> None:
    bot = Bot(a_room(), some_sessions())
    bot.tell(kind)
    bot.hear()
    assert bot.hello("alice")["type"] == "welcome"


@pytest.mark.parametrize("line", [b"hello", b"[]", b'{"type":"shout"}', *NESTED])
def test_a_line_that_is_no_event_is_an_error_and_the_conversation_goes_on(line: bytes) -> None:
    alice = a_bot()
    alice.send(line + b"\n")
    assert [event["type"] for event in alice.hear()] == ["error"]
    alice.tell("say", id=1, text="hello")
    assert alice.hear("ack") == [{"type": "ack", "id": 1, "seq": 1}]


@given(st.lists(LINES | st.none(), max_size=8))
def test_whatever_is_sent_the_connection_can_be_used_afterwards(lines: list[bytes | None]) -> None:
    room = a_room()
    alice, bob = Bot(room, some_sessions()), Bot(room, some_sessions())
    bob.hello("bob")
    alice.session.receive(lines)
    room.commit()
    alice.hear()
    if alice.name is None:
        assert alice.hello("alice")["type"] == "welcome"
    # No smaller, since an id must rise, and hypothesis knows no bounds.
    alice.tell("say", id=2**53 - 1, text="hello")
    assert bob.hear("message")[-1]["text"] == "hello"


# Each id once.


def test_an_id_that_comes_again_is_acknowledged_again_and_not_posted_again() -> None:
    alice, bob = bots(a_room(), "alice", "bob")
    for _ in range(2):
        alice.tell("say", id=7, text="hello")
    assert alice.hear("ack") == [{"type": "ack", "id": 7, "seq": 1}] * 2
    assert bob.hear() == said("hello")


def test_a_command_that_comes_again_is_acknowledged_again_and_not_done_again() -> None:
    alice = a_bot()
    for _ in range(2):
        alice.tell("say", id=7, text="/list")
    assert alice.hear() == [
        {"type": "notice", "text": "no one online"},
        {"type": "ack", "id": 7},
        {"type": "ack", "id": 7},
    ]


def test_ids_need_not_follow_each_other_but_must_rise() -> None:
    alice = a_bot()
    alice.tell("say", id=10, text="ten")
    alice.tell("say", id=9, text="nine")
    alice.tell("say", id=20, text="twenty")
    assert [event["id"] for event in alice.hear("ack")] == [10, 20]


def test_an_id_that_does_not_rise_and_is_not_known_is_refused() -> None:
    alice = a_bot()
    alice.tell("say", id=10, text="ten")
    alice.hear()
    alice.tell("say", id=9, text="nine")
    (refused,) = alice.hear()
    assert (refused["type"], refused["id"], refused["code"]) == ("refused", 9, "old-id")


def test_an_id_that_was_refused_may_be_used_again() -> None:
    alice = a_bot()
    alice.tell("say", id=1, text="")
    alice.tell("say", id=1, text="hello")
    assert alice.hear("ack") == [{"type": "ack", "id": 1, "seq": 1}]


def test_nothing_is_acknowledged_before_the_journal_has_kept_it() -> None:
    journal = SlowLog()
    (alice,) = bots_with(journal, "alice")
    alice.tell("say", id=1, text="hello")
    assert alice.hear() == []
    journal.keep_all()
    assert [event["type"] for event in alice.hear()] == ["message", "ack"]


def test_an_id_that_comes_again_before_it_is_kept_is_acknowledged_once_it_is_and_posted_once() -> None:
    journal = SlowLog()
    (alice,) = bots_with(journal, "alice")
    alice.tell("say", id=1, text="hello")
    alice.tell("say", id=1, text="hello")
    assert alice.hear() == []
    journal.keep_all()
    assert [event["type"] for event in alice.hear()] == ["message", "ack"]


def test_no_more_than_so_many_may_wait_for_their_ack() -> None:
    journal = SlowLog()
    (alice,) = bots_with(journal, "alice")
    for ident in range(MOST_UNANSWERED + 1):
        alice.tell("say", id=ident, text="hello")
    (refused,) = alice.hear()
    assert (refused["type"], refused["id"], refused["code"]) == ("refused", MOST_UNANSWERED, "too-many")


def test_whoever_has_got_an_ack_may_go_on() -> None:
    journal = SlowLog()
    (alice,) = bots_with(journal, "alice")
    for ident in range(MOST_UNANSWERED):
        alice.tell("say", id=ident, text="hello")
    journal.keep_one()
    alice.hear()
    alice.tell("say", id=MOST_UNANSWERED, text="hello")
    assert alice.hear("refused") == []


def bots_with(journal: SlowLog, *names: str, sessions: ResumableSessions | None = None) -> list[Bot]:
    """Let programs into a room with this journal."""
    here = bots(a_room(journal), *names, sessions=sessions)
    journal.keep_all()
    for bot in here:
        bot.hear()
    return here


# Commands.


def test_a_command_is_answered_to_its_sender_alone_and_then_acknowledged() -> None:
    alice, bob = bots(a_room(), "alice", "bob")
    alice.tell("say", id=1, text="/list")
    assert alice.hear() == [{"type": "notice", "text": "online: bob"}, {"type": "ack", "id": 1}]
    assert bob.hear() == []


def test_exit_is_acknowledged_and_ends_the_connection() -> None:
    alice, bob = bots(a_room(), "alice", "bob")
    alice.tell("say", id=1, text="/exit")
    assert alice.hear("ack") == [{"type": "ack", "id": 1}]
    assert alice.peer.closed
    assert bob.hear() == [{"type": "left", "name": "alice", "members": 1}]


def test_nothing_is_handled_after_exit() -> None:
    alice, bob = bots(a_room(), "alice", "bob")
    alice.send(b'{"type":"say","id":1,"text":"/exit"}\n{"type":"say","id":2,"text":"hello"}\n')
    assert bob.hear("message") == []


# Pings.


def test_a_ping_is_answered() -> None:
    bot = Bot(a_room(), some_sessions())
    bot.tell("ping")
    assert bot.hear() == [{"type": "pong"}]


def test_a_pong_is_not_answered() -> None:
    alice = a_bot()
    alice.tell("pong")
    assert alice.hear() == []


def test_a_peer_can_be_asked_whether_it_is_there() -> None:
    alice = a_bot()
    alice.session.ping()
    assert alice.hear() == [{"type": "ping"}]


# The end.


def test_end_of_input_flushes_what_the_peer_is_owed_and_lets_it_leave() -> None:
    room = a_room()
    (alice,) = bots(room, "alice")
    events = record(room)
    alice.session.receive([b'{"type":"say","id":1,"text":"hello"}'])
    alice.hang_up()
    heard = alice.hear()
    assert heard[0] == said("hello")[0]
    assert heard[-1] == {"type": "ack", "id": 1, "seq": 1}
    assert alice.peer.closed
    name = parse_name("alice")
    assert [event._replace(token_hash=b"") if isinstance(event, Sent) else event for event in events] == [
        Sent(1, name, "hello", 0, ident=1),
        Left(name, 0),
    ]


def test_end_of_input_before_hello_ends_the_connection() -> None:
    bot = Bot(a_room(), some_sessions())
    bot.hang_up()
    assert bot.peer.closed


def test_a_last_line_without_end_is_not_taken_and_its_sender_is_told() -> None:
    alice, bob = bots(a_room(), "alice", "bob")
    alice.send(b'{"type":"say","id":1,"text":"hello"}')
    alice.hang_up()
    assert [event["code"] for event in alice.hear("error")] == ["unfinished"]
    assert bob.hear("message") == []


def test_the_goodbye_is_bye_and_the_connection_ends() -> None:
    alice, bob = bots(a_room(), "alice", "bob")
    alice.session.disconnect("the chat is closing.")
    alice.pipeline.commit()
    assert alice.hear()[0] == {"type": "bye", "text": "the chat is closing."}
    assert alice.peer.closed
    assert bob.hear() == [{"type": "left", "name": "alice", "members": 1}]


def test_no_goodbye_is_said_to_a_peer_that_leaves() -> None:
    alice = a_bot()
    alice.session.leave()
    alice.session.disconnect("the chat is closing.")
    assert alice.hear() == []


def test_a_peer_that_has_not_said_hello_can_be_told_goodbye() -> None:
    bot = Bot(a_room(), some_sessions())
    bot.session.disconnect("it took you too long.")
    assert bot.hear() == [{"type": "bye", "text": "it took you too long."}]
    assert bot.peer.closed


# Coming back.


def test_a_token_takes_the_name_back_from_a_connection_that_lives_which_gets_bye() -> None:
    room, sessions = a_room(), some_sessions()
    old, new = Bot(room, sessions), Bot(room, sessions)
    welcome = old.hello("alice")
    old.hear()
    again = new.hello("alice", token=welcome["token"])
    assert (again["name"], again["token"], again["resumed"]) == ("alice", welcome["token"], True)
    assert old.hear() == [{"type": "bye", "text": "you are here on another connection now", "code": "elsewhere"}]
    assert old.peer.closed


def test_others_hear_nothing_of_somebody_who_comes_back_and_the_transcript_does() -> None:
    room, sessions = a_room(), some_sessions()
    old, new = Bot(room, sessions), Bot(room, sessions)
    token = old.hello("alice")["token"]
    (bob,) = bots(room, "bob")
    events = record(room)
    new.hello("alice", token=token)
    old.hang_up()
    assert bob.hear() == []
    assert events == [ConnectionReplaced(parse_name("alice")), Reconnected(parse_name("alice"))]


def test_the_name_stays_as_it_was_when_somebody_comes_back_with_other_capital_letters() -> None:
    room, sessions = a_room(), some_sessions()
    token = Bot(room, sessions).hello("Alice")["token"]
    assert Bot(room, sessions).hello("alice", token=token)["name"] == "Alice"


def test_an_unknown_token_gives_a_new_session_but_no_taken_name() -> None:
    room, sessions = a_room(), some_sessions()
    Bot(room, sessions).hello("alice")
    other = Bot(room, sessions)
    assert other.hello("alice", token="guessed")["code"] == "name-taken"
    welcome = other.hello("alice2", token="guessed")
    assert welcome["resumed"] is False
    assert welcome["token"] != "guessed"


def test_the_token_of_one_does_not_take_the_name_of_another() -> None:
    room, sessions = a_room(), some_sessions()
    alice, bob, other = Bot(room, sessions), Bot(room, sessions), Bot(room, sessions)
    token = alice.hello("alice")["token"]
    bob.hello("bob")
    assert other.hello("bob", token=token)["code"] == "name-taken"
    alice.hear()
    alice.tell("say", id=1, text="still here")
    assert alice.hear("ack")


def test_whoever_comes_back_under_another_name_leaves_and_joins() -> None:
    room, sessions = a_room(), some_sessions()
    old, new = Bot(room, sessions), Bot(room, sessions)
    token = old.hello("alice")["token"]
    events = record(room)
    assert new.hello("carol", token=token)["resumed"] is True
    room.commit()
    assert old.peer.closed
    assert sorted(events) == sorted([Joined(parse_name("carol"), 2), Left(parse_name("alice"), 1)])


def test_a_session_can_be_resumed_after_its_user_has_left() -> None:
    room, sessions = a_room(), some_sessions()
    alice = Bot(room, sessions)
    token = alice.hello("alice")["token"]
    alice.tell("say", id=5, text="hello")
    alice.hang_up()
    again = Bot(room, sessions)
    assert again.hello("alice", token=token)["resumed"] is True
    again.hear()
    again.tell("say", id=5, text="hello")
    assert again.hear() == [{"type": "ack", "id": 5, "seq": 1}]


def test_whoever_has_left_may_come_back_in_the_same_moment() -> None:
    room, sessions = a_room(), some_sessions()
    alice, again = Bot(room, sessions), Bot(room, sessions)
    token = alice.hello("alice")["token"]
    alice.session.leave()
    assert again.hello("alice", token=token)["resumed"] is True
    again.tell("say", id=1, text="back")
    assert again.hear("ack") == [{"type": "ack", "id": 1, "seq": 1}]


def test_a_resumed_session_with_another_name_stays_attached_though_the_old_name_leaves_late() -> None:
    journal, sessions = SlowLog(), some_sessions()
    room = a_room(journal)
    old, new = Bot(room, sessions), Bot(room, sessions)
    token = old.hello("alice")["token"]
    old.hang_up()
    assert new.hello("carol", token=token)["resumed"] is True
    room.commit()
    journal.keep_all()
    new.tell("say", id=1, text="hello")
    journal.keep_all()
    assert new.hear("ack") == [{"type": "ack", "id": 1, "seq": 1}]


def test_what_was_missed_follows_the_welcome_once_and_in_order() -> None:
    room, sessions = a_room(), some_sessions()
    alice, again = Bot(room, sessions), Bot(room, sessions)
    token = alice.hello("alice")["token"]
    (bob,) = bots(room, "bob")
    for ident, text in enumerate(["seen", "missed", "missed too"]):
        bob.tell("say", id=ident, text=text)
    again.hello("alice", token=token, epoch="memory", after=1)
    assert again.hear() == said("missed", "missed too", by="bob", first=2)


def test_a_gap_is_stated_where_messages_are_not_kept_any_more() -> None:
    room, sessions = a_room(history=0, replay=2), some_sessions()
    before, again = Bot(room, sessions), Bot(room, sessions)
    token = before.hello("alice")["token"]
    (bob,) = bots(room, "bob")
    for ident in range(1, 7):
        bob.tell("say", id=ident, text=str(ident))
    again.hello("alice", token=token, epoch="memory", after=1)
    assert again.hear() == [{"type": "gap", "from": 2, "to": 4}, *said("5", "6", by="bob", first=5)]


def test_whoever_comes_back_gets_no_more_at_once_than_may_wait_for_a_peer() -> None:
    room = a_room()
    (bob,) = bots(room, "bob")
    for ident in range(1, 7):
        bob.tell("say", id=ident, text="x" * 100)
    peer = Peer()
    alice = JsonSession(room.host(max_backlog=400), peer, ADDRESS)
    alice.receive([b'{"type":"hello","v":1,"name":"alice","epoch":"memory","after":1}'])
    heard = [json.loads(line) for line in peer.take().splitlines()]
    assert [(event["type"], event.get("seq"), event.get("to")) for event in heard] == [
        ("welcome", 6, None),
        ("gap", None, 4),
        ("message", 5, None),
        ("message", 6, None),
        ("joined", None, None),
    ]


def test_whoever_was_in_another_life_of_the_conversation_gets_what_a_newcomer_gets_and_is_told() -> None:
    room = a_room(history=1)
    (bob,) = bots(room, "bob")
    for ident in range(1, 4):
        bob.tell("say", id=ident, text=str(ident))
    alice = Bot(room, some_sessions())
    alice.hello("alice", epoch="another", after=77)
    assert alice.hear()[:-1] == [{"type": "gap", "from": 1, "to": 2}, *said("3", by="bob", first=3)]


def test_a_gap_is_stated_where_nothing_is_kept() -> None:
    room = a_room(history=0, replay=0)
    (bob,) = bots(room, "bob")
    for ident in range(1, 4):
        bob.tell("say", id=ident, text=str(ident))
    alice = Bot(room, some_sessions())
    alice.hello("alice", epoch="memory", after=1)
    assert alice.hear()[:-1] == [{"type": "gap", "from": 2, "to": 3}]


@pytest.mark.parametrize("after", [1, 2, 2**53 - 1])
def test_no_gap_is_stated_to_somebody_who_has_seen_everything(after: int) -> None:
    room = a_room(replay=0)
    (bob,) = bots(room, "bob")
    bob.tell("say", id=1, text="hello")
    alice = Bot(room, some_sessions())
    alice.hello("alice", epoch="memory", after=after)
    assert [event["type"] for event in alice.hear()] == ["joined"]


def test_numbers_of_another_life_of_the_conversation_mean_nothing() -> None:
    room = a_room()
    (bob,) = bots(room, "bob")
    bob.tell("say", id=1, text="hello")
    alice = Bot(room, some_sessions())
    alice.hello("alice", epoch="another", after=1)
    assert alice.hear()[:-1] == said("hello", by="bob")


def test_what_is_kept_late_is_acknowledged_to_whoever_has_come_back() -> None:
    journal, sessions = SlowLog(), some_sessions()
    (alice,) = bots_with(journal, "alice", sessions=sessions)
    alice.tell("say", id=1, text="hello")
    again = Bot(alice.host)
    again.hello("alice", token="token1", epoch="slow", after=0)
    again.tell("say", id=1, text="hello")
    assert again.hear() == []
    journal.keep_all()
    assert again.hear() == [*said("hello"), {"type": "ack", "id": 1, "seq": 1}]


def test_when_the_chat_ends_nobody_is_told_that_the_others_leave() -> None:
    room = a_room()
    happened = record(room)
    alice, bob = bots(room, "alice", "bob")
    alice.hear()
    alice.host.is_closing = True
    for bot in (bob, alice):
        bot.session.disconnect("Goodbye!")
    room.commit()
    assert alice.hear() == [{"type": "bye", "text": "Goodbye!"}]
    assert happened[-2:] == [Left(parse_name("bob"), 1, False), Left(parse_name("alice"), 0, False)]


def test_the_lines_of_a_program_are_handled_one_by_one() -> None:
    assert not Bot(a_room()).session.receive_messages([b"hello"])
