"""What an operator uses: options in a file, the log, the service manager, and a look at what may be wrong."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from asyncchat.tls.certificate import end_of
from tests.programs import PATIENCE, Program, ServeProgram, seconds
from tests.web import Web, WebProgram

ROOT = Path(__file__).parent.parent
SYSTEMD = shutil.which("systemd-analyze")


# Options in a file.


def config(path: Path, text: str) -> str:
    file = path / "chat.toml"
    file.write_text(text)
    return str(file)


def test_options_come_from_a_file_and_the_command_line_is_stronger(tmp_path: Path) -> None:
    path = config(tmp_path, 'history = 1\nmax-line = 50\nroom = "main"\nquiet = true\ntranscript_rooms = false\n')
    with ServeProgram("--config", path, "--max-line", "60") as server, server.join("alice") as alice:
        alice.send("one\ntwo\n" + "x" * 70 + "\n/rooms\n")
        alice.lines.until("it is too long: it has 70 bytes, and 60 are the most")
        alice.lines.until("#main 1")
        with server.connect() as bob:
            bob.send("bob\n/exit\n")
            assert bob.lines.rest() == b"Server: write your name\nalice: two\n"


def test_an_option_that_can_be_given_several_times_is_a_list(tmp_path: Path) -> None:
    path = config(tmp_path, 'host = ["127.0.0.1", "127.0.0.2"]\n')
    with ServeProgram("--config", path) as server:
        assert "127.0.0.1:" in server.said_first
        assert "127.0.0.2:" in server.said_first


def test_what_the_command_line_says_replaces_a_list_in_the_file(tmp_path: Path) -> None:
    path = config(tmp_path, 'host = ["127.0.0.1", "127.0.0.2"]\n')
    with ServeProgram("--config", path, "--host", "127.0.0.3") as server:
        assert re.fullmatch(r"asyncchat: listening on 127\.0\.0\.3:\d+", server.said_first)


def test_the_name_of_an_option_is_not_abbreviated(tmp_path: Path) -> None:
    with Program("serve", "--conf", config(tmp_path, "port = 0")) as server:
        assert server.wait() == 2
        assert server.errors.line() == f"asyncchat serve: unknown: --conf {tmp_path / 'chat.toml'}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot = 1", "unknown key prot; did you mean port?"),
        ("xyzzy = 1", "unknown key xyzzy"),
        ('config = "other.toml"', "unknown key config"),
        ("[limits]\nrate = 1", "unknown key limits"),
        ("quiet = 1", "quiet must be true or false"),
        ("port = true", "port needs a value, not true"),
        ("port = [1, true]", "port must be a text or a number"),
        ("port = 1.5", "argument --port: '1.5' is not a port"),
        ("port =", "is not a TOML file: "),
        ('store = ""', "what follows `--store=` is empty"),
        ('keep = "5d"', "--keep goes with --store only"),
        ('store = "a\\u0000b"', "chat.toml: store has a NUL character in it"),
        ("rate = -1", "chat.toml: argument --rate: "),
        ("#" * (1 << 20) + "#", "chat.toml: it can't be read: it has more than 1048576 bytes"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line(tmp_path: Path, text: str, said: str) -> None:
    with Program("serve", "--config", config(tmp_path, text)) as server:
        assert server.wait() == 2
        first, second = server.errors.rest().decode().splitlines()
        assert said in first
        assert second == "`asyncchat serve --help` tells more."


def test_a_file_that_can_not_be_read_is_one_line(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    missing = (tmp_path / "missing", "no such file or directory")
    for path, why in (missing, (tmp_path, "is a directory"), (tmp_path / "pipe", "it is no file")):
        with Program("serve", f"--config={path}") as server:
            assert server.wait() == 2
            assert f"{path}: it can't be read: {why}" in server.errors.line()


def test_what_the_web_port_trusts_is_read_again_on_sighup(tmp_path: Path) -> None:
    path = config(tmp_path, "")
    with WebProgram("--config", path) as server, Web(server.web_port) as browser:
        assert browser.request("/", Host="chat.example.org").status == 403
        config(tmp_path, 'web-origin = "https://chat.example.org"')
        server.signal(signal.SIGHUP)
        assert server.errors.line() == "asyncchat: the options were read again"
        assert browser.request("/", Host="chat.example.org").status == 200


def test_the_file_is_read_again_on_sighup(tmp_path: Path) -> None:
    path = config(tmp_path, "max_line = 50\n")
    with ServeProgram("--config", path) as server, server.join("alice") as alice:
        config(tmp_path, "max_line = 100\nreplay = 5\nhistory = 2\n")
        server.signal(signal.SIGHUP)
        assert server.errors.line() == "asyncchat: the new values of --replay need a restart of the server"
        assert server.errors.line() == "asyncchat: the options were read again"
        alice.send("a\nb\nc\n")
        alice.lines.until("alice: c")
        with server.connect() as bob:
            bob.send("bob\n" + "x" * 90 + "\n/exit\n")
            lines = bob.lines.rest().decode().splitlines()
            assert lines == ["Server: write your name", "alice: b", "alice: c", "bob: " + "x" * 90]
        for text, why in (("max_line = x", "is not a TOML file"), ("maxline = 5", "unknown key maxline")):
            config(tmp_path, text)
            server.signal(signal.SIGHUP)
            assert re.match(f"asyncchat: the options stay as they were: .*{why}", server.errors.line())
        config(tmp_path, "max_connections = 1000000")
        server.signal(signal.SIGHUP)
        assert "the options stay as they were: " in server.errors.line()
        alice.send("still here\n")
        alice.lines.until("alice: still here")


# The log.


def test_the_log_can_be_json() -> None:
    with Program("serve", "--port", "0", "--log", "json") as server:
        line = json.loads(server.errors.line())
        assert (line["level"], set(line)) == ("info", {"time", "level", "message"})
        assert re.fullmatch(r"listening on 127\.0\.0\.1:\d+", line["message"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line["time"])


def test_all_lines_of_a_json_log_are_json(tmp_path: Path) -> None:
    store = str(tmp_path / "chat.db")
    with Program("serve", "--port", "0", "--log", "json", "--store", store, "--tls", "self") as server:
        found = [json.loads(server.errors.line())["message"] for _ in range(3)]
        assert re.match("the certificate has the fingerprint ", found[0])
        assert re.search("admin", found[1])
        assert re.match("listening on ", found[2])
        with Program("serve", "--port", "0", "--log", "json", "--store", store) as second:
            assert second.wait() == 1
            line = json.loads(second.errors.line())
            assert (line["level"], line["message"][:9]) == ("error", "the store")


# The service manager.


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    """The socket at which a service manager is told what goes on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(seconds(PATIENCE))
        yield manager


def test_the_service_manager_is_told_what_goes_on(manager: socket.socket, tmp_path: Path) -> None:
    environment = {"NOTIFY_SOCKET": manager.getsockname()}
    with ServeProgram("--config", config(tmp_path, ""), environment=environment) as server:
        assert manager.recv(100) == b"READY=1"
        server.signal(signal.SIGHUP)
        assert manager.recv(100).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
        assert manager.recv(100) == b"READY=1"
        server.signal(signal.SIGTERM)
        assert manager.recv(100) == b"STOPPING=1"
        assert server.wait() == 0


def test_the_watchdog_is_told_that_the_server_lives(manager: socket.socket) -> None:
    environment = {"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "200000"}
    with ServeProgram(environment=environment):
        told = [manager.recv(100) for _ in range(4)]
        assert told.count(b"WATCHDOG=1") == 3


@pytest.mark.parametrize("place", ["", "nowhere", "/nowhere", "@nowhere"])
def test_without_a_service_manager_nothing_is_told(place: str) -> None:
    environment = {"NOTIFY_SOCKET": place, "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}
    with ServeProgram(environment=environment) as server, server.join("alice"):
        pass


_WITH_SOCKETS = """
import os, sys
names, *fds = sys.argv[1].split("=")
fds = [int(fd) for fd in fds[0].split(",")]
for target, fd in enumerate(fds, 3):
    os.dup2(fd, target)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(fds)), LISTEN_FDNAMES=names)
os.execv(sys.executable, [sys.executable, "-m", "asyncchat", *sys.argv[2:]])
"""


def test_inherited_sockets_are_listened_at() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as chat,
        socket.create_server(("127.0.0.1", 0)) as page,
        socket.create_server(("127.0.0.1", 0)) as irc,
    ):
        fds = [os.dup(listener.fileno()) for listener in (chat, page, irc)]
        for index, fd in enumerate(fds):  # out of the way of the numbers that are wanted
            fds[index] = _moved(fd, 50 + index)
        command = [sys.executable, "-c", _WITH_SOCKETS, f"chat:web:irc={','.join(map(str, fds))}"]
        serve = ["serve", "--port", "1", "--web", "2", "--irc", "3"]
        with subprocess.Popen([*command, *serve], pass_fds=fds, stderr=subprocess.PIPE, text=True) as server:
            assert server.stderr
            assert server.stderr.readline() == f"asyncchat: listening on 127.0.0.1:{chat.getsockname()[1]}\n"
            assert f"http://127.0.0.1:{page.getsockname()[1]}/" in server.stderr.readline()
            assert f"irc://127.0.0.1:{irc.getsockname()[1]}\n" in server.stderr.readline()
            assert chat.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            with socket.create_connection(chat.getsockname()) as peer:
                assert peer.recv(100) == b"Server: write your name\n"
            server.terminate()
        for fd in fds:
            os.close(fd)


def test_an_inherited_socket_that_does_not_listen_is_one_line() -> None:
    with socket.socket() as one, socket.socket(socket.AF_UNIX) as other:
        for wrong in (one, other):
            fd = _moved(os.dup(wrong.fileno()), 50)
            command = [sys.executable, "-c", _WITH_SOCKETS, f"chat={fd}", "serve"]
            done = subprocess.run(command, pass_fds=[fd], capture_output=True, text=True, check=False)
            os.close(fd)
            assert done.returncode == 1
            assert done.stderr.startswith("asyncchat: the inherited file descriptor 3 is no socket that listens for ")
            assert done.stderr.count("\n") == 1


def _moved(fd: int, number: int) -> int:
    os.dup2(fd, number)
    os.close(fd)
    return number


@pytest.mark.skipif(not SYSTEMD, reason="needs systemd-analyze")
def test_the_units_are_accepted_and_safe(tmp_path: Path) -> None:
    for name in ("asyncchat.service", "asyncchat.socket"):
        text = (ROOT / "contrib" / name).read_text()
        (tmp_path / name).write_text(text.replace("/usr/local/bin/asyncchat", sys.executable))
    assert SYSTEMD
    files = [str(tmp_path / name) for name in ("asyncchat.service", "asyncchat.socket")]
    checked = subprocess.run([SYSTEMD, "verify", *files], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
    rated = subprocess.run(
        [SYSTEMD, "security", "--offline=true", files[0]], capture_output=True, text=True, check=True
    )
    level = re.search(r"Overall exposure level for \S+ ([0-9.]+)", rated.stdout)
    assert level
    assert float(level[1]) < 2.5


# A look at what may be wrong.


def doctor(*arguments: str) -> tuple[int, str]:
    with Program("doctor", *arguments) as looking:
        code = looking.wait()
        assert looking.errors.rest() == b""
        return code, looking.out.rest().decode()


def pair(path: Path, **how: object) -> list[str]:
    made = trustme.CA().issue_cert("localhost", **how)  # type: ignore[arg-type]
    file = path / "pair.pem"
    file.touch(mode=0o600)
    made.private_key_and_cert_chain_pem.write_to_path(str(file))
    return ["--tls-cert", str(file), "--tls-key", str(file)]


def test_all_is_well(empty_store: str, tmp_path: Path) -> None:
    with ServeProgram("--store", empty_store):
        pass
    before = Path(empty_store).read_bytes()
    code, said = doctor("--port", "0", "--web", "0", "--store", empty_store, *pair(tmp_path))
    assert code == 0, said
    assert all(line.startswith("ok: ") for line in said.splitlines())
    assert f"ok: the store {empty_store} is whole\n" in said
    assert Path(empty_store).read_bytes() == before


def test_options_can_be_those_of_a_file(tmp_path: Path) -> None:
    code, said = doctor("--config", config(tmp_path, 'port = 0\nstore = "/nowhere/chat.db"\nrate = 5\n'))
    assert code == 1
    assert "WRONG: there is no folder /nowhere: make it, and let the server's user write there\n" in said


@pytest.mark.parametrize("tls", [False, True])
def test_a_server_that_runs_is_asked(tmp_path: Path, *, tls: bool) -> None:
    files = pair(tmp_path) if tls else []
    with Program("serve", "--port", "0", "--web", "0", "--max-connections", "1", *files) as server:
        said = server.errors.until("the page is at ")
        port, web_port = (int(number) for number in re.findall(r"127\.0\.0\.1:(\d+)", "".join(said)))
        options = "--port", str(port), "--web", str(web_port), *files
        code, answer = doctor(*options)
        assert code == 0
        assert f"ok: a chat is served at 127.0.0.1, port {port}\n" in answer
        assert f"ok: the page is served at 127.0.0.1, port {web_port}, and the server is ready\n" in answer
        if not tls:
            with socket.create_connection(("127.0.0.1", port)) as peer:
                assert peer.recv(100)
                code, answer = doctor(*options)
                assert code == 1
                assert "and answers: Server: the chat is full, try again later.\n" in answer
                assert f"port {web_port} is not ready: the chat is full\n" in answer


def test_another_program_at_the_port_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = str(silent.getsockname()[1])
        code, said = doctor("--port", port, "--web", port)
        assert code == 1
        assert said.startswith("WRONG: can't listen at 127.0.0.1, port ")
        assert said.count(" Something listens there, and says nothing.\n") == 2


@pytest.mark.parametrize("option", ["--web", "--irc"])
@pytest.mark.parametrize("program", ["serve", "doctor"])
def test_a_port_that_is_taken_is_told_with_its_option(program: str, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with Program(program, "--port", "0", option, port) as refused:
            assert refused.wait() == 1
            said = (refused.out.rest() + refused.errors.rest()).decode()
    assert f"port {port}: address already in use. Choose another {option}." in said


@pytest.mark.parametrize(
    ("options", "is_open"),
    [
        ((), False),
        (("--host", "::1", "--host", "localhost"), False),
        (("--host", "0.0.0.0"), True),
        (("--host", "chat.example"), True),
        (("--web", "0.0.0.0:0"), True),
        (("--irc", "127.0.0.2:0"), False),
    ],
)
def test_who_can_read_along_without_tls_is_told(options: tuple[str, ...], *, is_open: bool) -> None:
    said = doctor("--port", "0", *options)[1]
    assert ("ok: no TLS: others on the network can read along" in said) is is_open
    assert ("ok: no TLS: only this machine can connect" in said) is not is_open


def test_files_that_others_can_read_are_told(empty_store: str, tmp_path: Path) -> None:
    with ServeProgram("--store", empty_store):
        pass
    files = pair(tmp_path)
    for path in (empty_store, files[1]):
        Path(path).chmod(0o644)
    code, said = doctor("--port", "0", "--store", empty_store, *files)
    assert code == 1
    assert f"WRONG: all users of this machine can read the store {empty_store}: run `chmod o-rw" in said
    assert f"WRONG: all users of this machine can read the key {files[1]}: run `chmod o-rw" in said


def test_a_store_in_use_and_a_damaged_one_are_told(empty_store: str) -> None:
    with ServeProgram("--store", empty_store):
        assert "is whole; a server uses it\n" in doctor("--port", "0", "--store", empty_store)[1]
    content = bytearray(Path(empty_store).read_bytes())
    content[len(content) // 2 :] = b"x" * (len(content) - len(content) // 2)
    Path(empty_store).write_bytes(content)
    code, said = doctor("--port", "0", "--store", empty_store)
    assert code == 1
    assert "damaged" in said


def test_a_certificate_that_ends_is_told(tmp_path: Path) -> None:
    from datetime import UTC, datetime, timedelta

    def said(days: int) -> str:
        arguments = pair(tmp_path, not_after=datetime.now(UTC) + timedelta(days=days))
        return doctor("--port", "0", *arguments)[1]

    assert "WRONG: it expires soon (" in said(5)
    assert "WRONG: it has expired (" in said(-5)
    assert "ok: it is valid until " in said(50)
    assert "WRONG: can't read /nowhere" in doctor("--port", "0", "--tls-cert", "/nowhere", "--tls-key", "/nowhere")[1]


def test_too_few_files_and_a_wrong_clock_are_told(empty_store: str) -> None:
    import sqlite3

    with ServeProgram("--store", empty_store):
        pass
    with sqlite3.connect(empty_store) as store:
        store.execute("INSERT OR REPLACE INTO facts VALUES ('clock', ?)", (f"{int(time.time() * 1000) + 10**9} 0 ",))
    store.close()
    code, said = doctor("--port", "0", "--store", empty_store, "--max-connections", "1000000", "--max-per-address", "0")
    assert code == 1
    assert "WRONG: --max-connections 1000000 needs 1000064 open files: raise `ulimit -n`\n" in said
    assert "WRONG: the system's clock says " in said
    assert "one address may take all connections" in said


def test_the_end_of_a_certificate_is_read_from_it() -> None:
    utc = b"\x30\x1e\x17\x0d250101000000Z\x17\x0d300102030405Z"
    later = b"\x30\x20\x17\x0d250101000000Z\x18\x0f20600102030405Z"
    assert [end_of(b"..." + der) for der in (utc, later)] == [1893553445.0, 2840238245.0]
    assert end_of(utc.replace(b"300102", b"509902")) is None
    assert end_of(b"") is None
