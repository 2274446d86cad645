"""The real client in a window whose size changes: what was said stays readable, once."""

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from wcwidth import wcwidth

from tests.programs import ServeProgram, until
from tests.ui.terminals import ENTER, TAB, Terminal, Tmux, XTerm

WIDE = 400
"""Columns in which nothing here is wrapped."""

TEXTS = (
    *(f"message {number} {'word ' * (number % 13)}end {number}" for number in range(40)),
    "long " * 60 + "tail",
    "漢字" * 30 + "。",
    "Zoe\u0301 cafe\u0301 " * 20 + "fin",
    "🎉🚀 emoji " * 12 + "fin",
    "tab\tand\ttab" * 8,
    "the last",
)
TYPED = "half typed"


def rows_of(lines: Sequence[str], columns: int) -> list[str]:
    """Return the rows of a terminal with so many columns."""
    rows = []
    for line in lines:
        row, width = "", 0
        for character in line:
            if width + wcwidth(character) > columns:
                rows.append(row)
                row, width = "", 0
            row, width = row + character, width + wcwidth(character)
        rows.append(row)
    return [row.rstrip() for row in rows]


def terminal(server: ServeProgram, state: Path, screen: type[XTerm], columns: int = 80, rows: int = 24) -> Terminal:
    """Return alice's."""
    term = "tmux-256color" if screen is Tmux else "xterm-256color"
    return Terminal(
        server.address, "--name", "alice", state=state, columns=columns, rows=rows, screen=screen, TERM=term
    )


def has_status(alice: Terminal) -> bool:
    """Tell whether the prompt is drawn, with all that belongs to it."""
    return alice.rows[-1].startswith((" alice", " 127.0.0.1"))


class Window:
    """Alice's terminal, in which bob has said a lot."""

    def __init__(self, server: ServeProgram, state: Path, screen: type[XTerm]) -> None:
        self.alice = terminal(server, state, screen, columns=WIDE, rows=60)
        self.alice.until_prompt()
        self.bob = server.join("bob")
        self.bob.send("".join(f"{text}\n" for text in TEXTS))
        self.alice.until_row("the last")
        self.alice.write(TYPED)
        self.alice.until_typed(TYPED)
        self.lines = [row for row in self.alice.everything[:-2] if row]
        assert sum("bob: " in line for line in self.lines) == len(TEXTS)

    def check(self, columns: int, rows: int) -> None:
        """Check that the window has the end of what was said, once, and what stands around the line, and no more."""
        *shown, line, status = self.alice.rows
        assert line == f"> {TYPED}"
        assert status.strip()
        assert shown == rows_of(self.lines, columns)[-(rows - 2) :]


@pytest.fixture(scope="module", params=[XTerm, Tmux])
def window(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    with ServeProgram("--rate", "0", "--quiet") as server:
        window = Window(server, tmp_path_factory.mktemp("state"), request.param)
        with window.alice, window.bob:
            yield window


sizes = st.tuples(st.integers(20, 200), st.integers(5, 60))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(sizes, st.booleans()), min_size=1, max_size=4))
def test_after_any_sequence_of_sizes_the_window_has_the_end_of_what_was_said_once(
    window: Window, changes: list[tuple[tuple[int, int], bool]]
) -> None:
    for (columns, rows), waits in changes:
        window.alice.resize(columns, rows)
        if waits:
            window.alice.until_filled()
            window.alice.until(lambda: has_status(window.alice))
            window.check(columns, rows)
    window.alice.until_filled()
    window.alice.until(lambda: has_status(window.alice))
    window.check(*changes[-1][0])


def test_what_arrives_while_the_size_changes_is_there_once(window: Window) -> None:
    for columns in (100, 30, 150, 31, 149, 60, 80):
        window.alice.resize(columns, 24)
        window.bob.send(f"said at {columns}\n")
        window.lines.append(f"said at {columns}")
    window.alice.until_row("said at 80")
    window.alice.until_filled()
    window.alice.until(lambda: has_status(window.alice))
    last = window.alice.rows[-9:-2]
    window.lines[-7:] = last
    assert [row.partition("bob: ")[2] for row in last] == [f"said at {c}" for c in (100, 30, 150, 31, 149, 60, 80)]
    window.check(80, 24)


@pytest.fixture(params=[XTerm, Tmux])
def alice(request: pytest.FixtureRequest, room: ServeProgram, tmp_path: Path) -> Iterator[Terminal]:
    """A window in which a shell has printed something before."""
    with terminal(room, tmp_path, request.param) as alice:
        alice.show("one from the shell\r\ntwo from the shell\r\n")
        alice.until_prompt()
        yield alice


def resize(alice: Terminal, *sizes: tuple[int, int]) -> None:
    """Change the size, each time when the window is filled."""
    for columns, rows in sizes:
        alice.resize(columns, rows)
        alice.until_filled()
        alice.until(lambda: has_status(alice))


def test_what_others_had_printed_before_stays_in_the_scrollback(alice: Terminal) -> None:
    resize(alice, (40, 24), (80, 24), (100, 30))
    assert alice.rows[0].startswith("You are alice")
    assert [row for row in alice.everything if "shell" in row] == ["one from the shell", "two from the shell"]
    assert sum("connected" in row for row in alice.everything) == 1


def test_what_was_cleared_does_not_come_back(alice: Terminal) -> None:
    alice.write("/clear" + ENTER)
    alice.until(lambda: alice.rows[0] == ">")
    resize(alice, (40, 24), (120, 24), (80, 40))
    assert alice.rows[:-1] == [">"]


def test_a_program_that_was_stopped_draws_its_window_anew_below_what_the_shell_has_printed(
    alice: Terminal, room: ServeProgram
) -> None:
    with room.join("bob") as bob:
        bob.send("".join(f"<{number}>\n" for number in range(30)))
        alice.until_row("<29>")
    alice.until(lambda: has_status(alice))
    alice.signal(signal.SIGSTOP)
    alice.resize(60, 20)
    alice.show("\r\n\r\n$ fg\r\n")
    alice.signal(signal.SIGCONT)
    alice.until_filled()
    alice.until(lambda: has_status(alice))
    assert "$ fg" not in alice.rows
    resize(alice, (100, 20), (100, 30))
    assert alice.everything.count("$ fg") == 1
    shown = [int(number) for number in re.findall(r"<(\d+)>", "".join(alice.rows))]
    assert shown == list(range(shown[0], 30))


def test_an_open_menu_survives_a_change_of_size(alice: Terminal) -> None:
    alice.write("/" + TAB)
    alice.until_row("clear the screen")
    resize_with_menu = ((40, 24), (100, 12), (80, 24))
    for columns, rows in resize_with_menu:
        alice.resize(columns, rows)
        alice.until_filled()
        alice.until(lambda: any("/clear" in row for row in alice.rows))
        assert alice.rows[0].startswith("You are alice")
        assert sum(row.startswith("> ") for row in alice.rows) == 1


def test_a_question_for_a_password_survives_a_change_of_size(alice: Terminal) -> None:
    alice.write("/auth bob" + ENTER)
    alice.until_row("password of bob")
    alice.write("secret")
    resize(alice, (40, 24), (100, 12), (80, 24))
    assert sum("password of bob" in row for row in alice.rows) == 1
    assert sum(row.endswith(" ******") for row in alice.rows) == 1


def test_what_waits_and_what_is_said_of_a_lost_connection_survives_a_change_of_size(tmp_path: Path) -> None:
    with ServeProgram() as server:
        alice = Terminal(server.address, "--name", "alice", state=tmp_path, screen=XTerm)
        alice.until_prompt()
    with alice:
        alice.until_row("connection lost")
        alice.write("one" + ENTER + "two" + ENTER)
        alice.until(lambda: "two" in alice.rows)
        for columns, rows in ((40, 24), (120, 6), (90, 24)):
            alice.resize(columns, rows)
            alice.until_filled()
            alice.until(lambda: alice.rows[-2:-1] == [">"])
        assert sum("connection lost" in row for row in alice.rows) == 1
        assert alice.rows[-4:-1] == ["one", "two", ">"]


def test_what_was_printed_while_the_size_changed_is_there_when_one_leaves(alice: Terminal) -> None:
    alice.resize(60, 20)
    alice.write("/ignore mallory" + ENTER + "/exit" + ENTER)
    assert alice.ended() == 0
    assert "ignored: mallory" in alice.rows


@pytest.mark.skipif(not shutil.which("tmux"), reason="there is no tmux")
def test_in_tmux_too_each_message_of_the_last_screen_is_there_once(room: ServeProgram, tmp_path: Path) -> None:
    def tmux(*arguments: str) -> str:
        command = ["tmux", "-S", str(tmp_path / "tmux"), "-f", "/dev/null", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def screen() -> str:
        return tmux("capture-pane", "-p", "-J")

    join = f"XDG_STATE_HOME={tmp_path} {sys.executable} -m asyncchat join {room.address} --name alice"
    tmux("new-session", "-d", "-x", "80", "-y", "24", join)
    try:
        until(lambda: " connected" in screen())
        with room.join("bob") as bob:
            bob.send("".join(f"<{number}> {'word ' * (number % 13)}end\n" for number in range(30)))
            until(lambda: "<29>" in screen())
            for number, columns in enumerate((40, 80, 30, 120, 20, 200, 80), 30):
                tmux("resize-window", "-x", str(columns), "-y", "24")
                bob.send(f"<{number}> now\n")
                until(lambda number=number: f"<{number}> now" in screen())  # type: ignore[misc]

            def is_whole() -> bool:
                shown = [int(number) for number in re.findall(r"<(\d+)>", screen())]
                return len(shown) > 15 and shown == list(range(shown[0], 37)) and screen().count(" connected") == 1

            until(is_whole)
            everything = tmux("capture-pane", "-p", "-J", "-S", "-")
            said = [int(number) for number in re.findall(r"<(\d+)>", everything)]
            assert set(said) == set(range(37))
            assert len(said) < 2 * 37  # some are in the scrollback, too, but not a whole window for each change
    finally:
        tmux("kill-server")
