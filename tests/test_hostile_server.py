"""Clients that meet a server that means no good: they go on, show nothing that commands a terminal, and stay small."""

import json
import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hostile import HostileServer, Victim, event, message, peak_memory
from tests.programs import ASYNCCHAT, Program
from tests.ui.terminals import CTRL_D, ENTER, Terminal

MEGABYTE = 1 << 20
NASTY = "\x1b]0;owned\x07 \x9b2J \u202e \x7f \r \u2028 \u2066"
FORBIDDEN = re.compile("\x1b\\]|\x07|[\x80-\x9f]|[\u202a-\u202e]|[\u2066-\u2069]|\u2028|\x7f")
HUGE = (1 << 53) - 1

EVIL: list[bytes] = [
    *[message("x", time=time) for time in ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "now", "")],
    event("notice", text="x", times=["0001-01-01T00:00:00+23:59"]),
    event("notice", text=NASTY),
    event("turned", conversation=NASTY),
    event("unread", conversation=NASTY, messages=HUGE),
    event("you", name=NASTY, role=NASTY),
    event("you", name="alice", role="guest"),
    event("joined", name=NASTY, members=HUGE),
    event("left", name=NASTY, members=0),
    event("topic", text=NASTY),
    event("error", code=NASTY, text=NASTY),
    event("welcome", name=NASTY, token=NASTY, epoch=NASTY, seq=0, members=0, max_line=0, resumed=True),
    event("refused", id=1, code=NASTY, text=NASTY),
    event("ack", id=HUGE),
    event("gap", from_=0, to=HUGE - 10),
    event("gap", from_=9, to=1),
    event("bye", text=NASTY),
    event("bye", text="x" * MEGABYTE, code="out"),
    event("members", members=10**30),
    b'{"type":"notice","text":' + b"[" * 100_000,
    b"{" * 100_000,
    b"\xff\xfe",
    b"x" * (2 * MEGABYTE),
    message("x", seq=HUGE - 9, from_=NASTY, conversation=NASTY),
    message("the end", seq=HUGE - 8),
]


def evil(victim: Victim) -> None:
    victim.let_in(topic=NASTY, names=["bob", NASTY], token=NASTY, epoch=NASTY)
    victim.say(*EVIL)
    victim.wait_for_end()


def test_nothing_that_a_server_says_ends_the_terminal_client_or_commands_the_terminal(tmp_path: Path) -> None:
    with HostileServer(evil) as server, Terminal(server.address, "--name", "alice", state=tmp_path) as alice:
        alice.until_row("␛]0;owned␇ <U+009B>2J <U+202E> ␡ ␍ <U+2028> <U+2066>>")
        alice.until(lambda: "1:#lobby(1)" in alice.rows[-1])  # which is the end
        alice.write("/room" + ENTER + "typed")
        alice.until_typed("typed")
        for forbidden in (b"\x1b]", b"\a]", b"\xc2\x9b", b"\xe2\x80\xae", b"\xe2\x81\xa6", b"\xe2\x80\xa8"):
            assert forbidden not in alice.raw
        alice.write("\x15" + CTRL_D)
        assert alice.ended() == 1  # what was typed was not acknowledged


def test_nothing_that_a_server_says_is_printed_raw_as_json() -> None:
    with HostileServer(evil) as server, Program("join", server.address, "--json", "--name", "alice", "-n") as alice:
        printed = alice.out.until('"the end"')
        assert not FORBIDDEN.search("".join(printed))
        assert not [line for line in printed if FORBIDDEN.search("".join(strings(json.loads(line))))]


def strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for one in inner for text in strings(one)]


BOT = """
import asyncio, sys, asyncchat
async def main():
    async with asyncchat.connect(sys.argv[1], name="alice") as chat:
        async for event in chat:
            if isinstance(event, asyncchat.events.Message):
                print(event.when.astimezone(), event.text, flush=True)
asyncio.run(main())
"""


def test_nothing_that_a_server_says_ends_a_program() -> None:
    with HostileServer(evil) as server, Program(server.address, command=(sys.executable, "-c", BOT)) as alice:
        alice.out.until("the end")


# In plain text.


@pytest.mark.parametrize("option", ["--plain", "--threads"])
def test_nothing_that_a_plain_server_says_commands_a_terminal(option: str) -> None:
    def attack(victim: Victim) -> None:
        victim.ask_name()
        victim.line()
        victim.say("Server: no one online", NASTY, b"\xff\x9b", b"x" * (2 * MEGABYTE), "the end")
        victim.wait_for_end()

    with HostileServer(attack) as server, Program("join", server.address, option, "--name", "alice") as alice:
        assert not [line for line in alice.out.until("the end") if FORBIDDEN.search(line)]
        alice.write("/exit\n")
        assert alice.wait() in (0, 1)


# How much a client holds.


def flooding(line: bytes, sent: list[int], limit: int, ended: threading.Event) -> Callable[[Victim], None]:
    """Let a client in, and send it a line for as long as it takes it."""

    def attack(victim: Victim) -> None:
        victim.let_in()
        sent.append(victim.flood(line + b"\n", limit))
        ended.set()
        victim.wait_for_end()

    return attack


SLOW_BOT = """
import asyncio, sys, asyncchat
async def main():
    async with asyncchat.connect(sys.argv[1], name="alice") as chat:
        await anext(aiter(chat))
        if sys.argv[2] == "saying":
            saying = asyncio.create_task(chat.send("never acknowledged"))
        print("in", flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""


@pytest.mark.parametrize("what", ["reading nothing", "saying"])
@pytest.mark.parametrize("line", [message("x" * 900_000), message("\x9b" * 100_000 + "😀")], ids=["long", "growing"])
def test_a_program_that_reads_nothing_holds_no_more_than_it_has_room_for(what: str, line: bytes) -> None:
    sent: list[int] = []
    ended = threading.Event()
    with (
        HostileServer(flooding(line, sent, 200 * MEGABYTE, ended)) as server,
        Program(server.address, what, command=(sys.executable, "-c", SLOW_BOT)) as alice,
    ):
        assert alice.out.line() == "in"
        assert ended.wait(30)
        assert sent[0] < 60 * MEGABYTE
        assert peak_memory(alice.process.pid) < 250 * MEGABYTE


def test_a_file_that_is_sent_waits_for_a_server_that_acknowledges_nothing() -> None:
    def attack(victim: Victim) -> None:
        victim.let_in(max_line=MEGABYTE)
        while victim.socket.recv(MEGABYTE):
            pass

    with (
        HostileServer(attack) as server,
        Program("join", server.address, "--json", "--name", "alice", command=ASYNCCHAT) as alice,
    ):
        assert alice.out.line().startswith('{"type":"welcome"')
        taken = 0
        assert alice.process.stdin
        pipe = alice.process.stdin.fileno()
        taken = fill(pipe, b"x" * 100_000 + b"\n", 100 * MEGABYTE)
        assert taken < 20 * MEGABYTE
        assert peak_memory(alice.process.pid) < 200 * MEGABYTE


def fill(pipe: int, data: bytes, limit: int) -> int:
    """Write to a pipe until nobody takes any more; return how many bytes were taken."""
    import os
    import select

    os.set_blocking(pipe, False)
    taken = 0
    poll = select.poll()
    poll.register(pipe, select.POLLOUT)
    while taken < limit and poll.poll(500):
        taken += os.write(pipe, data[taken % len(data) :])
    return taken


def test_a_terminal_client_stays_small_and_alive_whatever_comes(tmp_path: Path) -> None:
    def attack(victim: Victim) -> None:
        victim.let_in()
        victim.say(*[event("unread", conversation=f"{number:064}", messages=1) for number in range(10_000)])
        victim.say(*[event("joined", name=f"{number:064}", members=1) for number in range(10_000)])
        for number in range(1, 10):
            victim.say(message("x" * 900_000, seq=number))
        victim.say(message("alice" + "\u0315" * 20_000 + "\u0300" * 20_000, seq=50), message("the end", seq=51))
        victim.wait_for_end()

    with (
        HostileServer(attack) as server,
        Terminal(server.address, "--name", "alice", state=tmp_path, command=ASYNCCHAT) as alice,
    ):
        alice.until_row("bob: the end")
        alice.write("typed")
        alice.until_typed("typed")
        assert peak_memory(alice.process.pid) < 150 * MEGABYTE


IMPATIENT = (
    sys.executable,
    "-c",
    "import sys; from asyncchat.client import plain_client; plain_client.VERDICT_TIMEOUT = 0.3;"
    "from asyncchat.cli import main; sys.exit(main())",
)


@pytest.mark.parametrize("option", ["--plain", "--threads"])
def test_a_script_does_not_wait_for_ever_for_a_server_that_says_nothing_about_its_name(option: str) -> None:
    def attack(victim: Victim) -> None:
        victim.ask_name()
        victim.wait_for_end()

    with (
        HostileServer(attack) as server,
        Program("join", server.address, option, "--name", "alice", command=IMPATIENT) as alice,
    ):
        alice.write("hello\n")
        alice.end_input()
        assert alice.wait() == 1
        assert alice.errors.rest() == (
            b"asyncchat: the server does not say whether it takes the name. Try again later.\n"
        )
