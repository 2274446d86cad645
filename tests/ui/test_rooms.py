"""Rooms in the client at a terminal."""

from pathlib import Path

from tests.programs import ServeProgram
from tests.ui.terminals import ENTER, Terminal


def test_the_prompt_names_the_room_and_other_rooms_are_marked(room: ServeProgram, tmp_path: Path) -> None:
    with Terminal(room.address, "--name", "alice", state=tmp_path) as alice, room.join("bob") as bob:
        alice.until_prompt()
        alice.write("/join #ops" + ENTER)
        alice.until_row("You are in #ops, 1 online.")
        alice.until(lambda: alice.rows[-2].startswith("#ops>"))
        bob.send("in the lobby\n/join #ops\nin ops\n")
        alice.until(lambda: any(row.endswith(" # bob: in the lobby") for row in alice.rows))
        alice.until(lambda: any(row.endswith(" bob: in ops") and "#" not in row for row in alice.rows))
        alice.write("back" + ENTER)
        bob.lines.until("alice: back")
        alice.write("/leave" + ENTER)
        alice.until_row("You are not in #ops.")
        alice.until(lambda: alice.rows[-2].startswith(">"))
