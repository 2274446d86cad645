"""JSON events on the wire: `asyncchat serve`, as programs see it."""

import contextlib
import json
import signal
import socket
import time
from typing import Any

import pytest

from tests.programs import ASK_NAME, Nc, ServeProgram

Event = dict[str, Any]
GOODBYE = {"type": "bye", "text": "the chat is closing. Goodbye!"}


class Bot(Nc):
    """A program that speaks JSON, and ignores that it is asked for its name in plain text."""

    def __init__(self, room: ServeProgram) -> None:
        super().__init__(room.port)
        assert self.line() == ASK_NAME
        self._newest = 0

    def tell(self, kind: str, **fields: object) -> None:
        """Send one event."""
        self.send(json.dumps({"type": kind} | fields) + "\n")

    def hello(self, name: str, **fields: object) -> Event:
        """Say hello, and return the first answer."""
        self.tell("hello", v=1, name=name, **fields)
        return self.event()

    def come_in(self, name: str, **fields: object) -> Event:
        """Say hello, wait until everybody has been told, and return the welcome."""
        welcome = self.hello(name, **fields)
        assert welcome["type"] == "welcome", welcome
        self.until("joined")
        return welcome

    def say(self, text: str) -> int:
        """Say something; return its id."""
        self._newest += 1
        self.tell("say", id=self._newest, text=text)
        return self._newest

    def event(self) -> Event:
        event: Event = json.loads(self.line())
        return event

    def until(self, kind: str) -> list[Event]:
        """Return the events up to the next one of this kind."""
        events = [self.event()]
        while events[-1]["type"] != kind:
            events.append(self.event())
        return events

    def rest(self) -> list[Event]:
        """Return all events up to the end of the connection."""
        return [json.loads(line) for line in self.lines.rest().splitlines()]


def bot(room: ServeProgram, name: str) -> Bot:
    """Return a program that is in the room, and to which nothing is left to say."""
    new = Bot(room)
    new.come_in(name)
    return new


def texts(events: list[Event]) -> list[str]:
    return [event["text"] for event in events if event["type"] == "message"]


# Two formats on one port.


def test_whoever_says_hello_is_welcome_and_gets_the_last_messages(room: ServeProgram) -> None:
    with room.join("bob") as bob, Bot(room) as alice:
        bob.send("one\ntwo\n")
        assert (bob.line(), bob.line()) == ("bob: one", "bob: two")
        welcome = alice.hello("alice")
        assert (welcome["name"], welcome["seq"], welcome["members"], welcome["names"]) == (
            "alice",
            2,
            2,
            ["alice", "bob"],
        )
        events = alice.until("joined")
        assert texts(events) == ["one", "two"]
        assert events[-1] == {"type": "joined", "name": "alice", "members": 2}


def test_all_who_speak_json_get_the_same_bytes_of_a_message_and_its_sender_an_ack_behind_it(room: ServeProgram) -> None:
    with bot(room, "alice") as alice, bot(room, "bob") as bob, bot(room, "carol") as carol:
        for _ in range(2):
            alice.until("joined")
        bob.until("joined")
        alice.tell("say", id=7, text="hello")
        message = bob.lines.raw_line()
        assert alice.lines.raw_line() == carol.lines.raw_line() == message
        event = json.loads(message)
        assert (event.pop("time")[-1], event) == ("Z", {"type": "message", "seq": 1, "from": "alice", "text": "hello"})
        assert alice.event() == {"type": "ack", "id": 7, "seq": 1}


def what_a_plain_peer_sees(others_speak_json: bool) -> bytes:
    """Return all that a plain peer gets of a conversation."""
    with ServeProgram("--rate", "0") as room, room.join("watcher") as watcher:
        for name in ("alice", "bob"):
            with contextlib.ExitStack() as stack:
                if others_speak_json:
                    program = stack.enter_context(bot(room, name))
                    for text in ("hello", "//slash", "/list", "\x1b[2J"):
                        program.say(text)
                        program.until("ack")
                    program.say("/exit")
                    program.rest()
                else:
                    person = stack.enter_context(room.join(name))
                    person.send("hello\n//slash\n/list\n\x1b[2J\n/exit\n")
                    person.lines.rest()
            room.out.until(f"{name} left")
        watcher.send("/list\n/exit\n")
        return watcher.lines.rest()


def test_a_plain_peer_sees_the_same_whatever_the_others_speak() -> None:
    assert what_a_plain_peer_sees(others_speak_json=True) == what_a_plain_peer_sees(others_speak_json=False)


@pytest.mark.parametrize("first", ["alice", "[]", '"hello"', '{"type":"hello"', "{alice}"])
def test_whoever_does_not_begin_with_an_object_speaks_plain_text(room: ServeProgram, first: str) -> None:
    with room.connect() as peer:
        peer.send(f"{first}\nalice\n/list\n")
        assert peer.line() == ASK_NAME
        while (line := peer.line()) != "Server: no one online":
            assert line.startswith(("Server: this name can't be used", "alice: alice"))


def test_whoever_speaks_plain_text_cannot_change_to_json(room: ServeProgram) -> None:
    with room.join("alice") as alice:
        alice.send('{"type":"ping"}\n')
        assert alice.line() == 'alice: {"type":"ping"}'


def test_an_object_that_is_no_event_is_an_error_and_hello_may_follow(room: ServeProgram) -> None:
    with Bot(room) as alice:
        alice.send("{}\n")
        assert alice.event()["code"] == "not-understood"
        assert alice.hello("alice")["type"] == "welcome"


def test_a_hello_in_pieces_is_understood(room: ServeProgram) -> None:
    with Bot(room) as alice:
        for byte in b'{"type":"hello","v":1,"name":"alice"}\r\n':
            alice.send(bytes([byte]))
        assert alice.event()["type"] == "welcome"


# Names.


def test_a_name_that_is_taken_is_refused_until_it_is_free(room: ServeProgram) -> None:
    with Bot(room) as second:
        with room.join("alice"):
            assert second.hello("Alice")["code"] == "name-taken"
        room.out.until("alice left")
        assert second.hello("Alice")["type"] == "welcome"


def test_of_many_who_want_one_name_at_once_one_gets_it(room: ServeProgram) -> None:
    with contextlib.ExitStack() as stack:
        crowd = [stack.enter_context(Bot(room)) for _ in range(200)]
        for one in crowd:
            one.tell("hello", v=1, name="alice")
        answers = [one.event() for one in crowd]
        assert sorted(answer.get("code", "") for answer in answers) == [""] + 199 * ["name-taken"]


def test_who_says_no_hello_in_time_is_told_and_closed() -> None:
    with ServeProgram("--name-timeout", "1") as room, Bot(room) as silent:
        silent.tell("ping")
        assert silent.event() == {"type": "pong"}
        assert silent.event()["type"] == "bye"
        assert silent.rest() == []


# What can't be taken.


def test_what_cannot_be_taken_is_refused_and_the_conversation_goes_on(room: ServeProgram) -> None:
    with bot(room, "alice") as alice:
        for ident, text in enumerate(["x" * 4097, "/nonsense", "", "  "], 1):
            alice.tell("say", id=ident, text=text)
        refused = [alice.event() for _ in range(4)]
        assert [(event["type"], event["id"], event["code"]) for event in refused] == [
            ("refused", 1, "too-long"),
            ("refused", 2, "unknown-command"),
            ("refused", 3, "empty"),
            ("refused", 4, "empty"),
        ]
        alice.tell("say", id=5, text="hello")
        assert alice.until("ack")[-1] == {"type": "ack", "id": 5, "seq": 1}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"hello", "not-json"),
        (b"caf\xe9", "not-json"),
        (b"", "not-json"),
        (b'{"type":"shout"}', "not-understood"),
        (b'{"a":' * 3000, "not-json"),
        (b"x" * 20_000, "too-long"),
    ],
)
def test_a_line_that_is_no_event_is_an_error_and_the_conversation_goes_on(
    room: ServeProgram, line: bytes, code: str
) -> None:
    with bot(room, "alice") as alice:
        alice.send(line + b"\n")
        assert alice.event()["code"] == code
        alice.say("hello")
        assert texts(alice.until("ack")) == ["hello"]


@pytest.mark.parametrize(
    ("most", "length", "answer"),
    [(5000, 20_000, "ack"), (5000, 20_001, "error"), (100, 16_384, "ack"), (100, 16_385, "error")],
)
def test_a_line_of_json_may_be_four_times_as_long_as_a_text_or_16_kib(most: int, length: int, answer: str) -> None:
    with ServeProgram("--max-line", str(most)) as room, bot(room, "alice") as alice:
        say = json.dumps({"type": "say", "id": 1, "text": "x" * 100})
        alice.send(say.ljust(length) + "\n")
        assert alice.until(answer)


def test_no_more_than_32_may_wait_for_their_ack(room: ServeProgram) -> None:
    with bot(room, "alice") as alice:
        lines = [json.dumps({"type": "say", "id": ident, "text": "hello"}) + "\n" for ident in range(1, 41)]
        alice.send("".join(lines))  # so short that it arrives as one piece
        answers = [event for event in (alice.event() for _ in range(72)) if event["type"] != "message"]
        assert [event["id"] for event in answers if event["type"] == "ack"] == list(range(1, 33))
        assert [(event["id"], event["code"]) for event in answers if event["type"] == "refused"] == [
            (ident, "too-many") for ident in range(33, 41)
        ]


# Coming back.


def test_a_token_takes_the_name_back_from_a_live_connection(room: ServeProgram) -> None:
    with Bot(room) as old, bot(room, "bob") as bob, Bot(room) as new:
        token = old.come_in("alice")["token"]
        bob.until("joined")
        assert new.hello("alice", token=token)["resumed"] is True
        assert old.until("bye")[-1]["text"] == "you are here on another connection now"
        assert old.rest() == []
        new.say("back")
        assert bob.event()["text"] == "back"
    assert room.out.until("alice sent") == [
        "bob joined",
        "alice joined",
        "alice disconnected",
        "alice connected",
        "alice sent back",
    ]


def test_a_token_resumes_the_session_of_a_user_whose_connection_was_reset(room: ServeProgram) -> None:
    first = Bot(room)
    token = first.come_in("alice")["token"]
    first.tell("say", id=3, text="hello")
    first.until("ack")
    first.reset()
    room.out.until("alice left")
    with Bot(room) as again:
        assert again.come_in("alice", token=token)["resumed"] is True
        again.tell("say", id=3, text="hello")
        assert again.event() == {"type": "ack", "id": 3, "seq": 1}


def test_a_token_that_was_guessed_takes_nothing(room: ServeProgram) -> None:
    with bot(room, "alice"), Bot(room) as other:
        assert other.hello("alice", token="0" * 32)["code"] == "name-taken"


def test_who_comes_back_gets_exactly_what_was_missed(room: ServeProgram) -> None:
    with room.join("bob") as bob:
        alice = Bot(room)
        welcome = alice.come_in("alice")
        bob.send("seen\n")
        seen = alice.event()["seq"]
        alice.reset()
        room.out.until("alice left")
        bob.send("".join(f"missed {number}\n" for number in range(30)))
        bob.lines.until("missed 29")
        with Bot(room) as again:
            again.hello("alice", token=welcome["token"], epoch=welcome["epoch"], after=seen)
            bob.send("live\n")
            missed = [event for event in [again.event() for _ in range(32)] if event["type"] == "message"]
        assert texts(missed) == [*(f"missed {number}" for number in range(30)), "live"]
        assert [event["seq"] for event in missed] == list(range(seen + 1, seen + 32))


def test_a_gap_is_stated_where_not_all_that_was_missed_is_kept() -> None:
    with ServeProgram("--replay", "5", "--history", "0", "--rate", "0") as room, room.join("bob") as bob:
        with Bot(room) as first:
            welcome = first.come_in("alice")
        room.out.until("alice left")
        bob.send("".join(f"{number}\n" for number in range(1, 13)))
        bob.lines.until("bob: 12")
        with Bot(room) as alice:
            assert alice.hello("alice", token=welcome["token"], epoch=welcome["epoch"], after=1)["seq"] == 12
            gap, *missed = alice.until("joined")
        assert gap == {"type": "gap", "from": 2, "to": 7}
        assert texts(missed) == ["8", "9", "10", "11", "12"]


def test_a_server_that_was_started_again_knows_no_token_and_counts_anew() -> None:
    with ServeProgram() as before, Bot(before) as alice:
        old = alice.come_in("alice")
        for _ in range(3):
            alice.say("hello")
            alice.until("ack")
    with ServeProgram() as after, after.join("bob") as bob, Bot(after) as alice:
        bob.send("hello again\n")
        bob.line()
        new = alice.hello("alice", token=old["token"], epoch=old["epoch"], after=3)
        assert (new["resumed"], new["seq"]) == (False, 1)
        assert new["epoch"] != old["epoch"]
        assert texts(alice.until("joined")) == ["hello again"]


# Many.


def test_of_more_than_200_nobody_is_announced_and_the_count_is_told_once_a_second_at_most(room: ServeProgram) -> None:
    with contextlib.ExitStack() as stack:
        watcher = stack.enter_context(bot(room, "watcher"))
        begun = time.monotonic()
        for number in range(220):
            stack.enter_context(room.join(f"p{number}"))
        events = watcher.until("members")
        while events[-1]["members"] < 221:
            events += watcher.until("members")
        passed = time.monotonic() - begun
        assert [event["members"] for event in events if event["type"] == "joined"] == list(range(2, 201))
        assert sum(event["type"] == "members" for event in events) <= passed + 1


# The end.


def test_end_of_input_flushes_the_acks_before_the_close(room: ServeProgram) -> None:
    with bot(room, "alice") as alice:
        for _ in range(5):
            alice.say("hello")
        alice.end_input()
        assert [event["id"] for event in alice.rest() if event["type"] == "ack"] == [1, 2, 3, 4, 5]


def test_exit_is_acknowledged_and_the_connection_ends(room: ServeProgram) -> None:
    with bot(room, "alice") as alice:
        ident = alice.say("/exit")
        assert {"type": "ack", "id": ident} in alice.rest()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_everybody_go_with_bye_and_tells_nobody_that_the_others_left(
    room: ServeProgram, number: signal.Signals
) -> None:
    with bot(room, "alice") as alice, bot(room, "bob") as bob:
        room.signal(number)
        for peer in (alice, bob):
            assert [event for event in peer.rest() if event["type"] in ("bye", "left")] == [GOODBYE]
            peer.socket.shutdown(socket.SHUT_WR)
        assert room.wait() == 0
        assert room.out.rest().decode().splitlines()[-2:] == ["alice left", "bob left"]
