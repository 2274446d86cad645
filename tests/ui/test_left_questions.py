"""What is typed after a password question was left, at a real terminal with the real server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from asyncchat.ui.passwords import AGAIN
from tests.programs import SECRET, ServeProgram
from tests.ui.terminals import CTRL_C, ENTER, Terminal

MAY_BE_PASSWORD = "not sent: it may be a password. If it is none, write it again."
MAY_BE = "hunter2hunter"
NEW = "new password, 8 characters at least:"
QUESTIONS = [
    [("/auth bob", "password of bob:")],
    [("/register", NEW)],
    [("/register", NEW), (SECRET, AGAIN.rstrip())],
    [("/password", NEW)],
    [("/password", NEW), (SECRET, AGAIN.rstrip())],
    [("/unregister", "password, to give up your name and your private conversations:")],
]
"""What is typed, and the question that follows, up to the one that is left."""


@pytest.fixture
def chat(with_people: str) -> Iterator[ServeProgram]:
    """A group chat in which alice and bob are registered."""
    with ServeProgram("--rate", "0", "--store", with_people) as chat:
        yield chat


@pytest.fixture
def carol(chat: ServeProgram, tmp_path: Path) -> Iterator[Terminal]:
    """A guest at a terminal."""
    with Terminal(chat.address, "--name=carol", state=tmp_path) as carol:
        carol.until_prompt()
        yield carol


def leave(carol: Terminal, questions: list[tuple[str, str]], way: str) -> None:
    """Let carol leave the last of these questions."""
    for typed, question in questions:
        carol.write(typed + ENTER)
        carol.until(lambda question=question: any(row.startswith(question) for row in carol.rows))  # type: ignore[misc]
    carol.write(way)
    carol.until_prompt()


@pytest.mark.parametrize("way", [ENTER, CTRL_C, "half of a pass" + CTRL_C], ids=["Enter", "Ctrl-C", "half"])
@pytest.mark.parametrize("questions", QUESTIONS)
def test_what_may_be_the_password_is_refused_once_after_its_question_was_left(
    chat: ServeProgram, carol: Terminal, questions: list[tuple[str, str]], way: str
) -> None:
    with chat.join("eve") as eve:
        leave(carol, questions, way)
        carol.write(MAY_BE + ENTER)
        carol.until_row(MAY_BE_PASSWORD)
        carol.until_typed(MAY_BE)
        carol.write(ENTER)
        carol.until_said(f"carol: {MAY_BE}")
        assert eve.line() == f"carol: {MAY_BE}"


def test_several_lines_are_refused_after_a_password_question_was_left(chat: ServeProgram, carol: Terminal) -> None:
    with chat.join("eve") as eve:
        leave(carol, QUESTIONS[0], ENTER)
        carol.write(f"{MAY_BE}\x1b{ENTER}another of them{ENTER}")
        carol.until(lambda: carol.rows.count(MAY_BE_PASSWORD) == 1)
        carol.until(lambda: "another of them" in carol.rows)
        carol.write(CTRL_C + "hi" + ENTER)
        assert eve.line() == "carol: hi"


def test_a_short_line_is_sent_and_what_follows_may_still_be_the_password(chat: ServeProgram, carol: Terminal) -> None:
    with chat.join("eve") as eve:
        leave(carol, QUESTIONS[0], ENTER)
        carol.write("wait" + ENTER)
        assert eve.line() == "carol: wait"
        carol.write(MAY_BE + ENTER)
        carol.until_row(MAY_BE_PASSWORD)
        carol.until_typed(MAY_BE)


def test_a_password_command_that_works_ends_the_doubt(chat: ServeProgram, carol: Terminal) -> None:
    leave(carol, QUESTIONS[0], ENTER)
    carol.write(f"/auth bob {SECRET}{ENTER}")
    carol.until_row("You are bob now.")
    carol.write("good morning" + ENTER)
    carol.until_said("bob: good morning")
