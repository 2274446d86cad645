"""`asyncchat.connect`, as a program uses it."""

import asyncio
import itertools
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

import pytest

import asyncchat
from asyncchat import Chat, ChatError, Disconnected, NameRefused, Refusal, events
from asyncchat.aio import chat as module
from asyncchat.aio import event_queue
from asyncchat.aio.link import growing_pauses
from asyncchat.limits import Limits
from asyncchat.system.addresses import Address
from tests.aio.test_server import running
from tests.programs import ASK_NAME, PATIENCE, ServeProgram, seconds, until
from tests.proxy import bad_network

T = TypeVar("T")


async def next_of(chat: Chat, kind: type[T]) -> T:
    """Return the next event of that kind."""
    async with asyncio.timeout(seconds(PATIENCE)):
        async for event in chat:
            if isinstance(event, kind):
                return event
    raise AssertionError(f"the chat has ended without a {kind.__name__}")


async def test_say_returns_the_number_of_the_message_and_everybody_gets_it(room: ServeProgram) -> None:
    async with (
        asyncchat.connect(room.address, name="alice") as alice,
        asyncchat.connect(room.address, name="bob") as bob,
    ):
        assert [await alice.say("one"), await bob.say("two")] == [1, 2]
        heard = await next_of(bob, events.Message)
        assert (heard.seq, heard.sender, heard.text) == (1, "alice", "one")


async def test_the_answer_to_a_command_is_a_notice_and_its_ack_has_no_number(room: ServeProgram) -> None:
    async with asyncchat.connect(room.address, name="alice") as alice:
        assert await alice.say("/list") is None
        assert await next_of(alice, events.Notice) == events.Notice("no one online")


async def test_what_the_server_does_not_take_is_raised_with_its_code(room: ServeProgram) -> None:
    async with asyncchat.connect(room.address, name="alice") as alice:
        with pytest.raises(Refusal) as refused:
            await alice.say("/nonsense")
        assert refused.value.code == "unknown-command"
        with pytest.raises(Refusal) as refused:
            await alice.say("x" * 5000)
        assert refused.value.code == "too-long"
        assert await alice.say("hello") == 1


async def test_many_who_say_something_at_once_each_get_their_number(room: ServeProgram) -> None:
    async with asyncchat.connect(room.address, name="alice") as alice:
        numbers = await asyncio.gather(*(alice.say(f"line {number}") for number in range(500)))
        assert numbers == list(range(1, 501))


async def test_whoever_gives_up_waiting_leaves_the_others_theirs(room: ServeProgram) -> None:
    async with asyncchat.connect(room.address, name="alice") as alice:
        given_up = asyncio.create_task(alice.say("one"))
        await asyncio.sleep(0)
        given_up.cancel()
        assert await alice.say("two") == 2


async def test_say_is_answered_though_nobody_reads_what_happens(
    room: ServeProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_queue, "MOST_EVENTS", 10)
    async with asyncchat.connect(room.address, name="alice") as alice:
        for number in range(100):
            assert await alice.say("hello") == number + 1


async def test_a_flood_that_nobody_reads_waits_at_the_server_and_not_in_memory(
    room: ServeProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_queue, "MOST_EVENTS", 10)
    async with (
        asyncchat.connect(room.address, name="alice") as alice,
        asyncchat.connect(room.address, name="bob") as bob,
    ):
        await asyncio.gather(*(alice.say(f"{number} {'x' * 300}") for number in range(2000)))
        assert len(await bob.batch()) < 1000
        numbers: list[int] = []
        while not numbers or numbers[-1] < 1999:
            heard = await next_of(bob, events.Message)
            numbers.append(int(heard.text.split()[0]))
        assert numbers == list(range(numbers[0], 2000))


async def test_leaving_is_leaving_for_everybody(room: ServeProgram) -> None:
    async with asyncchat.connect(room.address, name="alice") as alice:
        await alice.say("bye")
    assert room.out.until("left") == ["alice joined", "alice sent bye", "alice left"]


async def test_what_happened_before_one_left_can_still_be_read(room: ServeProgram) -> None:
    async with asyncchat.connect(room.address, name="alice") as alice:
        await alice.say("hello")
        await alice.leave()
        kinds = [type(event).__name__ for event in [event async for event in alice]]
    assert kinds[:4] == ["Welcome", "Joined", "Message", "Ack"]


async def test_exit_ends_the_events(room: ServeProgram) -> None:
    async with asyncchat.connect(room.address, name="alice") as alice:
        alice.post("/exit")
        assert events.Ack(1) in [event async for event in alice]


async def test_a_name_that_is_taken_is_raised(room: ServeProgram) -> None:
    with room.join("alice"), pytest.raises(NameRefused, match="alice: this name is already taken!"):
        async with asyncchat.connect(room.address, name="alice"):
            pass


def test_a_name_that_can_never_be_used_is_raised_before_anything_is_connected() -> None:
    with pytest.raises(NameRefused):
        asyncchat.connect("127.0.0.1:1", name="no name")


@pytest.mark.parametrize("address", ["127.0.0.1:99999", "127.0.0.1:x", ""])
def test_an_address_that_is_none_is_a_value_error(address: str) -> None:
    with pytest.raises(ValueError, match=r"port|address|host"):
        asyncchat.connect(address, name="alice")


async def test_no_server_is_an_error_at_once() -> None:
    async with running(Limits()) as port:
        pass
    with pytest.raises(ChatError, match="refused"):
        async with asyncchat.connect(f"127.0.0.1:{port}", name="alice"):
            pass


# Servers that are none, or not for long.


@asynccontextmanager
async def served_by(*answers: bytes, silent: bool = False) -> AsyncIterator[str]:
    """Say `answers` to whoever connects, each after a line from there; then hang up, or be `silent`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for answer in answers:
                writer.write(answer)
                if answer != answers[-1]:
                    await reader.readline()
            if silent:
                await reader.read()
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield "{}:{}".format(*server.sockets[0].getsockname())
    finally:
        server.close()


QUESTION = f"{ASK_NAME}\n".encode()
WELCOME = events.lines([events.Welcome("alice", "t", "e", 0, 1, 99, resumed=False)])


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
async def test_a_server_that_lets_nobody_in_is_an_error_that_says_why(
    answers: tuple[bytes, ...], silent: bool, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "does not answer" in reason:
        monkeypatch.setattr(module, "WELCOME_TIMEOUT", 0.2)
    async with served_by(*answers, silent=silent) as address:
        with pytest.raises(ChatError, match=reason):
            async with asyncchat.connect(address, name="alice"):
                pass


async def test_a_connection_that_is_lost_is_told_and_made_again(room: ServeProgram) -> None:
    async with (
        bad_network(room.port) as network,
        Chat(Address("127.0.0.1", network.port), "alice", pauses=lambda: itertools.repeat(0.0)) as alice,
    ):
        welcome = await next_of(alice, events.Welcome)
        await network.end()
        lost = await next_of(alice, Disconnected)
        again = await next_of(alice, events.Welcome)
        assert (lost.pause, bool(lost.text)) == (0.0, True)
        assert (welcome.resumed, again.resumed, again.name) == (False, True, "alice")


async def test_what_waits_for_a_connection_at_the_end_is_an_error() -> None:
    async with running(Limits()) as port:
        alice = await asyncchat.connect(f"127.0.0.1:{port}", name="alice").__aenter__()
    await next_of(alice, Disconnected)
    waiting = asyncio.create_task(alice.say("hello"))
    await asyncio.sleep(0)
    assert alice.pending == ["hello"]
    await alice.leave()
    with pytest.raises(ChatError, match="the chat has ended before the server answered"):
        await waiting


async def test_nothing_can_be_said_when_the_chat_has_ended(room: ServeProgram) -> None:
    async with asyncchat.connect(room.address, name="alice") as alice:
        await alice.say("/exit")
        assert [event async for event in alice]
        with pytest.raises(ChatError, match="the chat has ended"):
            await alice.say("hello?")
    with pytest.raises(ChatError, match="the chat has ended"):
        alice.post("hello?")


async def test_leaving_a_server_that_has_just_gone_is_no_error() -> None:
    for _ in range(20):
        async with served_by(QUESTION, WELCOME) as address:
            async with asyncchat.connect(address, name="alice") as alice:
                await next_of(alice, events.Welcome)
                alice.post("hello")  # which makes the other side hang up
                await asyncio.sleep(0)
            assert alice._task
            assert alice._task.done()


async def test_the_reason_of_a_loss_is_not_that_of_the_one_before_and_no_answer_to_a_command() -> None:
    answer = events.lines([events.Notice("no one online")])
    async with served_by(QUESTION, WELCOME + answer) as address:
        host, _, port = address.rpartition(":")
        async with Chat(Address(host, int(port)), "alice", pauses=lambda: itertools.repeat(0.0)) as alice:
            alice._last_words = "the chat is closing. Goodbye!"
            await next_of(alice, Disconnected)
            assert (await next_of(alice, Disconnected)).text == "the server closed the connection"


async def test_tries_to_come_back_leave_no_threads() -> None:
    async with running(Limits()) as port:
        chat = Chat(Address("127.0.0.1", port), "alice", pauses=lambda: itertools.repeat(0.0))
        await chat.__aenter__()
    for _ in range(50):
        await next_of(chat, Disconnected)
    await chat.leave()
    until(lambda: not [thread for thread in threading.enumerate() if thread.name == "resolver"])


def test_pauses_grow_to_half_a_minute_and_are_not_the_same_for_everybody() -> None:
    pauses = list(itertools.islice(growing_pauses(), 100))
    assert 1 <= pauses[0] <= 2
    assert 15 <= min(pauses[10:]) <= max(pauses) <= 30
    assert len(set(pauses)) > 90
