"""IRC clients as sockets: what real clients do, and what they do seldom. The numbers are those of docs/irc.md."""

import signal
from pathlib import Path

import pytest

from asyncchat.cli import main
from asyncchat.text import room_texts, texts
from tests.irc import IrcPeer, IrcProgram, peer, plain
from tests.programs import PATIENCE, SECRET, Nc, Program, ServeProgram, in_rounds, until
from tests.test_json_server import bot
from tests.test_worst_peer import MOST, waits
from tests.tls_peers import TlsNc, write_pair


def test_all_kinds_of_clients_are_in_one_room() -> None:
    with IrcProgram() as room, peer(room, "alice") as alice, room.join("bob") as bob, bot(room, "carol") as carol:
        alice.until("carol!u@carol JOIN")
        alice.ask("PRIVMSG #lobby :hello")
        assert bob.line() == "alice: hello"
        assert carol.until("message")[-1]["text"] == "hello"
        bob.send("hi\n")
        assert alice.line() == ":bob!u@bob PRIVMSG #lobby :hi"
        assert carol.until("message")[-1]["from"] == "bob"
        alice.ask("QUIT :bye")
        assert alice.lines.rest() == b"ERROR :Closing link\r\n"
        assert carol.until("left")[-1]["name"] == "alice"


def test_the_transcript_has_irc_users_too() -> None:
    with IrcProgram() as room, peer(room, "alice") as alice:
        alice.ask("PRIVMSG #lobby :\x01ACTION waves\x01", "QUIT")
        assert [room.out.line() for _ in range(3)] == ["alice joined", "alice sent /me waves", "alice left"]


def test_check_28_what_was_missed_comes_once_after_a_crash(store: str) -> None:
    capabilities = ("server-time", "message-tags", "batch", "draft/chathistory")
    with IrcProgram("--store", store) as room, room.join("carol") as carol:
        port = str(room.irc_port)
        with peer(room, "alice", *capabilities, password=SECRET) as alice:
            carol.send("seen\n")
            seen = alice.line()
            msgid = seen.partition("msgid=")[2].partition(" ")[0]
            alice.reset()
        for number in range(3):
            carol.send(f"missed {number}\n")
            carol.lines.until(f"missed {number}")
        room.signal(signal.SIGKILL)
        room.wait()
    with IrcProgram("--store", store, irc=port) as again, peer(again, "alice", *capabilities, password=SECRET) as alice:
        alice.ask(f"CHATHISTORY AFTER #lobby msgid={msgid} 25")
        begin, *lines, end = alice.until("BATCH -")
        assert "BATCH +history chathistory #lobby" in begin
        assert [line.rpartition(":")[2] for line in lines] == ["missed 0", "missed 1", "missed 2"]
        assert end.endswith("BATCH -history")


def test_private_messages_wait_for_a_restart(store: str) -> None:
    with IrcProgram("--store", store) as room, peer(room, "alice", password=SECRET) as alice:
        alice.ask("PRIVMSG bob :for later")
        alice.settle()
    with IrcProgram("--store", store) as again, IrcPeer(again.irc_port) as bob:
        bob.register("bob", "server-time", password=SECRET)
        assert bob.line().endswith(" :alice!u@alice PRIVMSG bob :for later")


def test_who_comes_back_takes_the_place_of_a_connection_that_is_dead(store: str) -> None:
    with (
        IrcProgram("--store", store) as room,
        peer(room, "alice", password=SECRET) as first,
        IrcPeer(room.irc_port) as second,
    ):
        second.ask("CAP REQ :sasl", "AUTHENTICATE PLAIN", f"AUTHENTICATE {plain('alice', SECRET)}", "CAP END")
        second.ask("NICK alice", "USER x 0 * :x")
        first.until("PING")
        first.ask("PONG x")
        second.until(" 433 ")
        second.ask("NICK alice")
        second.until(" 366 ")
        assert first.lines.rest().decode().splitlines()[-1] == f"ERROR :{texts.REPLACED}"


def test_with_tls_a_password_is_taken_and_without_it_the_peer_is_told(store: str, tmp_path: Path) -> None:
    certificate, key = write_pair(tmp_path)
    files = "--tls-cert", certificate, "--tls-key", key
    with ServeProgram("--ircs", "0", "--store", store, *files) as room:
        port = int(room.errors.line().rpartition(":")[2])
        with TlsNc(port) as alice:
            alice.send("CAP REQ :sasl\r\nAUTHENTICATE PLAIN\r\n")
            alice.lines.until("AUTHENTICATE +")
            alice.send(f"AUTHENTICATE {plain('alice', SECRET)}\r\nCAP END\r\nNICK x\r\nUSER x 0 * :x\r\n")
            assert any(" 001 alice :" in line for line in alice.lines.until(" 221 "))
        with Nc(port) as blind:
            blind.send("NICK alice\r\n")
            assert blind.line() == "ERROR :This port speaks TLS: switch TLS on in your client\r"


def test_a_full_chat_is_told_in_the_form_of_irc() -> None:
    with IrcProgram("--max-connections", "1") as room, peer(room, "alice"), IrcPeer(room.irc_port) as bob:
        assert bob.lines.rest() == b"ERROR :the chat is full, try again later.\r\n"


@pytest.mark.parametrize("path", ["/", "/" + "x" * 40_000])
def test_a_request_that_a_web_page_sends_is_refused_as_a_whole(path: str) -> None:
    with IrcProgram() as room, peer(room, "alice") as alice, IrcPeer(room.irc_port) as browser:
        browser.ask(f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "", "NICK evil", "USER x 0 * :x", "JOIN #lobby")
        browser.ask("PRIVMSG #lobby :I am here")
        assert browser.lines.rest().decode() == f"ERROR :{room_texts.NO_HTTP}\r\n"
        assert alice.settle() == []


def test_whoever_says_no_name_is_let_go() -> None:
    with IrcProgram("--name-timeout", "0.1") as room, IrcPeer(room.irc_port) as alice:
        assert alice.lines.rest().startswith(b"ERROR :it took you too long to choose a name")


def test_irc_clients_get_a_goodbye() -> None:
    with IrcProgram() as room, peer(room, "alice") as alice:
        room.signal(signal.SIGTERM)
        assert alice.lines.rest() == b"ERROR :the chat is closing. Goodbye!\r\n"


def test_check_29_a_thousand_members_make_no_storm() -> None:
    with IrcProgram("--quiet", "--max-per-address", "0", "--rate", "0") as room, peer(room, "first") as first:
        others = []
        for number in range(999):
            other = IrcPeer(room.irc_port)
            other.ask(f"NICK member{number}x", "USER x 0 * :x", "JOIN #lobby")
            others.append(other)
        for other in others:
            other.until(" 366 ")
        heard = first.settle()
        assert len(heard) == 199
        assert all(" JOIN " in line for line in heard)
        last = others[-1].settle()
        assert not [line for line in last if " JOIN " in line or " QUIT " in line]
        for other in others[:500]:
            other.socket.close()
        until(lambda: _members(first) == 500)
        assert first.settle() == []
        for other in others[500:]:
            other.socket.close()


def _members(person: IrcPeer) -> int:
    person.ask("LIST #lobby")
    return int(person.until(" 323 ")[-2].split(" ")[4])


def test_check_30_a_peer_that_reads_nothing_is_cut_and_delays_nobody() -> None:
    limits = "--rate", "0", "--stall-timeout", "0.5", "--max-backlog", str(1 << 30), "--quiet"
    with IrcProgram(*limits) as room, IrcPeer(room.irc_port, receive_buffer=4096) as stuck, room.join("alice") as alice:
        stuck.ask("NICK stuck", "USER x 0 * :x", "JOIN #lobby")
        stuck.until(" 366 ")
        quiet = waits(alice)
        for _ in range(1500):
            alice.send("y" * 4000 + "\n")
            alice.line()
        busy = in_rounds(lambda: waits(alice), lambda took: took - quiet < MOST)
        assert busy - quiet < MOST
        assert "(stuck) is cut off: it takes nothing of what it is sent" in room.errors.line(PATIENCE)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--irc", "x"), "argument --irc: 'x' is not a port; write PORT or HOST:PORT"),
        (("--ircs", "0"), "--ircs goes with --tls self or --tls-cert only; without TLS, write --irc"),
        (("--irc", "0", "--tls-cert", "a", "--tls-key", "b"), "this server uses TLS: write --ircs instead of --irc"),
        (("--irc-name", "irc.here"), "--irc-name goes with --irc or --ircs only"),
        (("--irc", "0", "--irc-name", "here"), "argument --irc-name: 'here' has no dot in it"),
        (("--irc", "0", "--irc-name", "a b.c"), "argument --irc-name: it has a blank in it"),
        (("--irc", "0", "--mode", "pair"), "--irc goes with --mode room only"),
    ],
)
def test_one_line_says_what_is_wrong_with_the_options(
    capsys: pytest.CaptureFixture[str], options: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(("serve", *options))
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(f"asyncchat serve: {reason}")


def test_the_server_has_the_name_that_it_is_given() -> None:
    with IrcProgram("--irc-name", "irc.example.org") as room, IrcPeer(room.irc_port) as alice, room.connect() as nc:
        alice.ask("PING x")
        assert alice.line() == ":irc.example.org PONG irc.example.org :x"
        nc.send("irc.example.org\n")
        assert (
            nc.lines.until("can't be used")[-1]
            == "Server: this name can't be used: it is reserved. Choose another one."
        )


def test_links_of_invitations_are_those_of_the_other_port(store: str) -> None:
    with IrcProgram("--store", store) as room, peer(room, "mod", password=SECRET) as mod:
        mod.ask("PRIVMSG Server :/invite 7d 1")
        assert f"asyncchat://127.0.0.1:{room.port}/?k=" in mod.until("asyncchat://")[-1]


def test_doctor_looks_at_the_port_for_irc() -> None:
    def doctor(port: int) -> str:
        with Program("doctor", "--port", "0", "--irc", str(port)) as program:
            said = program.out.rest().decode()
            program.wait()
            return said

    assert "ok: a server can listen at 127.0.0.1, port 0 for IRC\n" in doctor(0)
    with IrcProgram("--max-connections", "1") as room:
        assert f"ok: IRC clients are served at 127.0.0.1, port {room.irc_port}\n" in doctor(room.irc_port)
        with peer(room, "alice"):
            assert f"port {room.irc_port}, and answered: the chat is full" in doctor(room.irc_port)
        assert "WRONG: " in doctor(room.port)
