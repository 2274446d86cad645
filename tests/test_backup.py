"""`asyncchat backup`: a copy of a store, whole or not at all, while a server writes it."""

import os
import stat
import threading
from pathlib import Path

import pytest

from tests.programs import ASYNCCHAT, Program, ServeProgram


def back_up(store: Path | str, copy: Path | str, command: tuple[str, ...] = ()) -> tuple[int, str]:
    """Return the exit code, and what is said."""
    with Program("backup", "--store", str(store), str(copy), command=command) as program:
        assert program.out.rest() == b""
        return program.wait(), program.errors.rest().decode()


def conversation(store: Path) -> list[str]:
    with Program("filter", "--store", str(store)) as program:
        return program.out.rest().decode().splitlines()


def test_a_copy_of_a_store_that_is_written_meanwhile_is_whole(empty_store: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with ServeProgram("--store", empty_store, "--rate", "0") as room, room.join("alice") as alice:
        for first in range(0, 2000, 200):  # no more at once than may wait for somebody who does not read yet
            alice.send("".join(f"{number} {'x' * 1000}\n" for number in range(first, first + 200)))
            for number in range(first, first + 200):
                assert alice.line().startswith(f"alice: {number} ")
        stop = threading.Event()

        def talk() -> None:
            while not stop.is_set():
                alice.send("and so on\n")
                alice.line()

        talking = threading.Thread(target=talk)
        talking.start()
        try:
            assert back_up(empty_store, copy) == (0, "")
        finally:
            stop.set()
            talking.join()
        alice.send("after that\n")
        assert alice.line() == "alice: after that"
    said = conversation(copy)
    assert [line.split()[1] for line in said[:2000]] == [str(number) for number in range(2000)]
    assert set(said[2000:]) <= {"alice: and so on"}
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert {path.name for path in tmp_path.iterdir()} <= {"chat.db", "chat.db-shm", "chat.db-wal", "copy.db"}


def test_the_copy_is_a_store(with_people: str, tmp_path: Path) -> None:
    assert back_up(with_people, tmp_path / "copy.db") == (0, "")
    with ServeProgram("--store", str(tmp_path / "copy.db")) as room, room.connect() as alice:
        alice.line()
        alice.send("alice\n")
        assert "registered" in alice.line()


@pytest.mark.parametrize("name", ["people.db", "there", "leads nowhere", "folder"])
def test_what_is_there_already_stays_as_it_is(with_people: str, tmp_path: Path, name: str) -> None:
    (tmp_path / "there").write_text("something")
    (tmp_path / "folder").mkdir()
    (tmp_path / "leads nowhere").symlink_to(tmp_path / "nothing")
    before = {path.name: os.lstat(path) for path in tmp_path.iterdir()}
    said = f"asyncchat: {tmp_path / name} is there already: write another name for the copy\n"
    assert back_up(with_people, tmp_path / name) == (1, said)
    assert {path.name: os.lstat(path).st_mtime_ns for path in tmp_path.iterdir()} == {
        name: status.st_mtime_ns for name, status in before.items()
    }


@pytest.mark.parametrize("part", ["wal", "shm", "journal"])
def test_a_copy_is_no_part_of_the_store(with_people: str, part: str) -> None:
    said = f"asyncchat: {with_people}-{part} is a part of the store: write another name for the copy\n"
    assert back_up(with_people, f"{with_people}-{part}") == (1, said)
    assert not Path(f"{with_people}-{part}").exists()


@pytest.mark.parametrize(
    ("store", "copy", "said"),
    [
        ("people.db", "no/copy.db", "can't write the copy no/copy.db: no such file or directory"),
        ("none.db", "copy.db", "can't open the store none.db: no such file or directory"),
        ("text", "copy.db", "text is no store of asyncchat: it is left as it is"),
        ("empty", "copy.db", "empty is no store of asyncchat: it is empty"),
    ],
)
def test_what_can_not_be_copied_is_one_clear_line(
    with_people: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: str, copy: str, said: str
) -> None:
    (tmp_path / "text").write_text("something")
    (tmp_path / "empty").touch()
    monkeypatch.chdir(tmp_path)
    assert back_up(store, copy) == (1, f"asyncchat: {said}\n")
    assert {path.name for path in tmp_path.iterdir()} == {"people.db", "text", "empty"}


def test_without_room_for_the_copy_nothing_is_left_of_it(with_people: str, tmp_path: Path) -> None:
    limited = ("sh", "-c", 'ulimit -f 8 && exec "$@"', "sh", *ASYNCCHAT)
    code, said = back_up(with_people, tmp_path / "copy.db", limited)
    assert (code, said.count("\n")) == (1, 1)
    assert said.startswith(f"asyncchat: can't copy the store {with_people} to {tmp_path / 'copy.db'}: the disk ")
    assert [path.name for path in tmp_path.iterdir()] == ["people.db"]
