"""Pastes of several lines: they stay in the input, and are sent as the text that they are, or not at all."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from asyncchat.text.sanitize import is_blank
from asyncchat.ui.view.paste import MOST_TYPED, MOST_UNASKED, as_text, pasted, question
from tests.programs import SECRET, Nc, ServeProgram
from tests.ui.terminals import CTRL_C, ENTER, UP, Terminal

ALT_ENTER = "\x1b\r"


def paste(text: str) -> str:
    """Return what a terminal sends."""
    return f"\x1b[200~{text}\x1b[201~"


@pytest.fixture
def alice(room: ServeProgram, tmp_path: Path) -> Iterator[Terminal]:
    with Terminal(room.address, "--name", "alice", state=tmp_path) as alice:
        alice.until_prompt()
        yield alice


@pytest.fixture
def bob(room: ServeProgram) -> Iterator[Nc]:
    with room.join("bob") as bob:
        yield bob


def check_nothing_was_said(alice: Terminal, bob: Nc) -> None:
    alice.write("nothing" + ENTER)
    assert bob.line() == "alice: nothing"


def test_a_paste_stays_in_the_input_and_is_sent_in_order_as_text(alice: Terminal, bob: Nc) -> None:
    alice.write("first" + paste(" one\r\n/exit\n//path\n\n  /usr/bin/true x\rand\ttab\n   \nlast\n"))
    alice.until(lambda: alice.above == "8 lines: Enter sends them as text, Ctrl-C drops them")
    pasted = [
        "> first one",
        "/exit",
        "//path",
        "",
        "  /usr/bin/true x",
        "and     tab",
        "",
        "last",
    ]
    alice.until(lambda: alice.rows[-9:-1] == pasted)
    bob.send("meanwhile\n")
    assert bob.line() == "bob: meanwhile"
    alice.write(ENTER)
    assert [bob.line() for _ in range(8)] == [
        "alice: first one",
        "alice: /exit",
        "alice: //path",
        "alice: ",
        "alice:   /usr/bin/true x",
        "alice: and\ttab",
        "alice:    ",
        "alice: last",
    ]
    alice.until(lambda: alice.said("alice: first one") and "      //path" in alice.rows and alice.typed == "")


def test_a_paste_of_one_line_waits_in_the_input(alice: Terminal, bob: Nc) -> None:
    for text in ("hello", "hello\n", "hello\r\n"):
        alice.write(paste(text))
        alice.until_typed("hello")
        alice.write("\x15")
        alice.until_typed("")
    alice.write(paste("/list\n"))
    alice.until_typed("/list")
    alice.write(ENTER)  # as if it were typed
    alice.until_row("online: bob")
    check_nothing_was_said(alice, bob)


def test_ctrl_c_drops_several_lines_and_then_leaves(alice: Terminal, bob: Nc) -> None:
    alice.write(paste("one\n/exit\n"))
    alice.until(lambda: alice.above.startswith("2 lines: "))
    alice.write(CTRL_C)
    alice.until_typed("")
    check_nothing_was_said(alice, bob)
    alice.write(CTRL_C)
    assert alice.ended() == 130


def test_several_lines_can_be_edited_and_typed(alice: Terminal, bob: Nc) -> None:
    alice.write(paste("one\ntwo"))
    alice.until(lambda: alice.above.startswith("2 lines: "))
    alice.write(UP + "!" + ALT_ENTER + "and")
    alice.until(lambda: alice.above.startswith("3 lines: "))
    alice.write(ENTER)
    assert [bob.line() for _ in range(3)] == ["alice: one!", "alice: and", "alice: two"]


def test_what_was_pasted_comes_back_with_the_arrow_keys_also_in_the_next_session(
    alice: Terminal, bob: Nc, room: ServeProgram, tmp_path: Path
) -> None:
    alice.write(paste("one\n/exit") + ENTER)
    alice.until(lambda: "      /exit" in alice.rows and alice.typed == "")
    alice.write("/exit" + ENTER)
    assert alice.ended() == 0
    with Terminal(room.address, "--name", "alice", state=tmp_path) as again:
        again.until_prompt()
        again.write(UP)
        again.until_typed("/exit")
        again.write(UP)
        again.until(lambda: again.above.startswith("2 lines: "))
        again.write(ENTER)
        assert [bob.line() for _ in range(4)] == ["alice: one", "alice: /exit"] * 2


def test_many_lines_are_sent_after_a_question(alice: Terminal, bob: Nc) -> None:
    alice.write(paste("".join(f"line {number}\n" for number in range(MOST_UNASKED + 1))))
    alice.until_row("21 lines: Enter")
    for no in ("n", "\x1b", "x"):
        alice.write(ENTER + ENTER)
        alice.until_row("Send 21 lines? y/n")
        alice.write(no)
        alice.until_row("21 lines: Enter")
    bob.send("meanwhile\n")
    assert bob.line() == "bob: meanwhile"
    alice.write(ENTER)
    alice.until_row("Send 21 lines? y/n")
    alice.write("y")
    assert [bob.line() for _ in range(21)] == [f"alice: line {number}" for number in range(21)]
    alice.until_typed("")


def test_ctrl_c_at_the_question_drops_the_lines(alice: Terminal, bob: Nc) -> None:
    alice.write(paste("line\n" * 21) + ENTER)
    alice.until_row("Send 21 lines? y/n")
    alice.write(CTRL_C)
    alice.until_typed("")
    check_nothing_was_said(alice, bob)


def test_a_line_that_may_have_a_password_is_asked_about(alice: Terminal, bob: Nc, tmp_path: Path) -> None:
    alice.write(paste(f"/auth alice {SECRET}\nhello") + ENTER)
    alice.until_row("Send 2 lines, with what may be a password, as text? y/n")
    alice.write(CTRL_C)
    alice.until_typed("")
    check_nothing_was_said(alice, bob)
    alice.write(paste(f"hello\n/auth alice {SECRET}") + ENTER)
    alice.until_row("Send 2 lines, with what may be a password, as text? y/n")
    alice.write("y")
    assert [bob.line() for _ in range(2)] == ["alice: hello", f"alice: /auth alice {SECRET}"]
    assert not any(SECRET in path.read_text() for path in tmp_path.rglob("history*"))


@pytest.mark.parametrize("text", ["a password\n", "one\ntwo\n"])
def test_nothing_is_pasted_where_a_password_is_asked_for(alice: Terminal, bob: Nc, text: str) -> None:
    alice.write("/auth bob" + ENTER)
    alice.until_row("password of bob:")
    alice.write(paste(text))
    alice.until_row("not pasted: a password is typed, not pasted.")
    alice.until(lambda: alice.rows[-2:-1] == ["password of bob:"])
    alice.write(ENTER)
    alice.until_typed("")
    check_nothing_was_said(alice, bob)


def test_too_large_a_paste_is_refused_as_a_whole_and_what_was_typed_stays(alice: Terminal, bob: Nc) -> None:
    alice.write("typed")
    alice.until_typed("typed")
    data = paste("0123456789abcde\n" * (1 << 16)).encode()
    for start in range(0, len(data), 1 << 12):
        alice.write(data[start : start + (1 << 12)])
    alice.until_row(f"not pasted: more than {MOST_TYPED} characters")
    alice.until_typed("typed")
    alice.write(ENTER)
    assert bob.line() == "alice: typed"


def test_control_characters_in_a_paste_do_nothing_here_and_arrive_as_stand_ins(alice: Terminal, bob: Nc) -> None:
    alice.write(paste("\x1b[2Jone\x03\x04\n\x1a\x15two") + ENTER)
    assert [bob.line() for _ in range(2)] == ["alice: ␛[2Jone␃␄", "alice: ␚␕two"]


def test_lines_of_a_paste_that_could_not_be_sent_are_sent_when_there_is_a_connection_again(tmp_path: Path) -> None:
    with ServeProgram() as first:
        port = first.port
        alice = Terminal(first.address, "--name", "alice", state=tmp_path)
        alice.until_prompt()
    with alice:
        alice.until_row("connection lost (")
        alice.write(paste("one\n/exit") + ENTER)
        alice.until(lambda: "one\u240a/exit" in alice.rows)
        with ServeProgram("--port", str(port)):
            alice.until_said("alice: one", limit=20)
            alice.until_row("      /exit")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("one", "one"),
        ("one\n", "one"),
        ("\n", ""),
        ("one\r\ntwo\rthree\n\n", "one\ntwo\nthree\n"),
        ("\n\none", "\n\none"),
    ],
)
def test_all_line_ends_are_the_same_and_the_last_one_does_not_count(data: str, text: str) -> None:
    assert pasted(data) == text


@given(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"])))
def test_no_line_of_several_is_a_command_or_blank(line: str) -> None:
    sent = as_text(line)
    assert not is_blank(sent)
    assert not sent.startswith("/") or sent.startswith("//")
    assert line in sent


@pytest.mark.parametrize(
    ("lines", "asks"),
    [
        (["a"] * 20, False),
        (["a"] * 21, True),
        (["a", "/auth b c"], True),
        (["/usr/bin/env python", "//auth b c", "/list"], False),
    ],
)
def test_what_is_asked_about(lines: list[str], asks: bool) -> None:
    assert bool(question(lines)) == asks
