"""Whether a silent peer is still there."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from asyncchat.formats import events
from asyncchat.limits import Limits
from tests.aio.test_server import running
from tests.programs import ASK_NAME, seconds

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let silence begin soon. Peers and server share one loop, so a busy machine delays both sides alike."""
    monkeypatch.setattr(events, "PING_AFTER", 0.1)


@contextlib.asynccontextmanager
async def connected(port: int, *lines: str) -> AsyncIterator[Stream]:
    """Connect and send `lines`."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert await reader.readline() == f"{ASK_NAME}\n".encode()
    writer.writelines(f"{line}\n".encode() for line in lines)
    async with asyncio.timeout(seconds(20)):
        yield reader, writer
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def event(kind: str, **fields: object) -> str:
    return json.dumps({"type": kind} | fields)


HELLO = event("hello", v=1, name="alice")


async def until(reader: asyncio.StreamReader, kind: str) -> list[Any]:
    """Return the events up to the next one of this kind, or up to the end."""
    heard: list[Any] = []
    with contextlib.suppress(ConnectionResetError):
        while line := await reader.readline():
            heard.append(json.loads(line))
            if heard[-1]["type"] == kind:
                break
    return heard


async def test_a_silent_peer_gets_two_pings_and_is_cut_off(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    async with running(Limits()) as port, connected(port, HELLO) as (reader, _):
        heard = await until(reader, "the end")
        assert [told["type"] for told in heard] == ["welcome", "joined", "ping", "ping"]
        assert "(alice) is cut off: it answers no ping" in caplog.text


@pytest.mark.parametrize("answer", [event("pong"), event("ping"), event("say", id=1, text="/help"), "anything"])
async def test_a_silent_peer_that_answers_a_ping_in_any_way_stays(answer: str) -> None:
    async with running(Limits()) as port, connected(port, HELLO) as (reader, writer):
        for _ in range(5):
            assert (await until(reader, "ping"))[-1]["type"] == "ping"
            writer.write(f"{answer}\n".encode())
        writer.write(f"{event('say', id=2, text='hello')}\n".encode())
        assert (await until(reader, "ack"))[-1]["type"] == "ack"


async def test_a_peer_that_its_pace_holds_back_is_not_taken_for_silent() -> None:
    said = [event("say", id=number, text="hello") for number in range(20)]
    async with running(Limits(rate=20, burst=1)) as port, connected(port, HELLO) as (reader, writer):
        await until(reader, "joined")
        writer.writelines(f"{line}\n".encode() for line in said)
        for number in range(20):
            assert (await until(reader, "ack"))[-1] == {"type": "ack", "id": number, "seq": number + 1}


async def test_nobody_is_asked_who_has_not_said_hello_or_speaks_plain_text() -> None:
    async with (
        running(Limits()) as port,
        connected(port, event("pong")) as (nameless, says),
        connected(port, "bob") as (plain, types),
        connected(port, HELLO) as (silent, _),
    ):
        await until(silent, "the end")
        says.write(f"{event('ping')}\n".encode())
        types.write(b"hello\n")
        assert await nameless.readline() == b'{"type":"pong"}\n'
        assert await plain.readline() == b"bob: hello\n"
