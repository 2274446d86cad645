"""What is limited where passwords are hashed, inside one process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from asyncchat.aio.server.server import Server
from asyncchat.limits import Limits
from asyncchat.store import Retention, Store
from asyncchat.system import password_hash
from asyncchat.system.addresses import listen, of_socket
from tests.programs import ASK_NAME, PATIENCE, SECRET, seconds


class Visitor:
    """Somebody with nc."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def say(self, line: str) -> str:
        """Say something, and return the answer."""
        self._writer.write(f"{line}\n".encode())
        return (await self._reader.readline()).decode().strip().removeprefix("Server: ")

    async def leave(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


@contextlib.asynccontextmanager
async def visitors(path: Path, number: int, networks: int = 1) -> AsyncIterator[list[Visitor]]:
    """Run a server with a store, and yield visitors, in turn from so many addresses, who are asked for their names."""
    listeners = listen(["127.0.0.1"], 0)
    store = Store(
        str(path), durability="normal", keep=Retention(), recent=10, patience=2.0, admin_password=lambda _: "not a hash"
    )
    stop = asyncio.Event()
    task = asyncio.create_task(Server(listeners, Limits(drain_timeout=0.2), store=store).run(stop))
    some: list[Visitor] = []
    try:
        for index in range(number):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", of_socket(listeners[0]).port, local_addr=(f"127.0.0.{1 + index % networks}", 0)
            )
            some.append(Visitor(reader, writer))
            assert await reader.readline() == f"{ASK_NAME}\n".encode()
        yield some
    finally:
        for visitor in some:
            await visitor.leave()
        stop.set()
        await asyncio.wait_for(task, seconds(PATIENCE))
        store.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with little work."""
    monkeypatch.setattr(password_hash, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


async def test_a_system_without_memory_is_no_wrong_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with visitors(tmp_path / "chat.db", 3) as (alice, again, another):
        assert await alice.say(f"/registration alice {SECRET}") == "you are registered successfully!"
        starved = PasswordHasher(memory_cost=1 << 31, parallelism=1)
        kept = password_hash._HASHER
        monkeypatch.setattr(password_hash, "_HASHER", starved)
        refused = "the server has no memory for this now. Write it again in a minute."
        assert await another.say(f"/registration bob {SECRET}") == refused
        monkeypatch.setattr(password_hash, "_HASHER", kept)
        assert await another.say(f"/registration bob {SECRET}") == "you are registered successfully!"
        assert await again.say(f"/auth alice {SECRET}") == "you are authorized successfully!"


async def test_who_guesses_from_many_addresses_has_few_tries_and_keeps_no_owner_out(tmp_path: Path) -> None:
    async with visitors(tmp_path / "chat.db", 21, networks=20) as (owner, *some, again):
        assert await owner.say(f"/registration alice {SECRET}") == "you are registered successfully!"
        answers = [await visitor.say("/auth alice not-the-password") for visitor in some]
        assert answers == ["incorrect password!"] * 10 + ["too many tries. Wait a minute, then write it again."] * 9
        assert await again.say(f"/auth alice {SECRET}") == "you are authorized successfully!"
