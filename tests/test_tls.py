"""The line port with TLS: certificates, handshakes that stall, peers without TLS, and how clients trust a server."""

import re
import signal
import socket
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
import trustme

from asyncchat.system.addresses import Address
from asyncchat.text import texts
from asyncchat.tls.certificate import fingerprint_of
from asyncchat.tls.link import Link, parse_link
from tests.programs import ADMIN, ASK_NAME, PATIENCE, WITHOUT_UVLOOP, Nc, Program, ServeProgram, seconds
from tests.test_limits import let_open
from tests.tls_peers import AUTHORITY, TlsNc, TlsProgram, write_pair
from tests.ui.terminals import ENTER, Terminal

TLS_ONLY = f"Server: {texts.TLS_ONLY}"
STALLED = 1000


def join(
    server: ServeProgram | str, state: Path, *arguments: str, text: str = "", **environment: str
) -> tuple[int, str, str]:
    """Run `asyncchat join`; return its exit code, its output and what it complained about."""
    address = server if isinstance(server, str) else server.address
    with Program("join", address, *arguments, environment={"XDG_STATE_HOME": str(state)} | environment) as client:
        client.write(text)
        client.end_input()
        out, errors = client.out.rest().decode(), client.errors.rest().decode()
        return client.wait(), out, errors


@pytest.fixture
def authority(tmp_path: Path) -> str:
    """The file with the authority of the tests, for SSL_CERT_FILE."""
    path = tmp_path / "authority.pem"
    AUTHORITY.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.mark.parametrize("command", [(), WITHOUT_UVLOOP], ids=["uvloop", "asyncio"])
def test_peers_with_tls_chat(tmp_path: Path, command: tuple[str, ...]) -> None:
    with TlsProgram(tmp_path, command=command) as room, room.join("alice") as alice, room.join("bob") as bob:
        alice.send("hello\n")
        assert alice.line() == bob.line() == "alice: hello"
        bob.send("/exit\n")
        assert bob.lines.rest() == b""
        room.signal(signal.SIGTERM)
        assert alice.lines.rest().decode() == f"Server: {texts.GOODBYE}\n"
        assert room.wait() == 0


def test_what_was_sent_before_the_end_of_tls_counts(tmp_path: Path) -> None:
    with TlsProgram(tmp_path) as room, room.join("alice") as alice, room.join("bob") as bob:
        bob.send("".join(f"{number}\n" for number in range(40)))
        bob.end_input()
        assert [alice.line() for _ in range(40)] == [f"bob: {number}" for number in range(40)]


@pytest.mark.parametrize(
    "sent", [b"", b"alice\n", b'{"type":"hello","v":1,"name":"alice"}\n', b"GET / HTTP/1.1\r\n\r\n"]
)
def test_a_peer_without_tls_is_told_what_to_do(tmp_path: Path, sent: bytes) -> None:
    with TlsProgram(tmp_path) as room, Nc(room.port) as alice:
        alice.send(sent)
        assert alice.lines.rest().decode() == TLS_ONLY + "\n"


@pytest.mark.parametrize("form", ["--plain", "--json", "--threads"])
def test_a_client_without_tls_shows_what_the_server_says(tmp_path: Path, form: str) -> None:
    with TlsProgram(tmp_path) as room:
        code, out, errors = join(room, tmp_path, form, "--name", "alice", text="hello\n")
    assert code == 1
    assert texts.TLS_ONLY in out + errors


@pytest.mark.parametrize("first", [b"", b"\x16\x03\x01"], ids=["silent", "in the middle"])
def test_handshakes_that_stall_keep_nobody_out(tmp_path: Path, first: bytes) -> None:
    let_open(STALLED + 200)
    with TlsProgram(tmp_path, "--max-connections", "200") as room, ExitStack() as stalled:
        for _ in range(STALLED):
            peer = stalled.enter_context(socket.create_connection(("127.0.0.1", room.port), seconds(PATIENCE)))
            peer.sendall(first)
        with room.join("alice") as alice, room.join("bob"):
            alice.send("hello\n")
            assert alice.line() == "alice: hello"


def test_an_end_of_the_server_does_not_wait_for_handshakes(tmp_path: Path) -> None:
    with TlsProgram(tmp_path) as room, Nc(room.port) as alice, room.join("bob"):
        alice.send(b"\x16\x03\x01")
        room.signal(signal.SIGTERM)
        assert room.seconds_to_end(0) < seconds(5)


def test_a_certificate_is_loaded_again_under_traffic_and_a_bad_one_is_not(tmp_path: Path) -> None:
    with TlsProgram(tmp_path, "--rate", "0") as room, room.join("alice") as alice:
        assert isinstance(alice, TlsNc)
        first = alice.certificate
        for bad in (False, True, False):
            alice.send("before\n" * 1000)
            if bad:
                (tmp_path / "cert.pem").write_text("nothing")
            else:
                write_pair(tmp_path)
            room.signal(signal.SIGHUP)
            said = room.errors.line()
            with room.connect() as bob:
                assert bob.line() == ASK_NAME
                if bad:
                    assert said == (
                        f"asyncchat: the certificate stays as it was: {tmp_path}/cert.pem has no certificate in it: "
                        "it must be a PEM file"
                    )
                    assert bob.certificate == first
                else:
                    assert bob.certificate != first
                    first = bob.certificate
                    assert first
                    assert said.endswith(fingerprint_of(first))
            assert [alice.line() for _ in range(1000)] == ["alice: before"] * 1000


def test_a_wrong_pair_ends_the_start_with_one_line(tmp_path: Path) -> None:
    certificate, _ = write_pair(tmp_path)
    (tmp_path / "other").mkdir()
    _, key = write_pair(tmp_path / "other")
    with Program("serve", "--port", "0", "--tls-cert", certificate, "--tls-key", key) as server:
        assert server.wait() == 1
        assert server.errors.rest().decode() == (
            f"asyncchat: {certificate} and {key} are no certificate with its key: "
            "the key belongs to another certificate\n"
        )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--tls", "self"], "give --store FILE, or --tls-cert and --tls-key"),
        (["--tls-cert", "x"], "give either --tls self, or both"),
        (["--tls-key", "x"], "give either --tls self, or both"),
        (["--tls-cert", "x", "--tls-key", "x", "--mode", "pair"], "--tls-cert goes with --mode room only"),
    ],
)
def test_flags_that_do_not_fit_are_refused(arguments: list[str], said: str) -> None:
    with Program("serve", *arguments) as server:
        assert server.wait() == 2
        assert said in server.errors.rest().decode()


def test_a_file_that_is_not_there_ends_the_start_with_one_line(tmp_path: Path) -> None:
    with Program("serve", "--tls-cert", f"{tmp_path}/x", "--tls-key", f"{tmp_path}/x") as server:
        assert server.wait() == 1
        assert server.errors.rest().decode() == f"asyncchat: can't read {tmp_path}/x: no such file or directory\n"


def test_a_certificate_is_made_once_and_only_its_owner_can_read_it(empty_store: str, tmp_path: Path) -> None:
    said = []
    for _ in range(2):
        with ServeProgram("--store", empty_store, "--tls", "self") as room:
            said.append(room.fingerprint)
    assert said[0] == said[1]
    assert (tmp_path / "chat.db-tls.pem").stat().st_mode & 0o777 == 0o600


def test_without_the_package_a_certificate_is_not_made(empty_store: str) -> None:
    without = (
        sys.executable,
        "-c",
        "import sys; sys.modules['cryptography'] = None; from asyncchat.cli import main; sys.exit(main())",
    )
    with Program("serve", "--port", "0", "--store", empty_store, "--tls", "self", command=without) as server:
        assert server.wait() == 1
        assert "run `pip install cryptography`" in server.errors.rest().decode()


def test_a_client_pins_a_certificate_that_no_authority_knows_and_refuses_another(tmp_path: Path) -> None:
    with TlsProgram(tmp_path) as room:
        code, out, errors = join(room, tmp_path, "--tls", "--name", "alice", text="hello\n")
        assert (code, out) == (0, "alice: hello\n")
        with room.connect() as peer:
            old = fingerprint_of(peer.certificate or b"")
        assert errors == f"asyncchat: {room.address} is new: its certificate, {old} (SHA-256), is remembered\n"
        known = tmp_path / "asyncchat" / "known_hosts"
        assert known.read_text() == f"{room.address} {old}\n"
        assert known.stat().st_mode & 0o777 == 0o600
        assert join(room, tmp_path, "--tls", "--name", "alice", "--json", text="hello\n")[::2] == (0, "")
        write_pair(tmp_path)
        room.signal(signal.SIGHUP)
        new = room.errors.line().split()[-1]
        code, out, errors = join(room, tmp_path, "--tls", "--name", "alice", text="secret\n")
        assert (code, out) == (1, "")
        assert f"it was {old}, and is {new}" in errors
        assert f"delete the line of {room.address} from {known}" in errors
        with room.join("bob") as bob:
            bob.send("/history 9\n")
            assert "secret" not in bob.line()


def test_a_client_trusts_authorities_and_then_nobody_else(tmp_path: Path, authority: str) -> None:
    with TlsProgram(tmp_path) as room:
        known = {"SSL_CERT_FILE": authority}
        assert join(room, tmp_path, "--tls", "--name", "alice", text="hello\n", **known) == (0, "alice: hello\n", "")
        write_pair(tmp_path, trustme.CA())
        room.signal(signal.SIGHUP)
        assert room.errors.line()
        code, _, errors = join(room, tmp_path, "--tls", "--name", "alice", text="hello\n", **known)
        assert code == 1
        assert "Authorities knew the one before" in errors


def test_a_client_with_tls_says_that_a_server_has_none(room: ServeProgram, tmp_path: Path) -> None:
    code, _, errors = join(room, tmp_path, "--tls", "--name", "alice", text="hello\n")
    assert code == 1
    assert "Does the server use TLS?" in errors


def test_a_client_with_tls_loses_nothing_at_the_end_of_its_input(tmp_path: Path) -> None:
    said = "".join(f"{number}\n" for number in range(500))
    with TlsProgram(tmp_path, "--rate", "0") as room:
        for form in ("--plain", "--json"):
            code, out, _ = join(room, tmp_path, "--tls", form, "--name", "ci", text=said)
            assert code == 0
            assert out.count("from" if form == "--json" else "ci: ") >= 500


def test_passwords_are_accepted_with_tls(tmp_path: Path, empty_store: str) -> None:
    with TlsProgram(tmp_path, "--store", empty_store) as room, room.connect() as peer:
        assert peer.line() == ASK_NAME
        peer.send(f"/auth admin {ADMIN}\n")
        assert peer.line() == "Server: you are authorized successfully!"


def test_a_link_lets_a_client_know_the_certificate_and_remembers_it(tmp_path: Path) -> None:
    with TlsProgram(tmp_path) as room:
        with Program("invite", room.address, "--tls-cert", str(tmp_path / "cert.pem")) as inviting:
            link = inviting.out.line()
            assert inviting.wait() == 0
        assert link == f"asyncchat://{room.address}/?fp={room.fingerprint}"
        known = tmp_path / "asyncchat" / "known_hosts"
        for _ in range(2):
            assert join(link, tmp_path, "--name", "alice", text="hello\n")[0] == 0
            assert known.read_text() == f"{room.address} {room.fingerprint}\n"
        code, out, errors = join(link[:-64] + 64 * "0", tmp_path, "--name", "alice", text="hello\n")
        assert (code, out) == (1, "")
        assert "Ask the operator which one is right" in errors


@pytest.mark.parametrize("link", ["asyncchat://", "asyncchat://x:0/", "asyncchat://x/?fp=12", "asyncchat://[x/"])
def test_a_broken_link_is_wrong_usage(link: str) -> None:
    with Program("join", link, "--name", "alice") as client:
        assert client.wait() == 2
        assert "is not a whole link" in client.errors.rest().decode()


def test_a_link_needs_a_certificate(tmp_path: Path) -> None:
    with Program("invite", "chat.example", "--store", f"{tmp_path}/chat.db") as inviting:
        assert inviting.wait() == 1
        assert "`asyncchat serve --tls self` makes it" in inviting.errors.rest().decode()


def test_the_client_at_a_terminal_uses_tls_and_comes_back_to_the_same_certificate_only(tmp_path: Path) -> None:
    with TlsProgram(tmp_path) as first:
        port = first.port
        alice = Terminal(first.address, "--tls", "--name", "alice", state=tmp_path)
        alice.until_prompt()
        alice.write("hello" + ENTER)
        alice.until_row("alice: hello")
        assert b"is new: its certificate" in alice.errors.raw_line()
    with alice:
        alice.until_row("connection lost (")
        with TlsProgram(tmp_path, "--port", str(port)):
            assert alice.ended() == 1
            assert b"is another one" in alice.errors.rest()


def test_a_link_that_a_moderator_has_made_lets_a_guest_in_where_accounts_are_required(
    tmp_path: Path, empty_store: str
) -> None:
    serve = ("--store", empty_store, "--require-account", "--web", "0")
    with TlsProgram(tmp_path, *serve) as room, room.connect() as moderator:
        moderator.send(f"/auth admin {ADMIN}\n/join #ops\nhello ops\n/invite 1h 2\n")
        moderator.lines.until(" 2 more uses, until ")
        link, page = (moderator.line().removeprefix("Server: ") for _ in range(2))
        assert re.fullmatch(rf"asyncchat://{room.address}/ops\?fp={room.fingerprint}&k=[0-9a-f]{{32}}", link)
        assert re.fullmatch(r"https://127\.0\.0\.1:\d+/\?k=[0-9a-f]{32}#ops", page)
        code, _, errors = join(link, tmp_path, text="gus\nhello\n")
        assert code == 2
        assert "this link needs a --name" in errors
        code, out, errors = join(link, tmp_path, "--name", "gus", text="hello\n")
        assert (code, "admin: hello ops" in out, "gus: hello" in out) == (0, True, True), errors
        code, out, _ = join(link, tmp_path, "--name", "zoe", "--json", text="")
        assert code == 0
        assert '"text":"hello ops"' in out
        code, _, errors = join(link, tmp_path, "--name", "eve", "--json", text="")
        assert code == 1
        assert "this invitation can't be used any more" in errors


@pytest.mark.parametrize("with_room", [True, False])
def test_a_link_contains_what_it_was_made_of(*, with_room: bool) -> None:
    link = Link(Address("::1", 5), "ab" * 32, "büro" if with_room else "", "0123")
    assert parse_link(str(link)) == link
