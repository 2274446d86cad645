"""Scripted IRC clients, where real sockets and many members matter."""

import contextlib
import time

from tests.irc import SECRET, Irc, IrcProgram
from tests.programs import ADMIN, Program, in_rounds, seconds


def test_a_thousand_members_make_no_storm_and_the_last_join_takes_no_longer_than_the_first() -> None:
    with IrcProgram("--max-per-address", "0", "--max-connections", "1100") as server, contextlib.ExitStack() as opened:

        def join(number: int) -> float:
            begun = time.monotonic()
            opened.enter_context(Irc(server, f"n{number}"))
            return time.monotonic() - begun

        watcher = opened.enter_context(Irc(server, "watcher"))
        first = [join(number) for number in range(100)]
        for number in range(100, 900):
            join(number)
        last = [join(number) for number in range(900, 1000)]
        assert sorted(last)[50] < 4 * sorted(first)[50] + 0.02
        watcher.tell("PING end")
        heard = watcher.until("PONG")
        assert sum(" JOIN " in line for line in heard) <= 200
        assert len(heard) < 1500


def test_a_client_that_reads_nothing_is_cut_off_and_delays_nobody() -> None:
    with (
        IrcProgram("--max-backlog", "200000") as server,
        Irc(server, "deaf") as deaf,
        Irc(server, "alice") as alice,
        server.join("bob") as bob,
    ):
        assert deaf
        for number in range(9000):
            bob.send(f"{'x' * 400} {number}\n")
            if number % 100 == 99:
                alice.until(f"x {number}")
                bob.lines.until(f"x {number}")
        assert any("deaf" in line and "cut off" in line for line in server.errors.until("cut off", seconds(30)))


def test_a_nick_of_a_dead_connection_is_free_after_it_was_reset() -> None:
    with IrcProgram() as server, Irc(server, "alice") as alice:
        alice.reset()

        def again() -> bool:
            with contextlib.suppress(AssertionError), Irc(server, "alice"):
                return True
            return False

        assert in_rounds(again, bool)


def test_history_after_a_kill_has_each_message_that_was_missed_once(with_people: str) -> None:
    with IrcProgram("--store", with_people) as server:
        with Irc(server, "alice", SECRET, "message-tags") as alice, server.join("carol") as carol:
            carol.send("one\n")
            last = alice.until("PRIVMSG #lobby :one")[-1].split("msgid=")[1].split()[0]
        ports = str(server.port), str(server.irc_port)
        server.process.kill()
        server.wait()
    with (
        IrcProgram("--store", with_people, "--port", ports[0], "--irc", ports[1]) as server,
        server.join("carol") as carol,
    ):
        carol.send("two\nthree\n")
        carol.lines.until("carol: three")
        with Irc(server, "alice", SECRET, "message-tags", "batch", "draft/chathistory") as alice:
            alice.tell(f"CHATHISTORY AFTER #lobby msgid={last} 25")
            heard = alice.until("BATCH :-h1")
            assert [line.rpartition(":")[2] for line in heard if "PRIVMSG" in line] == ["two", "three"]


def test_tls_has_an_option_of_its_own(tmp_path: object) -> None:
    for arguments, said in (
        (("--ircs", "0"), "--ircs needs --tls"),
        (("--irc", "0", "--tls", "self", "--store", f"{tmp_path}/chat.db"), "write --ircs"),
        (("--irc-name", "a.b"), "goes with --irc"),
        (("--irc", "0", "--irc-name", "chat"), "must have a dot"),
    ):
        with Program("serve", "--port", "0", *arguments, environment={"ASYNCCHAT_ADMIN_PASSWORD": ADMIN}) as refused:
            assert refused.wait() == 2
            assert said in refused.errors.rest().decode()
