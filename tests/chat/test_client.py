"""A client in JSON events, and what outlives its connections."""

from random import Random

import pytest
from hypothesis import given, strategies as st

from asyncchat.client import outbox
from asyncchat.client.json_client import JsonClient
from asyncchat.client.plain_client import MAX_HEARD
from asyncchat.formats import codec, events
from asyncchat.formats.events import Ack, Error, Gap, Hello, Joined, Members, Message, Notice, Refused, Welcome
from asyncchat.log import room_events
from asyncchat.log.log import MemoryLog
from asyncchat.log.room_events import Event, Sent
from tests.chat import Bot, Person, a_room, record, some_sessions
from tests.chat.wires import QUESTION, Wire


class World:
    """A server, on which somebody with nc talks too; `replay` as in the room."""

    def __init__(self, epoch: str = "first", replay: int = 1000) -> None:
        self.room = a_room(MemoryLog(epoch), replay=replay, history=min(10, replay))
        self.sessions = some_sessions(kept_empty=1000)
        self.record: list[Event] = record(self.room)
        self.other = Person(self.room)
        self.other.send("bob\n")

    def said(self) -> list[Sent]:
        return [event for event in self.record if isinstance(event, Sent)]


def connect(world: World, client: JsonClient) -> Wire:
    """Return a new connection of `client` to the server of `world`."""
    return Wire(client, Bot(world.room, world.sessions))


def texts(seen: list[events.FromServer]) -> list[str]:
    return [event.text for event in seen if isinstance(event, Message)]


def hear(client: JsonClient, *lines: str | bytes) -> list[events.FromServer]:
    for line in lines:
        client.hear(line.encode() + b"\n" if isinstance(line, str) else line)
    client.to_send()
    return client.news()


def welcomed(seq: int = 0, epoch: str = "e") -> JsonClient:
    """Return a client that has just been let in."""
    client = JsonClient("alice")
    hear(client, QUESTION, welcome(seq, epoch))
    return client


def welcome(seq: int = 0, epoch: str = "e") -> bytes:
    return codec.lines([Welcome("alice", "t", epoch, seq, 1, 4096, resumed=False)])


def message(seq: int) -> bytes:
    return codec.lines([Message(seq, room_events.timestamp(0), "bob", f"number {seq}")])


# Coming in.


def test_says_nothing_before_it_is_asked() -> None:
    assert JsonClient("alice").to_send() == b""


def test_answers_the_question_with_its_name() -> None:
    client = JsonClient("alice")
    client.hear(QUESTION)
    assert client.to_send() == b'{"type":"hello","v":1,"name":"alice"}\n'


def test_sends_what_was_said_before_as_soon_as_it_is_in() -> None:
    world, client = World(), JsonClient("alice")
    client.say("early")
    seen = connect(world, client).carry_all()
    assert [event.text for event in world.said()] == texts(seen) == ["early"]


def test_has_the_name_in_the_form_that_the_server_gives_it() -> None:
    client = JsonClient("Zoe\u0301")
    connect(World(), client).carry_all()
    assert client.name == "Zo\u00e9"


def test_a_refused_name_is_told_and_nothing_said_is_sent() -> None:
    world, client = World(), JsonClient("BOB")
    client.say("secret")
    assert connect(world, client).carry_all() == [Error("name-taken", "this name is already taken!")]
    assert (client.is_in, client.waiting, world.said()) == (False, 1, [])


def test_a_full_chat_is_told_in_its_own_words() -> None:
    assert hear(JsonClient("alice"), "Server: the chat is full, try again later.") == [
        Notice("the chat is full, try again later.")
    ]


def test_a_server_of_plain_text_is_an_error_that_says_what_to_do() -> None:
    (error,) = hear(JsonClient("alice"), QUESTION, "Server: this name can't be used: …")
    assert error == Error("not-json", "the server understands plain text only. Use --plain.")


# Saying something.


def test_what_is_said_waits_until_it_is_acknowledged() -> None:
    world, client = World(), JsonClient("alice")
    wire = connect(world, client)
    wire.carry_all()
    ident = client.say("hello")
    assert [say.text for say in client.pending] == ["hello"]
    assert Ack(ident, 1) in wire.carry_all()
    assert client.pending == []


def test_never_more_wait_for_their_answer_than_the_server_allows() -> None:
    client = welcomed()
    for number in range(events.MOST_UNANSWERED + 1):
        client.say(str(number))
    assert client.to_send().count(b"\n") == events.MOST_UNANSWERED
    client.hear(b'{"type":"ack","id":1,"seq":1}\n')
    assert client.to_send().count(b"\n") == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("x" * 4097, "it has 4097 bytes, and 4096 are the most", id="too long"),
        pytest.param("\x1b" * 4000, "it has 24031 bytes, and 16384 are the most", id="too long once it is JSON"),
    ],
)
def test_what_the_server_could_not_read_is_refused_without_asking_it(text: str, why: str) -> None:
    client = welcomed()
    ident = client.say(text)
    assert client.to_send() == b""
    assert client.news() == [Refused(ident, "too-long", f"your line was not sent: it is too long: {why}.")]
    assert client.waiting == 0


def test_an_answer_that_comes_twice_is_told_once() -> None:
    client = welcomed()
    ident = client.say("hello")
    client.to_send()
    ack = codec.lines([Ack(ident, 1)])
    assert hear(client, ack, ack) == [Ack(ident, 1)]


def test_a_ping_is_answered_and_not_told() -> None:
    client = welcomed()
    client.hear(b'{"type":"ping"}\n{"type":"pong"}\n')
    assert (client.to_send(), client.news()) == (b'{"type":"pong"}\n', [])


def test_can_ask_whether_the_server_is_there() -> None:
    client = welcomed()
    client.ping()
    assert client.to_send() == b'{"type":"ping"}\n'


# Coming back.


def test_a_message_that_comes_again_is_not_shown_again() -> None:
    assert texts(hear(welcomed(), message(1), message(2), message(1), message(2), message(3))) == [
        "number 1",
        "number 2",
        "number 3",
    ]


def test_a_hole_is_never_passed_over_in_silence() -> None:
    seen = hear(welcomed(seq=7), message(8), message(12))
    assert [event for event in seen if not isinstance(event, Message)] == [Gap(9, 11)]


def test_a_gap_that_the_server_states_is_told_once() -> None:
    seen = hear(welcomed(seq=7), message(8), '{"type":"gap","from":9,"to":11}', message(12))
    assert [event for event in seen if not isinstance(event, Message)] == [Gap(9, 11)]


def test_the_last_messages_of_before_are_no_hole() -> None:
    assert texts(hear(welcomed(seq=41), message(32), message(33))) == ["number 32", "number 33"]


def comes_back_after(client: JsonClient) -> int:
    """Return the number behind which a client wants all when it is connected again."""
    client.connected()
    client.hear(QUESTION)
    hello = codec.from_client(client.to_send().splitlines()[0])
    assert isinstance(hello, Hello)
    return hello.after


def test_asks_for_the_last_messages_again_if_the_connection_broke_before_they_came() -> None:
    assert comes_back_after(welcomed(seq=20)) == 10
    assert comes_back_after(welcomed(seq=3)) == 0


@pytest.mark.parametrize("history", [0, 3])
def test_asks_for_no_more_of_the_last_messages_than_are_wanted(history: int) -> None:
    world = World()
    for number in range(5):
        world.other.send(f"number {number}\n")
    client = JsonClient("alice", history=history)
    line = connect(world, client)
    seen = line.carry_all()
    assert texts(seen) == [f"number {number}" for number in range(5 - history, 5)]
    assert not [event for event in seen if isinstance(event, Gap)]
    world.other.send("later\n")
    assert texts(connect(world, client).carry_all()) == ["later"]


def test_asks_for_nothing_from_before_it_came_if_there_was_nothing_to_see() -> None:
    client = welcomed(seq=20)
    hear(client, codec.lines([Joined("alice", 1)]))
    assert comes_back_after(client) == 20
    assert texts(hear(client, welcome(22), message(21), message(22))) == ["number 21", "number 22"]


def test_what_was_said_before_it_was_let_in_again_is_not_taken_for_seen() -> None:
    client = welcomed(seq=20)
    hear(client, message(20), codec.lines([Joined("alice", 1)]))
    client.connected()
    hear(client, QUESTION, codec.lines([Error("name-taken", "…")]))
    assert comes_back_after(client) == 20


def test_a_conversation_that_has_lost_its_end_goes_on() -> None:
    client = welcomed(seq=20)
    hear(client, message(20))
    client.connected()
    assert texts(hear(client, QUESTION, welcome(15), message(16))) == ["number 16"]


def test_half_of_a_character_is_sent_as_what_stands_for_it() -> None:
    world, client = World(), JsonClient("alice")
    client.say("a\udcffb")
    assert texts(connect(world, client).carry_all()) == ["a\\udcffb"]


def test_takes_its_name_back_from_a_connection_that_the_server_thinks_alive() -> None:
    world, client = World(), JsonClient("alice")
    connect(world, client).carry_all()
    (welcome,) = [event for event in connect(world, client).carry_all() if isinstance(event, Welcome)]
    assert (welcome.name, welcome.resumed, client.is_in) == ("alice", True, True)


def test_what_was_said_on_a_connection_that_broke_is_posted_once() -> None:
    world, client = World(), JsonClient("alice")
    wire = connect(world, client)
    wire.carry_all()
    client.say("posted, and not known to be")
    wire.carry()
    client.say("lost on its way")
    client.to_send()
    seen = connect(world, client).carry_all()
    expected = ["posted, and not known to be", "lost on its way"]
    assert [event.text for event in world.said()] == texts(seen) == expected
    assert client.pending == []


def test_when_the_server_was_started_anew_its_numbers_count_anew() -> None:
    world, client = World(), JsonClient("alice")
    wire = connect(world, client)
    wire.carry_all()
    for number in range(5):
        world.other.send(f"{number}\n")
    wire.carry_all()
    anew = World("second")
    anew.other.send("after\n")
    assert texts(connect(anew, client).carry_all()) == ["after"]


def test_all_that_was_said_since_the_server_was_started_anew_is_seen_or_said_to_be_missing() -> None:
    client = JsonClient("alice")
    connect(World(), client).carry_all()
    anew = World("second")
    for number in range(1, 31):
        anew.other.send(f"{number}\n")
    seen = connect(anew, client).carry_all()
    assert [event for event in seen if isinstance(event, Gap)] == [Gap(1, 20)]
    assert texts(seen) == [str(number) for number in range(21, 31)]


def test_when_the_server_has_forgotten_who_one_was_what_was_sent_is_in_doubt_and_the_rest_is_sent() -> None:
    client = welcomed()
    sent = client.say("sent")
    client.to_send()
    client.connected()
    client.say("not sent yet")
    client.hear(QUESTION)
    client.to_send()
    client.hear(welcome())
    assert client.to_send() == b'{"type":"say","id":2,"text":"not sent yet"}\n'
    assert client.news()[1:] == [Refused(sent, "in-doubt", "it is not known whether this was posted.")]


@given(st.integers(0, 2**32), st.sampled_from([3, 1000]), st.booleans())
def test_however_connections_break_each_message_is_seen_once_and_each_line_posted_once(
    seed: int, replay: int, restarts: bool
) -> None:
    chance = Random(seed)
    worlds = [World("0", replay)]
    client = JsonClient("alice")
    wire = connect(worlds[-1], client)
    wire.carry_all()
    dead: list[Wire] = []
    lives: list[list[events.FromServer]] = [[]]
    said: dict[int, str] = {}
    for step in range(60):
        match chance.choice(["say", "other", "carry", "carry", "carry", "cut", "notice", "restart"]):
            case "say":
                text = f"mine {step}"
                said[client.say(text)] = text
            case "other":
                worlds[-1].other.send(f"other {step}\n")
            case "carry":
                wire.carry(chance)
            case "cut":
                lives[-1] += wire.news
                dead.append(wire)
                wire = connect(worlds[-1], client)
            case "notice" if dead:
                dead.pop(chance.randrange(len(dead))).notice_that_it_is_dead()
            case "restart" if restarts and chance.random() < 0.3:
                lives[-1] += wire.news
                dead.clear()
                worlds.append(World(str(len(worlds)), replay))
                lives.append([])
                wire = connect(worlds[-1], client)
    worlds[-1].other.send("the end\n")
    lives[-1] += wire.carry_all()

    assert client.pending == []
    for world, seen in zip(worlds, lives, strict=True):
        posted = [event.text for event in world.said()]
        assert len(posted) == len(set(posted))
        numbers: list[int] = []
        for event in seen:
            match event:
                case Message(seq):
                    numbers.append(seq)
                case Gap(first, last):
                    assert replay == 3 or restarts  # after which it may have lost the welcome, and its token
                    numbers += range(first, last + 1)
                case Ack(ident, seq):
                    assert seq is not None
                    assert world.said()[seq - 1].text == said[ident]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else not texts(seen)
        assert texts(seen) == [world.said()[event.seq - 1].text for event in seen if isinstance(event, Message)]
    assert "the end" in texts(lives[-1])
    everywhere = [event.text for world in worlds for event in world.said()]
    assert set(said.values()) <= set(everywhere)


# Servers that mean no good.


def test_a_second_welcome_on_one_connection_is_none() -> None:
    client = welcomed()
    assert hear(client, codec.lines([Welcome("eve", "x", "other", 9, 1, 1, resumed=False)])) == []
    assert client.name == "alice"


def test_what_is_said_is_refused_while_too_much_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MOST_WAITING", 1000)
    client = welcomed()
    idents = [client.say("x" * 300) for _ in range(4)]
    assert client.is_full
    client.to_send()
    why = "your line was not sent: too much waits for the server already."
    assert client.news() == [Refused(idents[-1], "too-many", why)]
    hear(client, codec.lines([Ack(idents[0], 1)]))
    assert not client.is_full
    client.say("one more")
    assert client.news() == []


def test_a_refused_way_to_another_conversation_is_not_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MOST_WAITING", 100)
    client = welcomed()
    client.say("x")
    client.say("/chat bob")
    assert client.turned == ""


def test_what_can_never_be_sent_and_what_is_in_doubt_waits_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MOST_WAITING", 1000)
    client = welcomed()
    client.say("x" * 5000)
    client.to_send()
    assert not client.is_full
    client.say("x" * 4000)
    client.to_send()
    client.connected()
    hear(client, QUESTION, welcome())
    assert not client.is_full


def test_pings_are_answered_once_and_not_while_an_answer_is_on_its_way() -> None:
    client = welcomed()
    client.hear(b'{"type":"ping"}\n' * 1000)
    assert client.to_send(answers=False) == b""
    client.hear(b'{"type":"ping"}\n' * 1000)
    assert client.to_send() == b'{"type":"pong"}\n'


def test_what_this_version_does_not_know_is_passed_over() -> None:
    seen = hear(welcomed(), '{"type":"new"}', '{"type":"notice","text":"hi","colour":"red"}', "garbage", "[1]")
    assert seen == [Notice("hi")]


def test_a_line_without_end_in_sight_is_passed_over() -> None:
    assert hear(welcomed(), b"x" * (MAX_HEARD + 2), b"\n", '{"type":"members","members":201}') == [Members(201)]


@given(st.lists(st.binary(max_size=60) | st.sampled_from([QUESTION, welcome(), message(1), b'{"type":"', b"\n"])))
def test_no_server_can_break_it(chunks: list[bytes]) -> None:
    client = JsonClient("alice")
    client.say("hello")
    for chunk in chunks:
        client.hear(chunk)
        client.to_send()
        client.news()
