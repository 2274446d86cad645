"""`asyncchat serve --store`: what anybody saw is there after whatever happens to the server."""

import asyncio
import contextlib
import itertools
import os
import random
import re
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from asyncchat.aio.client.reconnecting import ReconnectingClient
from asyncchat.formats import events
from asyncchat.system.addresses import Address
from tests.programs import ASYNCCHAT, PATIENCE, Nc, Program, ServeProgram, assert_within, seconds, until
from tests.test_json_server import Bot, bot, texts

AUDITS = 15


@pytest.fixture
def path(empty_store: str) -> str:
    return empty_store


def stored(path: str, *arguments: str) -> ServeProgram:
    return ServeProgram("--rate", "0", "--store", path, *arguments)


def kept(path: str, columns: str = "text") -> list[Any]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(f"SELECT {columns} FROM messages ORDER BY seq").fetchall()
        return [row[0] for row in rows] if "," not in columns else rows


def say(peer: Nc, *lines: str) -> None:
    """Say something, and wait until it is back."""
    for line in lines:
        peer.send(f"{line}\n")
        peer.lines.until(f": {line}")


# After the server was stopped.


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_a_newcomer_gets_the_last_ten_from_before_the_server_was_started_again(path: str, end: signal.Signals) -> None:
    with stored(path) as before, before.join("bob") as bob:
        say(bob, *(f"line {number}" for number in range(15)))
        before.signal(end)
        before.wait()
    with stored(path) as after, after.connect() as alice:
        alice.send("alice\n")
        assert alice.lines.until("line 14")[1:] == [f"bob: line {number}" for number in range(5, 15)]
        say(alice, "and on")
    assert len(kept(path)) == 16


def test_a_program_that_comes_back_gets_what_it_missed_though_the_server_was_started_again(path: str) -> None:
    with stored(path) as before:
        with Bot(before) as alice:
            welcome = alice.come_in("alice")
            alice.say("one")
            alice.until("ack")
        with before.join("bob") as bob:
            say(bob, "two", "three")
    with stored(path) as after, Bot(after) as alice:
        again = alice.hello("alice", token=welcome["token"], epoch=welcome["epoch"], after=1)
        assert (again["epoch"], again["seq"], again["resumed"]) == (welcome["epoch"], 3, True)
        assert texts(alice.until("joined")) == ["two", "three"]
        alice.tell("say", id=1, text="one")
        assert alice.event() == {"type": "ack", "id": 1, "seq": 1}
    assert kept(path) == ["one", "two", "three"]


def test_what_was_accepted_is_kept_and_delivered_when_the_server_is_asked_to_end(path: str) -> None:
    with stored(path) as room, room.join("alice") as alice:
        alice.send("".join(f"line {number}\n" for number in range(2000)))
        alice.lines.until("line 500")
        room.signal(signal.SIGTERM)
        delivered = [line for line in alice.lines.rest().decode().splitlines() if line.startswith("alice: ")]
        room.wait()
    assert kept(path)[-1] == delivered[-1].removeprefix("alice: ")


# Asking for what was said.


def test_history_and_search_for_people(path: str) -> None:
    with stored(path) as room, room.join("alice") as alice:
        say(alice, *(f"number {number}" for number in range(1, 61)))
        alice.send("/history 50\n/search number 7\n/history ten\n/list\n")
        told = alice.lines.until("no one online")
        pattern = re.compile(r"Server: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ alice: number (\d+)")
        found = [int(match[1]) for line in told if (match := pattern.fullmatch(line))]
        assert found == [*range(11, 36), 7]
        assert "Server: ten is not a number! Write something like /history 50." in told


def test_history_and_search_for_programs(path: str) -> None:
    with stored(path) as room, bot(room, "alice") as alice:
        alice.say("hello")
        alice.until("ack")
        for command in ("/history 1", "/search hello"):
            ident = alice.say(command)
            notice, ack = alice.event(), alice.event()
            assert notice["text"].endswith(" alice: hello")
            assert ack == {"type": "ack", "id": ident}


def test_the_end_of_input_waits_for_the_answer(path: str) -> None:
    with stored(path) as room, room.join("alice") as alice:
        say(alice, "hello")
        alice.send("/history 1\n")
        alice.end_input()
        assert alice.lines.rest().decode().endswith("Z alice: hello\n")


def test_the_filter_prints_what_is_stored_also_while_it_is_served(path: str) -> None:
    with stored(path) as room, room.join("alice") as alice:
        say(alice, "one", "two")
        with Program("filter", "--store", path) as program:
            assert program.out.rest() == b"alice: one\nalice: two\n"
    with Program("filter", "--store", path, "--until", "2001-01-01") as program:
        assert (program.out.rest(), program.wait()) == (b"", 0)
    with Program("filter", "--store", path, "--since", "2001-01-01T10:00") as program:
        assert program.out.rest() == b"alice: one\nalice: two\n"


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["serve", "--durability", "full"], 2, "--durability goes with --store only"),
        (["serve", "--keep", "30d"], 2, "--keep goes with --store only"),
        (["serve", "--mode", "pair", "--store", "x"], 2, "--store goes with --mode room only"),
        (
            ["serve", "--store", "x", "--keep", "soon"],
            2,
            "'soon' is not how much can be kept; write a number of messages, or of days or hours as in 30d or 12h",
        ),
        (["serve", "--store", "x", "--keep", "0"], 2, "'0' is not how much can be kept"),
        (["filter", "--store", "x", "file"], 2, "--store reads no transcript"),
        (["filter", "--since", "2026-11-22"], 2, "--since and --until go with --store only"),
        (["filter", "--store", "x", "--since", "yesterday"], 2, "'yesterday' is not a time"),
        (["filter", "--store", "/nowhere/chat.db"], 1, "can't open the store /nowhere/chat.db"),
        (["serve", "--port", "0", "--store", "/nowhere/chat.db"], 1, "can't open the store /nowhere/chat.db"),
        (["serve", "--port", "0", "--store", "/etc/passwd"], 1, "/etc/passwd is no store of asyncchat"),
    ],
)
def test_what_is_wrong_is_one_clear_line(arguments: list[str], code: int, complaint: str) -> None:
    with Program(*arguments) as program:
        assert program.wait() == code
        assert complaint in program.errors.line()


def test_an_address_that_is_in_use_is_one_clear_line_with_a_store_too(path: str) -> None:
    with stored(path) as room, Program("serve", "--port", str(room.port), "--store", f"{path}2") as second:
        assert second.wait() == 1
        assert "in use" in second.errors.line()


def test_somebody_else_may_look_into_the_file_meanwhile(path: str) -> None:
    with stored(path) as room, room.join("alice") as alice:
        say(alice, "one")
        look = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM messages'); c.close()"
        subprocess.run([sys.executable, "-c", look, path], check=True)
        assert os.path.exists(f"{path}-wal")  # which whoever is the last to close the file takes away
        say(alice, "two")
        room.signal(signal.SIGKILL)
        room.wait()
    assert kept(path) == ["one", "two"]


def test_a_store_that_another_server_has_is_refused(path: str) -> None:
    with stored(path), Program("serve", "--port", "0", "--store", path) as second:
        assert second.wait() == 1
        assert "is in use: another server keeps its chat there" in second.errors.line()


# A disk that is full, and one that is slow.


@contextlib.contextmanager
def little_disk(folder: Path) -> Iterator[Path]:
    """Mount a disk of one megabyte, or skip the test."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("nothing can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_refuses_what_is_posted_until_there_is_room_again(tmp_path: Path) -> None:
    with little_disk(tmp_path / "disk") as disk:
        filler, store = disk / "filler", str(disk / "chat.db")
        with stored(store) as room, room.join("bob") as bob, bot(room, "alice") as alice:
            say(bob, "before")
            alice.until("message")
            with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))
            kept_there = 1
            while True:
                bob.send(f"{'x' * 4000}{kept_there}\n")
                if (answer := bob.line()).startswith("Server:"):
                    break
                kept_there += 1
            assert answer == "Server: your line was not sent: the disk is full."
            ident = alice.say("y" * 4000)
            refused = alice.until("refused")[-1]
            assert (refused["id"], refused["code"]) == (ident, "not-kept")
            bob.send("/history 1\n")
            assert "x" * 4000 in bob.line() or kept_there == 1
            with room.join("carol") as carol:
                carol.send("/list\n")
                assert carol.lines.until("Server: online: alice bob")
            filler.unlink()
            say(bob, "after")
            assert len(kept(store)) == kept_there + 1
            seen = [event["seq"] for event in alice.until("message") if event["type"] == "message"]
            while seen[-1] < kept_there + 1:
                seen += [event["seq"] for event in alice.until("message") if event["type"] == "message"]
            assert kept(store, "seq") == list(range(1, kept_there + 2))


needs_strace = pytest.mark.skipif(
    not shutil.which("strace")
    or subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode != 0,
    reason="strace is not installed, or may not trace here",
)


@needs_strace
def test_a_slow_disk_delays_what_is_posted_and_nobody_who_reads_or_joins(path: str) -> None:
    slow = ("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync,fsync")
    delay = ("-e", "inject=fdatasync,fsync:delay_enter=3000000")
    with stored(path, "--durability", "full") as room, room.join("bob") as bob:
        say(bob, "before")
        pid = str(room.process.pid)
        with subprocess.Popen([*slow, *delay, "-p", pid], stderr=subprocess.PIPE) as tracer:
            tracer_is_there(tracer, room.process.pid)
            begun = time.monotonic()
            bob.send("slow\n")
            with room.connect() as carol:
                carol.send("carol\n/list\n/history 1\n")
                assert carol.lines.until("before")
                assert carol.lines.until("Server: online: bob")
                assert carol.line().endswith("before")
            still_waiting = not select.select([bob.socket], [], [], 0)[0]
            assert bob.line() == "bob: slow"
            slowly = time.monotonic() - begun
            tracer.terminate()
        assert still_waiting
        assert slowly >= 3


def tracer_is_there(tracer: "subprocess.Popen[bytes]", pid: int) -> None:
    """Wait until every thread of a process is traced; skip the test if that is not allowed."""
    deadline = time.monotonic() + seconds(PATIENCE)
    while time.monotonic() < deadline:
        if tracer.poll() is not None:
            pytest.skip("strace may not attach to other processes here")
        statuses = [Path(f"/proc/{pid}/task/{task}/status").read_text() for task in os.listdir(f"/proc/{pid}/task")]
        if all("TracerPid:\t0" not in status for status in statuses):
            return
    raise TimeoutError("strace does not attach")


@needs_strace
@pytest.mark.parametrize("durability", ["normal", "full"])
def test_a_message_is_written_before_it_is_sent_and_with_full_on_the_disk(
    path: str, durability: str, tmp_path: Path
) -> None:
    trace = tmp_path / "trace"
    calls = "trace=write,pwrite64,fdatasync,fsync,sendto,sendmsg,writev"
    traced = ("strace", "-D", "-f", "-y", "-s", "8192", "-e", calls, "-o", str(trace), *ASYNCCHAT)
    with (
        ServeProgram("--quiet", "--store", path, "--durability", durability, command=traced) as room,
        room.join("alice") as alice,
    ):
        for number in range(5):
            say(alice, f"unmistakable {number}")
        alice.send("/exit\n")
        alice.lines.rest()
        room.signal(signal.SIGTERM)
        room.wait()
    ended = re.compile(rf"^{room.process.pid} +\+\+\+ exited", re.MULTILINE)
    until(lambda: bool(ended.search(trace.read_text(errors="replace"))))
    lines = trace.read_text(errors="replace").splitlines()
    for number in range(5):
        text = f"unmistakable {number}"
        sent = next(place for place, line in enumerate(lines) if f"alice: {text}" in line and "socket" in line.lower())
        written = next(place for place, line in enumerate(lines) if text in line and "chat.db-wal" in line)
        assert written < sent
        if durability == "full":
            assert any("sync(" in line and "chat.db-wal" in line for line in lines[written:sent])


# Killed at any moment.


def at_once() -> Iterator[float]:
    return itertools.repeat(0.01)


async def talk(chat: ReconnectingClient, name: str, acknowledged: dict[str, int], stop: asyncio.Event) -> None:
    """Say one line after the other, as fast as they are acknowledged."""
    for number in itertools.count():
        if stop.is_set():
            return
        text = f"{name} {number}"
        seq = await chat.say(text)
        assert seq
        acknowledged[text] = seq


async def watch(chat: ReconnectingClient, seen: list[tuple[int, str]]) -> None:
    async for event in chat:
        assert not isinstance(event, events.Gap | events.Refused), event
        if isinstance(event, events.Message):
            seen.append((event.seq, event.text))


async def test_whenever_the_server_is_killed_nothing_that_anybody_saw_is_lost(path: str) -> None:
    chance = random.Random(5)
    acknowledged: dict[str, int] = {}
    seen: list[list[tuple[int, str]]] = [[] for _ in range(3)]
    first = await asyncio.to_thread(lambda: stored(path).__enter__())
    server: Program = first
    port = first.port
    stop = asyncio.Event()
    try:
        async with contextlib.AsyncExitStack() as stack:
            chats = [
                await stack.enter_async_context(
                    ReconnectingClient(Address("127.0.0.1", port), f"peer{number}", pauses=at_once)
                )
                for number in range(3)
            ]
            async with asyncio.timeout(seconds(3 * PATIENCE)), asyncio.TaskGroup() as group:
                watching = [group.create_task(watch(chat, seen[number])) for number, chat in enumerate(chats)]
                for number, chat in enumerate(chats):
                    for line in "ab":
                        group.create_task(talk(chat, f"{number}{line}", acknowledged, stop))
                for _ in range(AUDITS):
                    before = len(acknowledged)
                    while len(acknowledged) < before + 5:  # noqa: ASYNC110 - there is nothing else to wait for
                        await asyncio.sleep(0)
                    await asyncio.sleep(chance.uniform(0, 0.02))
                    server.process.kill()
                    await asyncio.to_thread(server.__exit__, ValueError, None, None)
                    server = await asyncio.to_thread(start_again, path, port)
                stop.set()
                for chat in chats:
                    await chat.drain()
                for task in watching:
                    task.cancel()
    finally:
        server.signal(signal.SIGTERM)
        await asyncio.to_thread(server.wait)
        server.__exit__(None, None, None)

    rows = kept(path, "seq, text")
    assert [seq for seq, _ in rows] == list(range(1, len(rows) + 1))
    assert len({text for _, text in rows}) == len(rows)
    assert {text: seq for seq, text in rows}.items() >= acknowledged.items()
    assert len(acknowledged) > AUDITS
    for one in seen:
        assert one == rows[one[0][0] - 1 : one[0][0] - 1 + len(one)]


def start_again(path: str, port: int) -> Program:
    server = Program("serve", "--port", str(port), "--rate", "0", "--store", path)
    server.errors.until("listening")
    return server


def test_a_server_with_a_million_messages_starts_soon(path: str) -> None:
    with stored(path) as room, room.join("bob") as bob:
        say(bob, "first")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)"
            " INSERT INTO messages (seq, time, name, text)"
            " SELECT i, i, 'bob', 'a line as people write it, number ' || i FROM n"
        )
        connection.commit()

    def start() -> float:
        begun = time.monotonic()
        with stored(path) as room:
            assert room.port
            return time.monotonic() - begun

    assert_within(2, start)
