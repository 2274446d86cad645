"""What Windows puts before a text, U+FEFF, at the start of a connection, a file or a pipe."""

import json
from pathlib import Path

import pytest

from tests.programs import ASK_NAME, Program, ServeProgram

MARK = "\ufeff"


def test_a_name_and_a_hello_come_in_with_a_mark_before_them(room: ServeProgram) -> None:
    with room.connect() as plain, room.connect() as program:
        assert plain.line() == program.line() == ASK_NAME
        plain.send(f"{MARK}ci\n/list\n")
        assert plain.line() == "Server: no one online"
        program.send(MARK + json.dumps({"type": "hello", "v": 1, "name": "bot"}) + "\n")
        assert json.loads(program.line())["name"] == "bot"


@pytest.mark.parametrize("client", [("--plain",), ("--threads",), ("--json",)])
def test_a_pipe_may_begin_with_a_mark(room: ServeProgram, client: tuple[str, ...]) -> None:
    with room.join("alice") as alice, Program("join", *client, "--name", "bob", room.address) as bob:
        bob.write(f"{MARK}hello\n{MARK}again\n")
        bob.end_input()
        assert (alice.line(), alice.line()) == ("bob: hello", f"bob: {MARK}again")
        assert bob.wait() == 0


@pytest.mark.parametrize("mode", ["pair", "threads"])
def test_what_is_typed_at_a_server_or_sent_to_it_may_begin_with_a_mark(mode: str) -> None:
    with ServeProgram("--mode", mode) as server, server.connect() as client:
        client.send(f"{MARK}from the client\n")
        assert server.out.until("from the client")[-1].removeprefix("Client 1 sent: ") == "from the client"
        server.write(f"{MARK}from the server\n")
        assert client.line() == "from the server"


def test_transcripts_may_begin_with_a_mark(tmp_path: Path) -> None:
    files = [tmp_path / "one", tmp_path / "two"]
    for file in files:
        file.write_text(f"{MARK}alice sent hello\n{MARK}bob sent hi\n")
    with Program("filter", *map(str, files), "-") as program:
        program.write(f"{MARK}carol sent hi")
        program.end_input()
        assert program.out.rest().decode() == f"alice: hello\n{MARK}bob: hi\n" * 2 + "carol: hi\n"


def test_a_password_file_may_begin_with_a_mark(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{MARK}correct-horse-battery\n")
    file.chmod(0o600)
    store = str(tmp_path / "chat.db")
    with ServeProgram("--store", store, "--admin-password-file", str(file)) as server, server.connect() as admin:
        admin.send("/auth admin correct-horse-battery\n")
        assert admin.lines.until("authorized")[-1] == "Server: you are authorized successfully!"
