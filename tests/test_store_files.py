"""The files of a store as people handle them: what a path may lead to, copies, and what happens to them meanwhile."""

import contextlib
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from asyncchat.errors import ChatError
from asyncchat.store.file import StoreError, StoreFile, open_to_read
from asyncchat.system.password_prompt import read_secret
from tests.programs import ADMIN, ASYNCCHAT, Nc, Program, ServeProgram, until
from tests.test_json_server import bot


def stored(path: str | Path, *arguments: str) -> ServeProgram:
    return ServeProgram("--rate", "0", "--store", str(path), *arguments)


def say(peer: Nc, *lines: str) -> None:
    """Say something, and wait until it is back."""
    for line in lines:
        peer.send(f"{line}\n")
        peer.lines.until(f": {line}")


def said_in(path: str | Path) -> list[str]:
    """Return what the filter finds in a store."""
    with Program("filter", "--store", str(path)) as program:
        out = program.out.rest().decode()
        assert (program.wait(), program.errors.rest()) == (0, b"")
    return out.splitlines()


# What there may be at a path.


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_socket(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # its name may be too long as a path
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(here)


def a_link_to_a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def a_link_to_nothing(path: Path) -> None:
    path.symlink_to("nowhere.db")


KINDS = {
    a_pipe: "it is not a regular file",
    a_socket: "it is not a regular file",
    a_link_to_a_device: "it is not a regular file",
    a_link_to_nothing: "it leads to nowhere.db, where nothing is",
    Path.mkdir: "is a directory",
}


@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("filter",)])
@pytest.mark.parametrize("make", KINDS)
def test_what_is_no_store_is_one_clear_line_and_left_alone(
    tmp_path: Path, make: Callable[[Path], None], command: tuple[str, ...]
) -> None:
    path = tmp_path / "chat.db"
    make(path)
    with Program(*command, "--store", str(path)) as program:
        assert program.wait() == 1
        assert program.errors.rest().decode() == f"asyncchat: can't open the store {path}: {KINDS[make]}\n"
    assert os.listdir(tmp_path) == ["chat.db"]


@pytest.mark.parametrize("opened", [StoreFile, open_to_read])
def test_a_nul_in_a_path_is_refused(opened: Callable[[str], object]) -> None:
    with pytest.raises(StoreError, match="no path can have a NUL in it"):
        opened("chat\0.db")


@pytest.mark.parametrize("name", [b"caf\xe9.db", b"a%20b?c#d&e.db", b"two\nlines.db"])
def test_a_store_may_have_any_name(tmp_path: Path, name: bytes) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/" + name)
    with stored(path) as room, room.join("bob") as bob:
        say(bob, "hello")
    assert said_in(path) == ["bob: hello"]
    assert {found.removesuffix(b"-wal").removesuffix(b"-shm") for found in os.listdir(os.fsencode(tmp_path))} == {name}


def test_a_path_is_one_line_whatever_is_in_it(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9\nnowhere/\x1b[31m.db")
    with Program("serve", "--port", "0", "--store", path) as program:
        assert program.wait() == 1
        errors = program.errors.rest()
    assert errors.count(b"\n") == 1
    assert b"no such file or directory" in errors
    assert b"\x1b" not in errors


def test_a_start_that_fails_leaves_no_store_behind(tmp_path: Path) -> None:
    weak = tmp_path / "password"
    weak.write_text("short\n")
    weak.chmod(0o600)
    with Program(
        "serve", "--port", "0", "--store", str(tmp_path / "chat.db"), "--admin-password-file", str(weak)
    ) as program:
        assert program.wait() == 1
    assert os.listdir(tmp_path) == ["password"]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (a_pipe, "the password is too short!"),
        (a_socket, "no such device or address"),
        (a_link_to_a_device, "others can read"),
        (a_link_to_nothing, "no such file or directory"),
        (Path.mkdir, "is a directory"),
    ],
)
def test_what_has_no_password_in_it_is_one_clear_line(
    tmp_path: Path, make: Callable[[Path], None], reason: str
) -> None:
    path = tmp_path / "password"
    make(path)
    if make in (a_pipe, a_socket, Path.mkdir):
        path.chmod(0o700)
    with Program(
        "serve", "--port", "0", "--store", str(tmp_path / "chat.db"), "--admin-password-file", str(path)
    ) as program:
        assert program.wait() == 1
        errors = program.errors.rest().decode()
    assert errors.count("\n") == 1
    assert reason in errors


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not installed")
def test_a_password_may_come_through_a_pipe_after_a_while(tmp_path: Path) -> None:
    script = 'exec "$@" --admin-password-file <(sleep 0.2; echo "$GIVEN")'
    command = ("bash", "-c", script, "bash", *ASYNCCHAT)
    with (
        ServeProgram("--store", str(tmp_path / "chat.db"), command=command, environment={"GIVEN": ADMIN}) as room,
        room.connect() as admin,
    ):
        admin.send(f"/auth admin {ADMIN}\n")
        admin.lines.until("you are authorized successfully!")


def test_a_password_file_with_a_nul_in_its_name_is_refused() -> None:
    with pytest.raises(ChatError, match="no path can have a NUL in it"):
        read_secret("pass\0word")


# Copies.


@contextlib.contextmanager
def that_can_not_be_written(folder: Path) -> Iterator[None]:
    """Let nobody write to a folder meanwhile, root neither; skip the test if that is not possible."""
    if os.geteuid():
        folder.chmod(0o500)
        yield
        folder.chmod(0o700)
        return
    mounted = subprocess.run(["mount", "--bind", folder, folder], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("nothing can be mounted here")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def test_a_copy_of_the_file_of_a_quiet_server_has_all_of_it(empty_store: str, tmp_path: Path) -> None:
    path, copy = empty_store, tmp_path / "copy.db"
    with stored(path) as room, room.join("bob") as bob:
        say(bob, "one", "two")
        until(lambda: not os.path.getsize(f"{path}-wal"))
        shutil.copy(path, copy)
        assert said_in(copy) == ["bob: one", "bob: two"]
        say(bob, "three")
        assert said_in(path) == ["bob: one", "bob: two", "bob: three"]


ALL = ["chat.db", "chat.db-wal", "chat.db-shm"]


@pytest.mark.parametrize(
    ("files", "at_rest"), [(ALL[:1], True), (ALL[:2], True), (ALL, True), (ALL[::2], True), (ALL, False)]
)
def test_a_store_is_read_where_nothing_can_be_written(tmp_path: Path, files: list[str], *, at_rest: bool) -> None:
    there = tmp_path / "there"
    copy_open_store(there, files, at_rest=at_rest)
    with that_can_not_be_written(there):
        assert said_in(there / "chat.db") == ["bob: message 1"]
    assert sorted(os.listdir(there)) == sorted(files)


def test_if_it_can_not_be_read_there_the_reason_is_said(tmp_path: Path) -> None:
    there = tmp_path / "there"
    copy_open_store(there, ALL[:2], at_rest=False)
    with that_can_not_be_written(there), Program("filter", "--store", str(there / "chat.db")) as program:
        assert program.wait() == 1
        assert program.errors.rest().decode() == (
            f"asyncchat: can't read the store {there / 'chat.db'}: its folder can't be written, and "
            f"{there / 'chat.db-wal'} has something that is not in it yet. Copy both to a folder that can be written.\n"
        )


def copy_open_store(there: Path, files: list[str], *, at_rest: bool) -> None:
    """Copy some of the files of a store that is open, and has been at rest or not."""
    there.mkdir()
    path = there.parent / "chat.db"
    with contextlib.closing(StoreFile(str(path))) as file:
        file.connection.execute("INSERT INTO messages (seq, time, name, text) VALUES (1, 1, 'bob', 'message 1')")
        if at_rest:
            assert file.checkpoint()
        for name in files:
            shutil.copy(path.parent / name, there)


# What happens to them while they are in use.


@pytest.fixture
def path(new_store: Path, tmp_path: Path) -> Path:
    """A store in a folder of its own."""
    (tmp_path / "here").mkdir()
    return Path(shutil.copy(new_store, tmp_path / "here" / "chat.db"))


def delete(path: Path) -> None:
    path.unlink()


def move(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))


def replace(path: Path) -> None:
    shutil.copy(path, path.with_name("copy"))
    path.with_name("copy").rename(path)


def move_folder(path: Path) -> None:
    path.parent.rename(path.parent.with_name("other"))


def delete_log(path: Path) -> None:
    Path(f"{path}-wal").unlink()


def delete_index(path: Path) -> None:
    Path(f"{path}-shm").unlink()


@pytest.mark.parametrize("happen", [delete, move, replace, move_folder, delete_log, delete_index])
def test_nothing_is_accepted_that_nobody_would_find_again(path: Path, happen: Callable[[Path], None]) -> None:
    with stored(path) as room, room.join("bob") as bob, bot(room, "alice") as alice:
        say(bob, "before")
        happen(path)
        missing = f"{path}-wal" if happen is delete_log else f"{path}-shm" if happen is delete_index else path
        assert room.errors.line() == (
            f"asyncchat: {missing} was deleted, moved or replaced: nothing can be posted until it is back, or the "
            "server is started again"
        )
        bob.send("lost\n")
        assert bob.lines.until("not sent")[-1] == "Server: your line was not sent: the store's file is gone."
        ident = alice.say("lost, too")
        refused = alice.until("refused")[-1]
        assert (refused["id"], refused["code"]) == (ident, "not-kept")
        bob.send("/history 1\n")
        assert bob.line().endswith(" bob: before")
        room.signal(signal.SIGTERM)
        assert room.wait() == 0
        assert b"deleted" not in room.errors.rest()  # it is said once
    if happen in (delete_log, delete_index):
        assert said_in(path) == ["bob: before"]


@pytest.mark.parametrize("happen", [move, move_folder])
def test_it_goes_on_when_the_file_is_back(path: Path, happen: Callable[[Path], None]) -> None:
    with stored(path) as room, room.join("bob") as bob:
        say(bob, "before")
        happen(path)
        room.errors.until("was deleted, moved or replaced")
        bob.send("lost\n")
        bob.lines.until("your line was not sent")
        if happen is move:
            path.with_name("elsewhere").rename(path)
        else:
            path.parent.with_name("other").rename(path.parent)
        assert room.errors.line() == f"asyncchat: {path} is back: the chat goes on"
        say(bob, "after")
    assert said_in(path) == ["bob: before", "bob: after"]


def test_what_was_moved_has_all_that_was_accepted(path: Path, tmp_path: Path) -> None:
    with stored(path) as room, room.join("bob") as bob:
        say(bob, "before")
        move(path)
        room.errors.until("was deleted, moved or replaced")
        shutil.copy(path.with_name("elsewhere"), tmp_path / "copy.db")
        room.signal(signal.SIGKILL)
        room.wait()
    assert said_in(tmp_path / "copy.db") == ["bob: before"]


# What other programs write into them.


def put(path: Path, data: bytes) -> None:
    """Write into a file that is there, as `cp` does."""
    with path.open("r+b") as file:
        file.truncate(0)
        file.write(data)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def cut(path: Path) -> None:
    os.truncate(path, os.path.getsize(path) // 2)


def fill_with_noise(path: Path) -> None:
    put(path, os.urandom(os.path.getsize(path)))


def spoil_first_bytes(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(os.urandom(512))


def put_earlier_copy(path: Path) -> None:
    assert os.path.getsize(path) == os.path.getsize(path.with_name("earlier.db"))
    put(path, path.with_name("earlier.db").read_bytes())


def put_other_store(path: Path) -> None:
    put(path, path.with_name("other.db").read_bytes())


def make_store(path: Path, text: str) -> None:
    with contextlib.closing(StoreFile(str(path))) as file, file.transaction():
        file.connection.execute("INSERT INTO messages (seq, time, name, text) VALUES (1, 1, 'eve', ?)", (text,))


def at_rest(path: Path) -> None:
    """Wait until all that was written is in the file itself."""
    until(lambda: not os.path.getsize(f"{path}-wal"))


WRITTEN_INTO = (
    "asyncchat: another program has written into {path}{aside}: nothing is written there or read from there any more. "
    "Stop the server, put the right file there, and start it again"
)


@pytest.mark.parametrize(
    "overwrite", [empty, cut, fill_with_noise, spoil_first_bytes, put_earlier_copy, put_other_store]
)
def test_nothing_is_accepted_or_shown_once_another_program_has_written_into_the_file(
    tmp_path: Path, overwrite: Callable[[Path], None]
) -> None:
    path = tmp_path / "chat.db"
    make_store(tmp_path / "other.db", "of another chat")
    with stored(path) as room, room.join("bob") as bob, bot(room, "alice") as alice:
        say(bob, "one")
        at_rest(path)
        shutil.copy(path, tmp_path / "earlier.db")
        say(bob, "two")
        at_rest(path)
        overwrite(path)
        left = path.read_bytes()
        bob.send("lost\n")
        refused = "Server: your line was not sent: the store's file was overwritten."
        assert bob.lines.until("not sent") == [refused]
        assert room.errors.line() == WRITTEN_INTO.format(path=path, aside="")
        ident = alice.say("lost, too")
        answer = alice.until("refused")[-1]
        assert (answer["id"], answer["code"]) == (ident, "not-kept")
        bob.send("/history\n/search chat\n")
        for _ in range(2):
            assert bob.line() == "Server: this can't be done: the store's file was overwritten."
        with room.connect() as carol:
            carol.send("carol\n/list\n")
            shown = carol.lines.until("Server: online")
            assert any("two" in line for line in shown)  # it is still in memory
            assert not any("lost" in line or "of another chat" in line for line in shown)
        room.signal(signal.SIGTERM)
        assert room.wait() == 0
        assert b"another program" not in room.errors.rest()  # it is said once
    assert path.read_bytes() == left


def test_a_file_that_was_overwritten_is_noticed_though_nothing_is_posted(tmp_path: Path) -> None:
    path = tmp_path / "chat.db"
    make_store(tmp_path / "other.db", "of another chat")
    with stored(path) as room, room.join("bob") as bob:
        say(bob, "one")
        put_other_store(path)
        left = path.read_bytes()
        assert room.errors.line().startswith(f"asyncchat: another program has written into {path}")
        room.signal(signal.SIGKILL)
        room.wait()
    assert path.read_bytes() == left
    assert said_in(path) == ["eve: of another chat"]


def test_a_file_that_was_overwritten_right_before_the_end_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "chat.db"
    make_store(tmp_path / "other.db", "of another chat")
    with stored(path) as room, room.join("bob") as bob:
        say(bob, "one")
        put_other_store(path)
        room.signal(signal.SIGTERM)
        assert room.wait() == 0
        assert room.errors.rest().count(b"another program") == 1
    assert path.read_bytes() == (tmp_path / "other.db").read_bytes()


def test_a_log_does_not_get_into_a_file_to_which_it_does_not_belong(tmp_path: Path) -> None:
    path = tmp_path / "chat.db"
    make_store(tmp_path / "other.db", "of another chat")
    with stored(path, "--durability", "full") as room, room.join("bob") as bob:
        # What is written meanwhile stays in the log as long as an earlier state is being read.
        with contextlib.closing(sqlite3.connect(path)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM facts").fetchone()
            say(bob, "one", "two")
            put_other_store(path)
            bob.send("lost\n")
            bob.lines.until("the store's file was overwritten")
        (aside,) = tmp_path.glob("chat.db-wal-*")
        assert room.errors.line() == WRITTEN_INTO.format(
            path=path, aside=f" (the log that belonged to it is {aside} now)"
        )
        assert b"two" in aside.read_bytes()
        room.signal(signal.SIGTERM)
        assert room.wait() == 0
    with stored(path) as room, room.join("bob") as bob:
        bob.send("/history\n")
        assert bob.line().endswith("eve: of another chat")
        say(bob, "it goes on")
    assert said_in(path) == ["eve: of another chat", "bob: it goes on"]


def test_what_others_do_with_the_file_without_changing_it_changes_nothing(tmp_path: Path) -> None:
    path, copy = tmp_path / "chat.db", tmp_path / "copy.db"
    others = (
        ("backup", "--store", str(path), str(copy)),
        ("admin", "--store", str(path), "list"),
        ("filter", "--store", str(path)),
    )
    rounds, lines = 4, 300
    with stored(path, "--keep", "100") as room, room.join("bob") as bob, room.join("carol") as carol:
        for turn in range(rounds):
            bob.send("".join(f"red {turn} {number}\n" for number in range(lines)))
            with contextlib.ExitStack() as running:
                programs = [running.enter_context(Program(*arguments)) for arguments in others]
                carol.send("/search red\n")
                os.utime(path)
                with contextlib.closing(sqlite3.connect(path)) as connection:
                    connection.execute("SELECT count(*) FROM messages").fetchall()
                    connection.execute("PRAGMA wal_checkpoint")  # by any program, this is what the server does as well
                for program in programs:
                    program.out.rest()
                    assert program.wait() == 0
            copy.unlink()
            bob.lines.until(f": red {turn} {lines - 1}")
        at_rest(path)
        shutil.copy(path, copy)
        with path.open("r+b") as file:
            file.write(copy.read_bytes())  # it is the same
        say(bob, "at last")
        room.signal(signal.SIGTERM)
        assert room.wait() == 0
        assert b"another program" not in room.errors.rest()
    assert said_in(path)[-1] == "bob: at last"
