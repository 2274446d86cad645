"""`python -m tests.schedule [--minutes N]`: whether a chat of three servers survives what happens to servers.

Thirty clients write numbered messages, while servers are killed and frozen, connections to the database are broken and
cut, and the database is stopped at once and started again. At the end each message that was acknowledged must be stored
once, each that was refused never, the numbers must be whole, and all clients must have seen the same.
"""

import argparse
import asyncio
import contextlib
import itertools
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator

import asyncchat
from asyncchat.api.chat import Chat
from asyncchat.errors import Refusal
from asyncchat.events import Gap, Message
from tests.cut import Cut
from tests.postgres import Database, database
from tests.programs import ADMIN, ServeProgram

CLIENTS = 30
PAUSE = 0.5
"""Seconds between two messages of a client."""

SETTLE = 30.0
"""Seconds in which all must be answered and seen at the end."""


class Server:
    """A server that is started again on the same port."""

    def __init__(self, url: str, port: int = 0) -> None:
        self._url = url
        self._how = ("--store", url, "--rate", "0", "--max-per-address", "0", "--history", "1000", "--replay", "100000")
        self.program = self._start(port)
        self.port = self.program.port

    def _start(self, port: int) -> ServeProgram:
        given = ("--port", str(port)) if port else ()
        return ServeProgram(*self._how, *given, environment={"ASYNCCHAT_ADMIN_PASSWORD": ADMIN})

    def kill(self) -> None:
        self.program.process.kill()
        self.program.process.wait()
        with contextlib.suppress(OSError):
            self.program.__exit__(None, None, None)

    def start(self) -> None:
        self.program = self._start(self.port)
        assert self.program.port == self.port


class Client:
    """Somebody who writes numbered messages.

    stored, refused: the texts that were acknowledged, with their numbers, and those that were not
    seen: all messages, by their numbers
    """

    def __init__(self, name: str, servers: str, may_leave: asyncio.Event) -> None:
        self.name = name
        self.may_leave = may_leave
        self._servers = servers
        self._numbers = itertools.count(1)
        self.stored: dict[str, int] = {}
        self.refused: Counter[str] = Counter()
        self.seen: dict[int, str] = {}
        self.faults: list[str] = []
        self.lost: list[str] = []
        self.is_ending = self.has_written = False

    async def run(self) -> None:
        async with asyncchat.connect(self._servers, name=self.name) as chat:
            reading = asyncio.create_task(self._read(chat))
            async with asyncio.TaskGroup() as group:
                while not self.is_ending:
                    group.create_task(self._say(chat, f"{self.name} {next(self._numbers)}"))
                    await asyncio.sleep(random.uniform(0, 2 * PAUSE))
            self.has_written = True
            await self.may_leave.wait()
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _say(self, chat: Chat, text: str) -> None:
        try:
            number = await chat.send(text)
        except Refusal as refusal:
            self.refused[refusal.code] += 1
            if refusal.code != "not-kept":
                self.faults.append(f"{text}: {refusal.code}")
            self.lost.append(text)
        else:
            assert number is not None
            self.stored[text] = number

    async def _read(self, chat: Chat) -> None:
        async for event in chat:
            match event:
                case Message(seq=seq, text=text):
                    if seq in self.seen:
                        self.faults.append(f"{self.name} has seen {seq} twice")
                    self.seen[seq] = text
                case Gap():
                    self.faults.append(f"{self.name} has missed {event}")
                case _:
                    pass


async def _in_thread(act: Callable[[], object]) -> None:
    await asyncio.to_thread(act)


async def _harm(servers: list[Server], between: Cut, postgres: Database, url: str, until: float) -> Counter[str]:
    """Let one thing after the other happen; return what has."""
    done: Counter[str] = Counter()
    turns = itertools.cycle(range(len(servers)))
    acts = itertools.cycle(["kill", "backend", "freeze", "stop", "cut"])
    while time.monotonic() < until:
        act, server = next(acts), servers[next(turns)]
        done[act] += 1
        match act:
            case "kill":
                await _in_thread(server.kill)
                await asyncio.sleep(8)
                await _in_thread(server.start)
            case "backend":
                for _ in range(3):
                    await _in_thread(
                        lambda: postgres.sql(
                            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name ="
                            " 'asyncchat' AND pid != pg_backend_pid() ORDER BY random() LIMIT 2"
                        )
                    )
                    await asyncio.sleep(1)
            case "freeze":
                server.program.signal(signal.SIGSTOP)
                await asyncio.sleep(20)
                server.program.signal(signal.SIGCONT)
            case "stop":
                await _in_thread(postgres.stop)
                await asyncio.sleep(3)
                await _in_thread(postgres.start)
            case _:
                between.is_open = False
                await asyncio.sleep(10)
                between.is_open = True
        await asyncio.sleep(3)
    return done


async def run(minutes: float, postgres: Database) -> list[str]:
    """Run the schedule; return what is wrong."""
    url = await asyncio.to_thread(postgres.make)
    between = Cut(postgres.port)
    through = url.replace(f":{postgres.port}/", f":{between.port}/")
    servers = [Server(url), Server(url), Server(through)]
    addresses = [f"127.0.0.1:{server.port}" for server in servers]
    clients = []
    leave = asyncio.Event()
    for number in range(CLIENTS):
        order = addresses[number % 3 :] + addresses[: number % 3]
        clients.append(Client(f"client{number}", ",".join(order), leave))
    tasks = [asyncio.create_task(client.run()) for client in clients]
    try:
        done = await _harm(servers, between, postgres, url, time.monotonic() + 60 * minutes)
        for client in clients:
            client.is_ending = True
        deadline = time.monotonic() + SETTLE
        kept: list[tuple[int, str]] = []
        while time.monotonic() < deadline:
            await asyncio.sleep(0.5)
            if failed := [task for task in tasks if task.done() and task.exception()]:
                return [f"a client has ended: {failed[0].exception()!r}"]
            kept = await asyncio.to_thread(postgres.sql, "SELECT seq, text FROM messages ORDER BY seq", url=url)
            if all(client.has_written and len(client.seen) == len(kept) for client in clients):
                break
        print(f"{dict(done)}; {len(kept)} messages stored", file=sys.stderr)
        return list(_wrong(clients, kept))
    finally:
        leave.set()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for server in servers:
            await _in_thread(server.kill)
        between.close()


def _wrong(clients: list[Client], kept: list[tuple[int, str]]) -> Iterator[str]:
    texts = Counter(text for _, text in kept)
    numbers = {text: seq for seq, text in kept}
    refused = sum((client.refused for client in clients), Counter[str]())
    print(f"{sum(len(client.stored) for client in clients)} acknowledged, refused: {dict(refused)}", file=sys.stderr)
    if [seq for seq, _ in kept] != list(range(1, len(kept) + 1)):
        yield "the numbers have a gap"
    for text, count in texts.items():
        if count > 1:
            yield f"{text} is stored {count} times"
    for client in clients:
        yield from client.faults
        for text, number in client.stored.items():
            if numbers.get(text) != number:
                yield f"{text} was acknowledged as {number}, and is {numbers.get(text)}"
        for text in client.lost:
            if text in texts:
                yield f"{text} was refused, and is stored"
        if client.seen != dict(kept):
            missing = sorted({seq for seq, _ in kept} - client.seen.keys())
            yield f"{client.name} has seen {len(client.seen)} of {len(kept)} messages; missing: {missing[:10]}"


def main() -> int:
    """Run it; return 1 if something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.schedule")
    parser.add_argument("--minutes", type=float, default=3)
    options = parser.parse_args()
    with database() as postgres:
        wrong = asyncio.run(run(options.minutes, postgres))
    for line in wrong[:50]:
        print(line, file=sys.stderr)
    print(f"{len(wrong)} faults", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
