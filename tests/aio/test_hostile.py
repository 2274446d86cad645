"""The client that reconnects, and a server that means no good, or none at all."""

import asyncio
import itertools
import threading
from collections.abc import Callable, Iterator

import pytest

from asyncchat.aio.client import listening
from asyncchat.aio.client.event_queue import Disconnected
from asyncchat.aio.client.link import growing_pauses
from asyncchat.aio.client.reconnecting import ReconnectingClient
from asyncchat.client import outbox
from asyncchat.errors import ChatClosed, ConnectError, UsageError
from asyncchat.formats import events
from asyncchat.system.addresses import Address
from tests.hostile import HostileServer, Victim, message
from tests.programs import PATIENCE, seconds

MEGABYTE = 1 << 20


def alice_at(server: HostileServer, pauses: Callable[[], Iterator[float]] = growing_pauses) -> ReconnectingClient:
    host, _, port = server.address.rpartition(":")
    return ReconnectingClient(Address(host, int(port)), "alice", pauses=pauses)


def silent(victim: Victim) -> None:
    """Let somebody in, and say nothing more."""
    victim.let_in(max_line=MEGABYTE)
    victim.wait_for_end()


async def test_say_waits_while_much_waits_for_a_server_that_acknowledges_nothing() -> None:
    with HostileServer(silent) as server:
        async with alice_at(server) as alice:
            saying = [asyncio.create_task(alice.say(f"{number} {'x' * 100_000}")) for number in range(200)]
            await asyncio.sleep(0.1)
            waiting = [text.split()[0] for text in alice.pending]
            assert waiting == [str(number) for number in range(len(waiting))]
            assert 0 < 100_000 * len(waiting) < outbox.MOST_WAITING + 200_000
            assert not any(said.done() for said in saying)
        with pytest.raises(ChatClosed, match="the chat has ended"):
            await saying[0]
        with pytest.raises(ChatClosed, match="the chat has ended"):
            await saying[-1]
        await asyncio.gather(*saying, return_exceptions=True)


async def test_those_who_wait_for_room_go_on_before_who_comes_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "MOST_WAITING", 1000)
    said: list[str] = []

    def attack(victim: Victim) -> None:
        victim.let_in()
        for number in range(1, 22):
            said.append(victim.line())
            victim.tell("ack", id=number, seq=number)
        victim.wait_for_end()

    with HostileServer(attack) as server:
        async with alice_at(server) as alice:

            async def say_twice() -> None:
                assert await alice.say(f"line 00 {'x' * 300}") == 1
                assert await alice.say("line 20") == 21

            others = (alice.say(f"line {number:02} {'x' * 300}") for number in range(1, 20))
            _, *numbers = await asyncio.gather(say_twice(), *others)
            assert numbers == list(range(2, 21))
    assert [line.partition('"line ')[2][:2] for line in said] == [f"{number:02}" for number in range(21)]


async def test_what_is_posted_is_refused_while_much_waits() -> None:
    with HostileServer(silent) as server:
        async with alice_at(server) as alice:
            idents = [alice.post("x" * 100_000) for _ in range(100)]
            refused = [event.id for event in await alice.batch() if isinstance(event, events.Refused)]
            assert refused == idents[-len(refused) :]
            assert 40 < len(refused) < 80


async def test_who_waits_for_an_answer_behind_events_that_are_not_read_hears_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(events, "PING_AFTER", 0.2)

    def attack(victim: Victim) -> None:
        victim.let_in()
        victim.flood(message("x" * 900_000) + b"\n", 100 * MEGABYTE)
        victim.wait_for_end()

    with HostileServer(attack) as server:
        async with alice_at(server) as alice:
            await alice.batch()
            with pytest.raises(UsageError, match="events that this program does not read"):
                await alice.say("hello")


@pytest.mark.parametrize("line", ["Server: one moment", '{"type":"notice","text":"one moment"}', '{"type":"ping"}'])
async def test_a_server_that_says_everything_but_welcome_is_given_up(
    line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "WELCOME_TIMEOUT", 0.3)
    ended = threading.Event()

    def attack(victim: Victim) -> None:
        if line.startswith("{"):
            victim.ask_name()
        while not ended.wait(0.01):
            victim.say(line)

    with HostileServer(attack) as server:
        try:
            async with asyncio.timeout(seconds(PATIENCE)):
                with pytest.raises(ConnectError, match="the server does not answer"):
                    await alice_at(server).connect()
        finally:
            ended.set()


async def test_a_server_that_says_too_much_before_it_lets_one_in_is_given_up() -> None:
    def attack(victim: Victim) -> None:
        victim.flood(b"Server: one moment\n" * 1000, 100 * MEGABYTE)

    with HostileServer(attack) as server, pytest.raises(ConnectError, match="too much before it lets us in"):
        await alice_at(server).connect()


async def test_a_server_that_lets_one_in_only_to_end_at_once_is_tried_less_and_less_often() -> None:
    begun = 0

    def pauses() -> Iterator[float]:
        nonlocal begun
        begun += 1
        return itertools.repeat(0.0)

    with HostileServer(lambda victim: victim.let_in()) as server:
        async with alice_at(server, pauses) as alice:
            lost = 0
            while lost < 5:
                lost += isinstance(await anext(alice), Disconnected)
    assert begun == 1
