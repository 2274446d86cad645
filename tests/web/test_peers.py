"""A browser is a peer like any other: limits, slow readers, pings, the end; and a thousand of them."""

import asyncio
import contextlib
import gc
import json
import selectors
import signal
import time
from collections.abc import AsyncIterator

import pytest
from websockets.protocol import Protocol

from asyncchat.aio.server.connection import Connection
from asyncchat.aio.server.server import Server
from asyncchat.aio.web.port import WebPort
from asyncchat.aio.web.trust import Trust
from asyncchat.formats import events
from asyncchat.limits import Limits
from asyncchat.system.addresses import listen, of_socket
from tests.programs import ADMIN, PATIENCE, seconds
from tests.test_limits import let_open
from tests.web import CLOSE, PING, PONG, TEXT, Web, WebPeer, WebProgram, event, frame, peer


def test_browsers_and_terminals_are_in_one_room() -> None:
    with WebProgram() as room, peer(room, "alice") as alice, room.join("bob") as bob:
        alice.until("joined")
        bob.send("hi alice\n")
        assert alice.event()["text"] == "hi alice"
        assert bob.line() == "bob: hi alice"
        ident = alice.say("hi bob")
        assert bob.line() == "alice: hi bob"
        assert [alice.event()["type"] for _ in range(2)] == ["message", "ack"]
        assert ident == 1


def test_a_browser_that_reconnects_gets_what_it_missed_once() -> None:
    with WebProgram() as room, room.join("bob") as bob:
        with peer(room, "alice") as alice:
            alice.say("one")
            alice.until("ack")
        bob.lines.until("alice: one")
        bob.send("two\n")
        bob.lines.until("bob: two")
        with WebPeer(room.web_port) as again:
            again.resume(alice.welcome, after=1)
            assert [again.event()[field] for field in ("resumed", "text")] == [True, "two"]


def test_everything_that_was_missed_fits_into_frames_that_browsers_take() -> None:
    with WebProgram("--rate", "0") as room, room.join("bob") as bob:
        with peer(room, "alice") as alice:
            pass
        for number in range(200):
            bob.send(f"{number} {'x' * 4000}\n")
            bob.line()
        with WebPeer(room.web_port) as again:
            again.resume(alice.welcome, after=0)
            seen, sizes = 0, []
            while seen < 200:
                got = again.frame()
                sizes.append(len(got.data))
                seen += sum(json.loads(line)["type"] == "message" for line in got.data.splitlines())
        assert max(sizes) <= 1 << 16
        assert len(sizes) < 50


def test_a_browser_that_sends_too_fast_is_slowed_down_and_loses_nothing() -> None:
    with WebProgram("--rate", "200", "--burst", "10") as room, peer(room, "fast") as fast:
        begun = time.monotonic()
        for number in range(20):
            fast.say(f"{number}")
        acks = [fast.until("ack")[-1]["id"] for _ in range(20)]
        assert acks == list(range(1, 21))
        assert time.monotonic() - begun >= 0.04


@pytest.mark.parametrize(
    "flood",
    [frame(PING, b""), frame(PONG, b""), frame(TEXT, b""), frame(TEXT, b"{}")],
    ids=["pings", "pongs", "empty messages", "messages"],
)
def test_a_flood_of_frames_delays_nobody_and_ends_with_its_connection(flood: bytes) -> None:
    with WebProgram("--rate", "20", "--burst", "5") as room, peer(room, "flood") as web, room.join("bob") as bob:
        web.socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                web.socket.send(flood * 1000)
        for number in range(10):
            begun = time.monotonic()
            bob.send(f"{number}\n")
            assert bob.line() == f"bob: {number}"
            assert time.monotonic() - begun < seconds(1)
        web.reset()
        bob.send("is it still there?\n")
        room.out.until("flood left")


def test_a_browser_that_does_not_read_is_cut_off_and_delays_nobody() -> None:
    with (
        WebProgram("--rate", "0", "--max-backlog", "100000", "--trusted-proxy", "127.0.0.1") as room,
        peer(room, "stuck", receive_buffer=4096, X_Forwarded_For="192.0.2.1") as stuck,
        room.join("alice") as alice,
    ):
        for _ in range(400):
            alice.send("y" * 4000 + "\n")
            alice.line()
        assert "192.0.2.1 (stuck) is cut off: it does not read what it is sent" in room.errors.line()
        room.out.until("stuck left")
        with contextlib.suppress(AssertionError):  # it gets what the kernel has, and no more
            while stuck.frame().opcode != CLOSE:
                pass
            pytest.fail("it is closed as if all was well")


def test_a_browser_that_sends_pings_and_reads_nothing_is_cut_off() -> None:
    with (
        WebProgram("--rate", "0", "--max-backlog", "100000") as room,
        peer(room, "stuck", receive_buffer=4096) as stuck,
    ):
        with contextlib.suppress(ConnectionError):
            for _ in range(20_000):
                stuck.send(frame(PING, b"x" * 125) * 10)
        assert "(stuck) is cut off: it does not read what it is sent" in room.errors.line()


def test_whoever_chooses_no_name_is_told_and_let_go() -> None:
    with WebProgram("--name-timeout", "0.2") as room, WebPeer(room.web_port) as web:
        assert web.event()["type"] == "bye"
        assert web.closing().code == 1000


def test_a_server_that_stops_says_goodbye_and_closes() -> None:
    with WebProgram() as room, peer(room, "alice") as alice:
        room.signal(signal.SIGTERM)
        assert alice.event() == {"type": "bye", "text": "the chat is closing. Goodbye!"}
        assert alice.closing().code == 1001
        assert room.wait() == 0


def test_a_server_that_stops_does_not_wait_for_browsers_that_do_not_answer() -> None:
    with WebProgram("--drain-timeout", "600") as room, peer(room, "alice") as alice:
        room.signal(signal.SIGTERM)
        alice.until("bye")
        assert alice.frame().opcode == CLOSE
        assert room.wait() == 0


def test_a_second_connection_with_the_token_ends_the_first() -> None:
    with WebProgram() as room, peer(room, "alice") as first, WebPeer(room.web_port) as second:
        second.tell("hello", v=1, name="alice", token=first.welcome["token"])
        assert second.event()["type"] == "welcome"
        assert first.event()["code"] == "elsewhere"
        assert first.closing().code == 1000


def test_whois_says_that_somebody_is_there_with_a_browser(empty_store: str) -> None:
    with WebProgram("--store", empty_store) as room, peer(room, "bob"), room.connect() as admin:
        admin.send(f"/auth admin {ADMIN}\n/whois bob\n")
        assert "WebSocket" in admin.lines.until("from ")[-1]


def test_a_password_is_taken_from_a_browser(with_people: str) -> None:
    with WebProgram("--store", with_people) as room, WebPeer(room.web_port) as web:
        web.tell("hello", v=1, name="alice", password="wrong")
        assert web.event()["code"] == "incorrect-password"


def test_a_connection_without_a_proper_end_is_noticed() -> None:
    with WebProgram() as room:
        with peer(room, "alice") as alice:
            room.out.until("alice joined")
            alice.socket.close()
            room.out.until("alice left")
        with peer(room, "bob") as bob:
            bob.reset()
            room.out.until("bob left")
        with peer(room, "carol") as carol:
            carol.socket.shutdown(1)
            assert carol.closing().code == 1000
            room.out.until("carol left")


def test_a_thousand_browsers_get_a_batch() -> None:
    let_open(2200)
    with (
        WebProgram("--quiet", "--rate", "0") as room,
        contextlib.ExitStack() as crowd,
        selectors.DefaultSelector() as selector,
    ):
        peers = [crowd.enter_context(WebPeer(room.web_port)) for _ in range(1000)]
        for number, each in enumerate(peers):
            each.tell("hello", v=1, name=f"peer{number}", history=0)
            assert each.event()["type"] == "welcome"
        for number in range(1, 11):
            peers[0].say(f"word {number}")
        missing = dict.fromkeys(peers, b"")
        for each in peers:
            each.socket.setblocking(False)
            selector.register(each.socket, selectors.EVENT_READ, each)
        deadline = time.monotonic() + seconds(PATIENCE)
        while missing:
            assert time.monotonic() < deadline
            for key, _ in selector.select(1):
                missing[key.data] += key.data.socket.recv(1 << 16)
                if b"word 10" in missing[key.data]:
                    words = missing.pop(key.data).count(b'"text":"word ')
                    assert words == 10
                    selector.unregister(key.fileobj)


@contextlib.asynccontextmanager
async def running(limits: Limits) -> AsyncIterator[int]:
    """Run a server with a web port, and yield that."""
    listeners, web = listen(["127.0.0.1"], 0), listen(["127.0.0.1"], 0)
    stop = asyncio.Event()
    task = asyncio.create_task(Server(listeners, limits, web=WebPort(web, Trust())).run(stop))
    try:
        yield of_socket(web[0]).port
    finally:
        stop.set()
        await asyncio.wait_for(task, seconds(PATIENCE))


async def opened(port: int, name: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Return a WebSocket that has said hello."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        + frame(TEXT, event("hello", v=1, name=name))
    )
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def test_a_visit_leaves_nothing_for_the_garbage_collector() -> None:
    async with running(Limits()) as port:
        gc.collect()
        gc.disable()
        try:
            ends = [frame(CLOSE, b"\x03\xe8"), frame(TEXT, b"\xff"), b"\xff\xff", b"", None]
            for number in range(50):
                reader, writer = await opened(port, f"peer{number}")
                await reader.readuntil(b"welcome")
                end = ends[number % len(ends)]
                if end is None:
                    writer.transport.abort()
                else:
                    writer.write(end)
                    writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /ws HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\nGET x\r\n\r\n")
            await reader.readuntil(b" 400 ")
            writer.close()
            async with asyncio.timeout(seconds(PATIENCE)):
                while [kept for kept in gc.get_objects() if isinstance(kept, Connection | Protocol)]:  # noqa: ASYNC110
                    await asyncio.sleep(0)
        finally:
            gc.enable()


async def test_a_silent_browser_gets_two_pings_and_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "PING_AFTER", 0.1)
    async with running(Limits()) as port:
        reader, writer = await opened(port, "alice")
        got = b""
        async with asyncio.timeout(seconds(PATIENCE)):
            with contextlib.suppress(ConnectionResetError):
                while more := await reader.read(1 << 16):
                    got += more
        assert got.count(b'{"type":"ping"}') == 2
        writer.close()


async def test_a_browser_that_answers_pings_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "PING_AFTER", 0.05)
    async with running(Limits()) as port:
        reader, writer = await opened(port, "alice")
        for _ in range(6):
            await reader.readuntil(b'{"type":"ping"}\n')
            writer.write(frame(TEXT, event("pong")))
        writer.close()


def test_a_full_chat_refuses_a_websocket_too() -> None:
    with WebProgram("--max-connections", "1") as room, Web(room.web_port) as first, Web(room.web_port) as second:
        assert first.upgrade().status == 101
        assert second.upgrade().status == 503
