"""A client on a bad network: it comes back, and no line is lost, repeated or out of order."""

import asyncio
import itertools
import random
from collections.abc import Iterator

import pytest

from asyncchat.aio.client.event_queue import Disconnected
from asyncchat.aio.client.reconnecting import ReconnectingClient
from asyncchat.formats import events
from asyncchat.system.addresses import Address
from tests.programs import PATIENCE, ServeProgram, seconds
from tests.proxy import bad_network

RUNS = 100
AT_ONCE = 25
SAYS = 12


def at_once() -> Iterator[float]:
    """Make the pauses before each try to come back short."""
    return itertools.repeat(0.001)


async def seen_until(chat: ReconnectingClient, last: str) -> list[events.FromServer | Disconnected]:
    """Return what happens up to a message that ends in `last`."""
    seen: list[events.FromServer | Disconnected] = []
    async for event in chat:
        seen.append(event)
        if isinstance(event, events.Message) and event.text.endswith(last):
            break
    return seen


def messages(seen: list[events.FromServer | Disconnected], run: str) -> list[tuple[int, str, str]]:
    return [
        (event.seq, event.sender, event.text)
        for event in seen
        if isinstance(event, events.Message) and event.text.startswith(run)
    ]


async def say_all(chat: ReconnectingClient, lines: list[str], chance: random.Random) -> list[int | None]:
    """Say some lines, now one after the other and now many at once; return their numbers."""
    receipts = []
    for line in lines:
        receipts.append(asyncio.create_task(chat.say(line)))
        if chance.random() < 0.5:
            await receipts[-1]
    return await asyncio.gather(*receipts)


async def converse_on_a_bad_network(room: ServeProgram, seed: int) -> int:
    """Let two people talk, and somebody on a good network watch; return how many connections broke."""
    chance = random.Random(seed)
    run = f"run {seed}:"
    names = [f"alice{seed}", f"bob{seed}"]
    async with (
        bad_network(room.port, seed) as proxy,
        ReconnectingClient(Address("127.0.0.1", room.port), f"watcher{seed}") as watcher,
        ReconnectingClient(Address("127.0.0.1", proxy.port), names[0], pauses=at_once) as alice,
        ReconnectingClient(Address("127.0.0.1", proxy.port), names[1], pauses=at_once) as bob,
    ):
        reading = [asyncio.create_task(seen_until(chat, f"{run} the end")) for chat in (watcher, alice, bob)]
        proxy.breaks = chance.randint(1, 8)
        lines = [[f"{run} {name} {number}" for number in range(SAYS)] for name in names]
        sequences = await asyncio.gather(say_all(alice, lines[0], chance), say_all(bob, lines[1], chance))
        proxy.breaks = 0
        await watcher.say(f"{run} the end")
        seen, *others = await asyncio.gather(*reading)

        kept = messages(seen, run)
        for name, said, numbers in zip(names, lines, sequences, strict=True):
            assert [text for _, sender, text in kept if sender == name] == said
            assert [seq for seq, sender, _ in kept if sender == name] == numbers
        for other in others:
            assert messages(other, run) == kept
            assert not [event for event in other if isinstance(event, events.Gap | events.Error | events.Refused)]
        return proxy.broken


@pytest.mark.parametrize("first", range(0, RUNS, AT_ONCE))
async def test_whatever_breaks_each_line_is_posted_once_and_each_message_shown_once_in_order(
    room: ServeProgram, first: int
) -> None:
    async with asyncio.timeout(seconds(PATIENCE)):
        broken = [await converse_on_a_bad_network(room, seed) for seed in range(first, first + AT_ONCE)]
    assert sum(broken) > AT_ONCE, "the network was not bad"


async def test_a_network_that_falls_silent_is_noticed_and_the_name_taken_back_from_the_dead_connection(
    room: ServeProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "PING_AFTER", 0.1)
    async with (
        asyncio.timeout(seconds(PATIENCE)),
        bad_network(room.port) as proxy,
        ReconnectingClient(Address("127.0.0.1", proxy.port), "alice", pauses=at_once) as alice,
    ):
        proxy.hold()
        said = asyncio.create_task(alice.say("still here"))
        lost = [event async for event in _until_lost(alice)][-1]
        assert isinstance(lost, Disconnected)
        assert lost.text == "the server does not answer"
        proxy.flow()
        assert await said == 1
        assert alice.name == "alice"
        assert messages(await seen_until(alice, "here"), "") == [(1, "alice", "still here")]


async def _until_lost(chat: ReconnectingClient):  # type: ignore[no-untyped-def]  # noqa: ANN202
    async for event in chat:
        yield event
        if isinstance(event, Disconnected):
            return
