"""Each program in `examples/` does what it says, with real servers."""

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from tests.programs import Program, ServeProgram

EXAMPLES = Path(__file__).parent.parent / "examples"


@contextmanager
def example(name: str, *addresses: str) -> Iterator[Program]:
    """Run an example, which Ctrl-C must end without complaints."""
    command = (sys.executable, "-W", "error", str(EXAMPLES / f"{name}.py"))
    with Program(*addresses, command=command) as program:
        yield program
        program.signal(signal.SIGINT)
        assert program.wait() == 0
        assert program.errors.rest() == b""


@pytest.fixture
def other_room() -> Iterator[ServeProgram]:
    with ServeProgram("--rate", "0") as server:
        yield server


@pytest.mark.parametrize(("name", "given"), [("counter", ()), ("recorder", ()), ("bridge", ("a",))])
def test_without_the_right_addresses_an_example_says_how_it_is_run(name: str, given: tuple[str, ...]) -> None:
    with Program(*given, command=(sys.executable, str(EXAMPLES / f"{name}.py"))) as program:
        assert program.wait() == 1
        (line,) = program.errors.rest().decode().splitlines()
    assert line.startswith("write the address")
    assert f": python examples/{name}.py 127.0.0.1:23456" in line


def test_the_counter_counts_what_others_say_from_now_on(room: ServeProgram) -> None:
    with room.join("bob") as bob:
        bob.send("!count\n")
        room.out.until("bob sent !count")
        with example("counter", room.address), room.join("alice") as alice:
            room.out.until("counter joined")
            alice.send("hello\n!count\n")
            assert alice.lines.until("counter: ")[-3:] == ["alice: hello", "alice: !count", "counter: alice: 2"]


def test_the_recorder_prints_what_is_said_as_json(room: ServeProgram) -> None:
    with room.join("alice") as alice:
        alice.send("before\n")
        room.out.until("sent before")
        with example("recorder", room.address) as recorder:
            room.out.until("recorder joined")
            alice.send('"hello" ❤\n')
            recorded = [json.loads(recorder.out.line()) for _ in range(2)]
    assert [(row["seq"], row["sender"], row["text"]) for row in recorded] == [
        (1, "alice", "before"),
        (2, "alice", '"hello" ❤'),
    ]
    assert all(datetime.fromisoformat(row["time"]).tzinfo for row in recorded)


def test_the_bridge_repeats_in_each_chat_what_is_said_in_the_other_and_nothing_twice(
    room: ServeProgram, other_room: ServeProgram
) -> None:
    with room.join("alice") as alice, other_room.join("bob") as bob:
        with example("bridge", room.address, other_room.address):
            room.out.until("bridge joined")
            other_room.out.until("bridge joined")
            alice.send("hello\n")
            assert bob.line() == "bridge: alice: hello"
            bob.send("/list\n//exit\n")
            assert [bob.line() for _ in range(2)] == ["Server: online: bridge", "bob: /exit"]
            assert [alice.line() for _ in range(2)] == ["alice: hello", "bridge: bob: /exit"]
        alice.send("/list\n")
        assert alice.line() == "Server: no one online"


def test_every_example_is_run_here() -> None:
    run = {name.removeprefix("test_the_").partition("_")[0] for name in globals() if name.startswith("test_the_")}
    assert run == {path.stem for path in EXAMPLES.glob("*.py")}


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_an_example_without_a_server_says_what_is_wrong_in_one_line(path: Path) -> None:
    with ServeProgram() as server:
        address = server.address
    with Program(address, address, command=(sys.executable, "-W", "error", str(path))) as program:
        assert program.wait() == 1
        (line,) = program.errors.rest().decode().splitlines()
    assert line.startswith(f"{path.stem}: can't reach {address}: ")
