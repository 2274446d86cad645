"""A password that is typed as a line of chat: no file has it once it was refused, at a real terminal."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from asyncchat.ui.history import MOST_LINES, LineHistory
from tests.programs import SECRET, Nc, ServeProgram
from tests.ui.terminals import CTRL_C, ENTER, UP, Terminal

IS_PASSWORD = "not sent: it is your password."
MAY_BE_PASSWORD = "not sent: it may be a password."
MAY_BE = "hunter2hunter"


@pytest.fixture
def chat(with_people: str) -> Iterator[ServeProgram]:
    """A group chat in which alice and bob are registered."""
    with ServeProgram("--rate", "0", "--store", with_people) as chat:
        yield chat


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The folder where the clients keep their histories."""
    return tmp_path / "state"


@pytest.fixture
def alice(chat: ServeProgram, state: Path) -> Iterator[Terminal]:
    """alice at a terminal, who has logged in."""
    with join(chat, state) as alice:
        yield alice


@pytest.fixture
def eve(chat: ServeProgram) -> Iterator[Nc]:
    """One who reads what all read."""
    with chat.join("eve") as eve:
        yield eve


def join(chat: ServeProgram, state: Path) -> Terminal:
    alice = Terminal(chat.address, "--name=alice", state=state, ASYNCCHAT_PASSWORD=SECRET)
    alice.until_prompt()
    return alice


def kept(state: Path) -> str:
    """Return what the files below the folder have, all together."""
    return "".join(path.read_text() for path in state.rglob("*") if path.is_file())


def check_arrows_bring(terminal: Terminal, *lines: str) -> None:
    for line in lines:
        terminal.write(UP)
        terminal.until_typed(line)


def test_the_own_password_stays_neither_in_the_history_nor_in_its_file(alice: Terminal, eve: Nc, state: Path) -> None:
    for line, sign in (("before", "alice: before"), (SECRET, IS_PASSWORD)):
        alice.write(line + ENTER)
        alice.until_row(sign)
    alice.until_typed(SECRET)
    assert kept(state).split() == ["before"]
    alice.write("\x15after" + ENTER)
    assert [eve.line(), eve.line()] == ["alice: before", "alice: after"]
    alice.until_said("alice: after")  # by then the arrow keys have the line too
    check_arrows_bring(alice, "after", "before")


def test_what_may_be_a_password_after_a_failed_command_stays_in_no_file(chat: ServeProgram, state: Path) -> None:
    with Terminal(chat.address, "--name=carol", state=state) as carol:
        carol.until_prompt()
        carol.write("/auth bob wrong-password" + ENTER)
        carol.until_row("not sent: incorrect password!")
        carol.until_typed("")
        carol.write(MAY_BE + ENTER)
        carol.until_row(MAY_BE_PASSWORD)
        carol.until_typed(MAY_BE)
        assert kept(state).split() == []


def test_what_may_be_a_password_after_a_question_was_left_stays_in_no_file(alice: Terminal, state: Path) -> None:
    alice.write("/auth bob" + ENTER)
    alice.until(lambda: any(row.startswith("password of bob:") for row in alice.rows))
    alice.write(CTRL_C)
    alice.until_prompt()
    alice.write(MAY_BE + ENTER)
    alice.until_row(MAY_BE_PASSWORD)
    alice.until_typed(MAY_BE)
    assert kept(state).split() == []


def test_a_password_among_several_lines_stays_in_no_file(alice: Terminal, eve: Nc, state: Path) -> None:
    alice.write(f"one\x1b{ENTER}{SECRET}\x1b{ENTER}three{ENTER}")
    alice.until_row(IS_PASSWORD)
    alice.write("\x03after that" + ENTER)
    assert eve.line() == "alice: after that"
    assert SECRET not in kept(state)


def let_the_server_refuse(chat: ServeProgram, carol: Terminal, *lines: str) -> None:
    """Type lines after a command that will not work, while the server does nothing; MAY_BE is refused by it later."""
    chat.signal(signal.SIGSTOP)
    for line in ("/auth bob wrong-password", *lines):
        carol.write(line + ENTER)
        carol.until_row(line.split()[0])
        carol.until_typed("")


def test_a_password_is_forgotten_when_the_server_answers_late(chat: ServeProgram, state: Path) -> None:
    with Terminal(chat.address, "--name=carol", state=state) as carol:
        carol.until_prompt()
        let_the_server_refuse(chat, carol, MAY_BE, "second", "third")
        carol.write("being typed")
        carol.until_typed("being typed")
        chat.signal(signal.SIGCONT)
        carol.until_said("carol: third")
        carol.until_row(MAY_BE_PASSWORD)
        carol.until_typed("being typed")
        carol.write(" on")
        carol.until_typed("being typed on")
        assert kept(state).split() == ["second", "third"]
        check_arrows_bring(carol, "third", "second")


def test_the_lines_of_another_client_with_the_same_history_stay(
    chat: ServeProgram, alice: Terminal, state: Path
) -> None:
    with Terminal(chat.address, "--name=carol", state=state) as carol:
        carol.until_prompt()
        alice.write("one" + ENTER)
        carol.until_said("alice: one")
        let_the_server_refuse(chat, carol, MAY_BE)
        alice.write("two" + ENTER)
        alice.until_row("two")
        alice.until_typed("")
        chat.signal(signal.SIGCONT)
        carol.until_row(MAY_BE_PASSWORD)
        carol.until_said("alice: two")
        assert kept(state).split() == ["one", "two"]
        check_arrows_bring(alice, "two", "one")


def test_what_another_client_writes_at_the_same_moment_stays(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_text("".join(f"{number} before\n" for number in range(MOST_LINES)))

    def write(number: int) -> None:
        history = LineHistory(path)
        for line in range(50):
            history.append_string(SECRET)
            history.append_string(f"{number} {line}")
            history.remove(SECRET)

    with ThreadPoolExecutor() as pool:
        list(pool.map(write, range(4)))
    written = path.read_text().splitlines()
    assert {line for line in written if line.strip() and "before" not in line} == {
        f"{number} {line}" for number in range(4) for line in range(50)
    }


@pytest.mark.parametrize("changed", ["", "another-password"])
def test_the_own_password_is_not_sent_to_a_server_that_was_started_again(
    with_people: str, state: Path, changed: str
) -> None:
    with ServeProgram("--store", with_people) as chat:
        alice = join(chat, state)
        if changed:
            alice.write(f"/password {changed}{ENTER}")
            alice.until_row("your password is changed")
        chat.signal(signal.SIGTERM)
        assert chat.wait() == 0
    with alice:
        alice.until_row("connection lost")
        with ServeProgram("--store", with_people, "--port", str(chat.port)):
            for line in (changed or SECRET, "hello"):
                alice.write(f"\x15{line}{ENTER}")
            alice.until_said("alice: hello")
            assert not alice.said(f"alice: {changed or SECRET}")
    assert kept(state).split() == ["hello"]
