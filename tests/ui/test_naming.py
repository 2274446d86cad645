"""The questions for a name and its password before one is in, at a real terminal with the real server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from asyncchat.ui.passwords import AGAIN, NO_COMMAND, SEVERAL_LINES
from tests.programs import SECRET, ServeProgram
from tests.ui.terminals import CTRL_D, Terminal

DOUBT = "this name was not taken, since it may be a password. If it is none, write it again."
OF_ALICE = "password of alice (Enter alone for another name):"
NAME = "write your name:"


@pytest.fixture
def chat(with_people: str) -> Iterator[ServeProgram]:
    """A group chat in which alice and bob are registered."""
    with ServeProgram("--rate", "0", "--store", with_people) as chat:
        yield chat


def join(chat: ServeProgram, state: Path, *names: str) -> Terminal:
    return Terminal(chat.address, *(f"--name={name}" for name in names), state=state, columns=120)


def asked(terminal: Terminal, question: str) -> None:
    """Wait until this is asked, and nothing is typed yet."""
    terminal.until(lambda: terminal.rows[-1] == question)


def test_a_password_written_behind_the_question_for_it_becomes_no_name_but_may_be_written_again(
    chat: ServeProgram, tmp_path: Path
) -> None:
    with join(chat, tmp_path, "alice") as alice:
        asked(alice, OF_ALICE)
        alice.write("\n")
        asked(alice, NAME)
        alice.write("hunter2hunter\n")
        alice.until_row(DOUBT)
        asked(alice, NAME)
        alice.write("hunter2hunter\n")
        alice.until_row("You are hunter2hunter")


@pytest.mark.parametrize(
    "typed",
    [
        ("/auth alice", ""),  # left
        ("/auth nobody", SECRET),  # refused
        (f"/auth nobody {SECRET}",),
        ("/auth",),
        ("/passwd",),
        ("/regster alice",),
        ("\uff0fauth alice",),
    ],
)
def test_after_a_command_for_a_password_did_not_work_a_password_becomes_no_name(
    chat: ServeProgram, tmp_path: Path, typed: tuple[str, ...]
) -> None:
    with join(chat, tmp_path) as somebody:
        asked(somebody, NAME)
        for number, line in enumerate(typed):
            if number:
                somebody.until(lambda: "(Enter alone for another name):" in somebody.rows[-1])
            somebody.write(f"{line}\n")
        somebody.until(lambda: sum(row.startswith(NAME) for row in somebody.rows) == 2)
        somebody.write("hunter2hunter\n")
        somebody.until_row(DOUBT)


def test_a_short_name_is_no_password(chat: ServeProgram, tmp_path: Path) -> None:
    with join(chat, tmp_path, "alice") as alice:
        asked(alice, OF_ALICE)
        alice.write("\n")
        asked(alice, NAME)
        alice.write("seventy\n")
        alice.until_row("You are seventy")


@pytest.mark.parametrize(
    ("before", "question"),
    [
        ((), OF_ALICE),
        (("",), NAME),
        (("", "/registration carol"), "new password of carol (Enter alone for another name):"),
        (("", "/registration carol", SECRET), AGAIN.rstrip()),
    ],
)
def test_the_end_of_input_leaves_at_each_question(
    chat: ServeProgram, tmp_path: Path, before: tuple[str, ...], question: str
) -> None:
    with join(chat, tmp_path, "alice") as alice:
        asked(alice, OF_ALICE)
        for line, following in zip(before, (NAME, "new password of carol", AGAIN.rstrip()), strict=False):
            alice.write(f"{line}\n")
            alice.until(lambda following=following: alice.rows[-1].startswith(following))  # type: ignore[misc]
        asked(alice, question)
        alice.write(CTRL_D)
        assert alice.ended() == 0
        assert alice.attributes == alice.attributes_before


@pytest.mark.parametrize("command", [f"/auth alice {SECRET}", f"/LOGIN alice {SECRET}", "/exit", "/registration"])
def test_a_command_at_the_question_for_a_password_is_not_sent_as_one(
    chat: ServeProgram, tmp_path: Path, command: str
) -> None:
    with join(chat, tmp_path, "alice") as alice:
        asked(alice, OF_ALICE)
        alice.write(f"{command}\n")
        alice.until_row(NO_COMMAND)
        asked(alice, OF_ALICE)
        alice.write(f"{SECRET}\n")
        alice.until_row("You are alice")
        assert not any("incorrect password" in row for row in alice.everything)


def test_says_nothing_of_a_command_where_the_password_is_asked_for(chat: ServeProgram, tmp_path: Path) -> None:
    with join(chat, tmp_path, "alice") as alice:
        asked(alice, OF_ALICE)
        assert "alice is registered: write its password." in alice.rows
        assert not any("/auth" in row for row in alice.rows)


def test_several_lines_pasted_at_the_question_for_a_name_are_neither_name_nor_message(
    chat: ServeProgram, tmp_path: Path
) -> None:
    with join(chat, tmp_path) as somebody, chat.join("eve") as eve:
        asked(somebody, NAME)
        somebody.write("carol\nhunter2hunter\nmore\n")
        somebody.until_row("several lines are no name: nothing was sent. Write the name alone.")
        asked(somebody, NAME)
        somebody.write("carol\n")
        somebody.until_prompt()
        somebody.write("hello\r")
        assert eve.line() == "carol: hello"


@pytest.mark.parametrize(
    ("before", "question"),
    [((), OF_ALICE), (("", "/register carol", SECRET), AGAIN.rstrip())],
)
def test_several_lines_pasted_at_the_question_for_a_password_are_neither_password_nor_message(
    chat: ServeProgram, tmp_path: Path, before: tuple[str, ...], question: str
) -> None:
    with join(chat, tmp_path, "alice") as somebody, chat.join("eve") as eve:
        asked(somebody, OF_ALICE)
        for line, following in zip(before, (NAME, "new password of carol", question), strict=False):
            somebody.write(f"{line}\n")
            somebody.until(lambda following=following: somebody.rows[-1].startswith(following))  # type: ignore[misc]
        somebody.write(f"{SECRET}\nnot for all\n")
        somebody.until_row(SEVERAL_LINES)
        somebody.until(lambda: somebody.rows[-1].endswith("(Enter alone for another name):"))
        somebody.write(f"{SECRET}\n")
        if before:
            asked(somebody, question)
            somebody.write(f"{SECRET}\n")
        somebody.until_prompt()
        somebody.write("hello\r")
        assert eve.line().endswith(": hello")
