"""The client that reconnects, as the clients of the project use it."""

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

import pytest

from asyncchat.aio.client import event_queue, listening
from asyncchat.aio.client.event_queue import Disconnected
from asyncchat.aio.client.link import growing_pauses
from asyncchat.aio.client.reconnecting import ReconnectingClient
from asyncchat.aio.client.servers import Servers
from asyncchat.errors import ChatClosed, ConnectError
from asyncchat.formats import codec, events
from asyncchat.limits import Limits
from asyncchat.system.addresses import Address
from tests.aio.test_server import running
from tests.programs import ASK_NAME, PATIENCE, ServeProgram, seconds, until
from tests.proxy import bad_network

T = TypeVar("T")


def client(port: int, name: str = "alice") -> ReconnectingClient:
    """Return a client that reconnects at once."""
    return ReconnectingClient(Address("127.0.0.1", port), name, pauses=lambda: itertools.repeat(0.0))


async def next_of(client: ReconnectingClient, kind: type[T]) -> T:
    """Return the next event of that kind."""
    async with asyncio.timeout(seconds(PATIENCE)):
        async for event in client:
            if isinstance(event, kind):
                return event
    raise AssertionError(f"the chat has ended without a {kind.__name__}")


async def test_a_flood_that_is_not_read_waits_at_the_server_and_not_in_memory(
    room: ServeProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_queue, "MOST_EVENTS", 10)
    async with client(room.port) as alice, client(room.port, "bob") as bob:
        await asyncio.gather(*(alice.say(f"{number} {'x' * 300}") for number in range(2000)))
        assert len(await bob.batch()) < 1000
        numbers: list[int] = []
        while not numbers or numbers[-1] < 1999:
            heard = await next_of(bob, events.Message)
            numbers.append(int(heard.text.split()[0]))
        assert numbers == list(range(numbers[0], 2000))


# Servers that are none, or not for long.


@asynccontextmanager
async def served_by(*answers: bytes, silent: bool = False, first: bytes = b"") -> AsyncIterator[int]:
    """Send `answers` to each client, each after a line from there; then hang up, or be `silent`; yield the port.

    `first`: what only the first client gets, at the end.
    """
    lasts = iter([first])

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for answer in answers:
                writer.write(answer)
                if answer != answers[-1]:
                    await reader.readline()
            writer.write(next(lasts, b""))
            if silent:
                await reader.read()
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


QUESTION = f"{ASK_NAME}\n".encode()
WELCOME = codec.lines([events.Welcome("alice", "t", "e", 0, 1, 99, resumed=False)])


@pytest.mark.parametrize(
    ("answers", "silent", "reason"),
    [
        ((), True, "does not let us in: the server does not answer"),
        ((QUESTION,), True, "does not let us in: the server does not answer"),
        ((QUESTION,), False, "does not let us in: the server closed the connection"),
        ((QUESTION, b"Server: this name can't be used\n"), True, "understands plain text only"),
        ((b"Server: the chat is full, try again later.\n",), False, "the chat is full, try again later."),
        ((QUESTION, b'{"type":"error","code":"version","text":"I am too old"}\n'), True, "I am too old"),
        ((QUESTION, b'{"type":"bye","text":"not today"}\n'), False, "not today"),
    ],
)
async def test_a_server_that_lets_no_user_in_is_an_error_that_says_why(
    answers: tuple[bytes, ...], silent: bool, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "does not answer" in reason:
        monkeypatch.setattr(listening, "WELCOME_TIMEOUT", 0.2)
    async with served_by(*answers, silent=silent) as port:
        with pytest.raises(ConnectError, match=reason):
            await client(port).connect()


@pytest.mark.parametrize(
    ("answer", "silent", "reason"),
    [
        (b'{"type":"bye","text":"the chat is closing. Goodbye!"}\n', False, "the chat is closing"),
        (b"", False, "the server closed the connection"),
        (b"", True, "the server does not answer"),
    ],
)
async def test_a_server_that_asks_for_a_name_and_lets_nobody_in_is_passed_over(
    answer: bytes, silent: bool, reason: str, room: ServeProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "WELCOME_TIMEOUT", 1.0)
    async with served_by(QUESTION, answer, silent=silent) as one, served_by(QUESTION, answer, silent=silent) as other:
        places = [Address("127.0.0.1", port) for port in (one, other, room.port)]
        async with ReconnectingClient(Servers(places), "alice") as alice:
            assert alice.address.port == room.port
        with pytest.raises(ConnectError) as refused:
            await ReconnectingClient(Servers(places[:2]), "alice").connect()
    said = str(refused.value)
    assert all(f"{place}: {reason}" in said for place in places[:2])


async def test_a_connection_that_is_lost_is_told_and_made_again(room: ServeProgram) -> None:
    async with bad_network(room.port) as network, client(network.port) as alice:
        welcome = await next_of(alice, events.Welcome)
        await network.end()
        lost = await next_of(alice, Disconnected)
        again = await next_of(alice, events.Welcome)
        assert (lost.pause, bool(lost.text)) == (0.0, True)
        assert (welcome.resumed, again.resumed, again.name) == (False, True, "alice")


async def test_what_waits_for_a_connection_at_the_end_is_an_error() -> None:
    async with running(Limits()) as port:
        alice = client(port)
        await alice.connect()
    await next_of(alice, Disconnected)
    waiting = asyncio.create_task(alice.say("hello"))
    await asyncio.sleep(0)
    assert alice.pending == ["hello"]
    await alice.leave()
    with pytest.raises(ChatClosed, match="the chat has ended: it is not known whether the server has this"):
        await waiting


async def test_leaving_a_server_that_has_just_gone_is_no_error() -> None:
    for _ in range(20):
        async with served_by(QUESTION, WELCOME) as port:
            async with client(port) as alice:
                await next_of(alice, events.Welcome)
                alice.post("hello")  # which makes the other side hang up
                await asyncio.sleep(0)
            assert alice.has_ended


async def test_the_reason_of_a_loss_is_not_that_of_the_one_before_and_no_answer_to_a_command() -> None:
    answer, goodbye = codec.lines([events.Notice("no one online")]), codec.lines([events.Bye("Goodbye!")])
    async with served_by(QUESTION, WELCOME + answer, first=goodbye) as port, client(port) as alice:
        lost = [(await next_of(alice, Disconnected)).text for _ in range(2)]
    assert lost == ["Goodbye!", "the server closed the connection"]


async def test_tries_to_reconnect_leave_no_threads() -> None:
    async with running(Limits()) as port:
        chat = client(port)
        await chat.connect()
    for _ in range(50):
        await next_of(chat, Disconnected)
    await chat.leave()
    until(lambda: not [thread for thread in threading.enumerate() if thread.name == "resolver"])


def test_pauses_grow_to_half_a_minute_and_are_not_the_same_for_all_clients() -> None:
    pauses = list(itertools.islice(growing_pauses(), 100))
    assert 1 <= pauses[0] <= 2
    assert 15 <= min(pauses[10:]) <= max(pauses) <= 30
    assert len(set(pauses)) > 90
