"""`asyncchat join` for programs: events as JSON lines, and pipes that keep up with whatever is said."""

import contextlib
import json
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.programs import ASK_NAME, ASYNCCHAT, PATIENCE, Nc, Program, ServeProgram, in_rounds, seconds, until

Event = dict[str, Any]


class Recorder(Program):
    """A running `asyncchat join --json`."""

    def __init__(self, address: str, *arguments: str, name: str = "bot") -> None:
        super().__init__("join", "--json", "--name", name, *arguments, address)

    def until(self, kind: str, **fields: object) -> list[Event]:
        """Return the events up to the next of that kind that has these fields."""
        seen: list[Event] = []
        while True:
            seen.append(json.loads(self.out.line()))
            if fields.items() | {("type", kind)} <= seen[-1].items():
                return seen

    def rest(self) -> list[Event]:
        return [json.loads(line) for line in self.out.rest().splitlines()]


def bot_in(room: ServeProgram, *arguments: str) -> Recorder:
    """Return one that is in the room."""
    bot = Recorder(room.address, *arguments)
    bot.until("joined")
    return bot


def of_kind(kind: str, seen: list[Event]) -> list[Event]:
    return [event for event in seen if event["type"] == kind]


# Events out, lines in.


def test_prints_what_happens_as_json_and_sends_the_lines_of_its_input(room: ServeProgram) -> None:
    with bot_in(room) as bot, room.join("alice") as alice:
        bot.write("hello\n")
        assert alice.line() == "bot: hello"
        alice.send("hi\n")
        seen = bot.until("message", text="hi")
        assert [(event["from"], event["text"]) for event in of_kind("message", seen)] == [
            ("bot", "hello"),
            ("alice", "hi"),
        ]
        bot.write("/list\n")
        assert bot.until("notice")[-1]["text"] == "online: alice"


def test_the_end_of_its_input_is_success_when_all_is_acknowledged(room: ServeProgram) -> None:
    with Recorder(room.address) as bot:
        bot.write("".join(f"{number}\n" for number in range(200)) + "without an end")
        bot.end_input()
        seen = bot.rest()
        assert [event["id"] for event in of_kind("ack", seen)] == list(range(1, 202))
        assert of_kind("message", seen)[-1]["text"] == "without an end"
        assert bot.wait() == 0


def test_a_line_that_is_refused_is_no_success(room: ServeProgram) -> None:
    with Recorder(room.address) as bot:
        bot.write("hello\n/nonsense\n" + "x" * 100_000 + "\ngoodbye\n")
        bot.end_input()
        seen = bot.rest()
        assert {event["code"] for event in of_kind("refused", seen)} == {"too-long", "unknown-command"}
        assert [event["text"] for event in of_kind("message", seen)] == ["hello", "goodbye"]
        assert bot.wait() == 1
        assert "refused 2 of the lines" in bot.errors.line()


def test_exit_leaves(room: ServeProgram) -> None:
    with Recorder(room.address) as bot:
        bot.write("hello\n/exit\nnever said\n")
        assert [event["text"] for event in of_kind("message", bot.rest())] == ["hello"]
        assert bot.wait() == 0
        assert room.out.until("bot left") == ["bot joined", "bot sent hello", "bot left"]


def test_what_was_said_before_exit_is_sent_however_slowly_it_is_taken() -> None:
    with ServeProgram("--rate", "200", "--burst", "10") as room, Recorder(room.address) as bot:
        bot.write("".join(f"{number}\n" for number in range(100)) + "/exit\n")
        bot.out.rest()
        assert bot.wait() == 0
        assert sum("bot sent" in line for line in room.out.until("bot left")) == 100


def test_the_token_is_not_printed(room: ServeProgram) -> None:
    with Recorder(room.address) as bot:
        (welcome,) = of_kind("welcome", bot.until("joined"))
        assert welcome["token"] == ""


def test_whatever_is_typed_is_a_line_of_text(room: ServeProgram) -> None:
    with room.join("alice") as alice, Recorder(room.address) as bot:
        bot.write(b'{"type":"ping"}\n\n  \ncaf\xe9 \x1b[2J\r\n')
        bot.end_input()
        assert alice.line() == 'bot: {"type":"ping"}'
        assert alice.line() == "bot: caf\\xe9 ␛[2J"
        assert bot.wait() == 0


# What is in the way.


def test_without_a_name_it_is_wrong_usage(room: ServeProgram) -> None:
    with Program("join", "--json", room.address) as bot:
        assert bot.wait() == 2
        assert "--json needs a --name" in bot.errors.rest().decode()


def test_a_name_that_is_taken_is_an_error(room: ServeProgram) -> None:
    with room.join("bot"), Recorder(room.address) as bot:
        assert bot.wait() == 1
        assert bot.errors.rest().decode() == ("asyncchat: bot: this name is already taken! Give another with --name.\n")


def test_no_server_is_an_error() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with Recorder("127.0.0.1:{1}".format(*unused.getsockname())) as bot:
            assert bot.wait() == 1
            assert "Traceback" not in (complaint := bot.errors.rest().decode())
            assert complaint.count("\n") == 1


def test_ctrl_c_ends_it(room: ServeProgram) -> None:
    with bot_in(room) as bot:
        bot.signal(signal.SIGINT)
        assert bot.wait() == 130
        assert bot.errors.rest() == b""


def test_it_ends_quietly_when_nobody_reads_what_it_prints(room: ServeProgram) -> None:
    with bot_in(room, "-n") as bot, room.join("alice") as alice:
        assert bot.process.stdout
        bot.process.stdout.close()
        alice.send("hello\n")
        assert bot.wait() == 0
        assert bot.errors.rest() == b""


# The recorder.


def test_a_recorder_goes_on_when_the_server_was_killed_and_started_again() -> None:
    with ServeProgram() as before, bot_in(before, "-n") as bot, before.join("alice") as alice:
        alice.send("one\n")
        bot.until("message", text="one")
        before.process.kill()
        (lost,) = bot.until("disconnected")[-1:]
        assert lost["pause"] <= 2
        with Program("serve", "--port", str(before.port)) as after:
            after.errors.until("listening")
            back = bot.until("welcome")[-1]
            assert back["resumed"] is False
            with Nc(before.port) as again:
                again.send("alice\ntwo\n")
                assert [event["text"] for event in of_kind("message", bot.until("message"))] == ["two"]


# Fast servers, and slow readers.

WELCOME = (
    b'{"type":"welcome","name":"bot","token":"t","epoch":"e","seq":0,"members":2,"max_line":4096,"resumed":false}\n'
)


def line(form: str, number: int, more: bytes = b"") -> bytes:
    """Return what a server says to everybody about one message; `more` is the end of it."""
    text = b"a line as people write it, %d%b" % (number, more)
    if form == "--plain":
        return b"bob: " + text + b"\n"
    return b'{"type":"message","seq":%d,"time":"2026-11-22T21:40:00.123Z","from":"bob","text":"%b"}\n' % (number, text)


@contextlib.contextmanager
def flood(first: bytes, lines: bytes, patience: float) -> Iterator[tuple[str, list[bool]]]:
    """Let somebody in, and say `lines` to them as fast as they are taken; yield where, and whether all were taken.

    It gives up when for `patience` seconds nothing is taken.
    """
    all_taken: list[bool] = []
    over = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.sendall(f"{ASK_NAME}\n".encode())
            connection.recv(1000)
            connection.sendall(first)
            connection.settimeout(seconds(patience))
            try:
                for begin in range(0, len(lines), 1 << 16):
                    connection.sendall(lines[begin : begin + (1 << 16)])
            except TimeoutError:
                all_taken.append(False)
                return
            all_taken.append(True)
            over.wait(seconds(PATIENCE))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield "127.0.0.1:{1}".format(*listener.getsockname()), all_taken
        over.set()
        thread.join()


def memory(program: Program) -> int:
    """Return the most kilobytes that it needed at once."""
    for line in Path(f"/proc/{program.process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise AssertionError("no VmHWM")


def cpu(program: Program) -> float:
    """Return how many seconds it has computed."""
    spent = Path(f"/proc/{program.process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, spent)) / 100


@pytest.mark.parametrize("form", ["--plain", "--json"])
def test_a_pipe_keeps_up_with_fifty_thousand_messages_a_second_without_growing(form: str) -> None:
    few, many = 30_000, 130_000

    def received(count: int) -> tuple[float, int]:
        lines = b"".join(line(form, number) for number in range(1, count + 1))
        with (
            flood(WELCOME if form == "--json" else b"", lines, PATIENCE) as (address, _),
            Program("join", form, "--name", "bot", "-n", address, command=ASYNCCHAT) as bot,
        ):
            bot.out.some(b"write it, %d" % count)
            return cpu(bot), memory(bot)

    def growth() -> tuple[float, int]:
        (spent_on_few, had), (spent_on_many, has) = received(few), received(many)
        return (spent_on_many - spent_on_few) / (many - few), has - had

    each, kilobytes = in_rounds(growth, lambda growth: growth[0] <= 20e-6)
    assert each <= 20e-6, f"{each * 1e6:.1f} µs for each message"
    assert kilobytes < 16_000


@pytest.mark.parametrize("form", ["--plain", "--json"])
def test_a_pipe_that_nobody_reads_takes_no_more_from_the_server(form: str) -> None:
    more = b"x" * 1000
    lines = b"".join(line(form, number, more) for number in range(1, 40_001))
    with (
        flood(WELCOME if form == "--json" else b"", lines, 1) as (address, all_taken),
        Program("join", form, "--name", "bot", "-n", address, command=ASYNCCHAT) as bot,
    ):
        until(lambda: bool(all_taken))
        assert all_taken == [False]
        assert memory(bot) < 80_000
