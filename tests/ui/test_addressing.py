"""Text of every script at a real terminal: mentions, Tab, and what is not seen."""

from pathlib import Path

from tests.programs import ServeProgram
from tests.ui.terminals import ENTER, TAB, Terminal


def test_a_mention_beside_letters_without_blanks_rings_and_part_of_a_word_does_not(
    room: ServeProgram, tmp_path: Path
) -> None:
    with (
        Terminal(room.address, "--name", "rob", "--bell", "mentions", state=tmp_path) as rob,
        room.join("bob") as bob,
    ):
        rob.until_prompt()
        bob.send("robust probe\nrobさん、どう\n问一下rob吧\nthat is all\n")
        rob.until_said("bob: that is all")
        assert rob.raw.count(b"\a") >= 1
        assert rob.said("bob: robさん、どう") == rob.said("bob: 问一下rob吧") == 1
        before = rob.raw.count(b"\a")
        bob.send("robust probe\nthat is all again\n")
        rob.until_said("bob: that is all again")
        assert rob.raw.count(b"\a") == before


def test_tab_completes_a_name_behind_signs_and_behind_letters_without_blanks(
    room: ServeProgram, tmp_path: Path
) -> None:
    with room.join("Robert") as robert, Terminal(room.address, "--name", "alice", state=tmp_path) as alice:
        alice.until_prompt()
        for typed, becomes in (
            ("@Ro", "@Robert"),
            ("(Ro", "(Robert"),
            ("a,Ro", "a,Robert"),
            ("问一下Ro", "问一下Robert"),
        ):
            alice.write(typed + TAB)
            alice.until_typed(becomes)
            alice.write("!" + ENTER)
            assert robert.line() == f"alice: {becomes} !"
            alice.until(lambda: alice.typed == "")


def test_a_line_of_what_is_not_seen_is_not_sent_and_does_not_come_back(room: ServeProgram, tmp_path: Path) -> None:
    with room.join("bob") as bob, Terminal(room.address, "--name", "alice", state=tmp_path) as alice:
        alice.until_prompt()
        alice.write("\u200b" + ENTER + "hello" + ENTER)
        assert bob.line() == "alice: hello"
        alice.until_said("alice: hello")
        assert not any("not sent" in row for row in alice.everything)
