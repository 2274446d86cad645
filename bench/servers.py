"""What several servers with one database cost: against a file, and three of them against one."""

import multiprocessing
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path

from tests.postgres import Database, database

from bench.joining import Crowd
from bench.load import Load
from bench.parts import crowded, flooded, paced_load
from bench.run import Run
from bench.targets import ASYNCCHAT, STORES, Server, Target, running


def _target(url: str) -> Target:
    def command(directory: Path, port: int) -> list[str]:
        return [*ASYNCCHAT.command(directory, port), "--store", url]

    return ASYNCCHAT._replace(name="asyncchat, PostgreSQL", command=command)


def servers(run: Run) -> None:
    """The flood with a file (full) and with PostgreSQL; the steady pace at one server, and at one of three."""
    peers, messages, seconds = (20, 200, 10.0) if run.short else (1000, 10**9, 4.0)
    paced_messages, rate = (50, 500.0) if run.short else (500, 50.0)
    with database() as postgres:
        for number in run.rounds:
            for target in (STORES[-1], _target("")):

                def flood(target: Target = target) -> dict[str, float]:
                    chosen = target if target in STORES else _target(postgres.make())
                    with crowded(chosen, peers) as (server, crowd):
                        return flooded(server, Load(crowd), messages, seconds)

                run.measure("servers", f"{peers} peers, flood", target, number, flood)
            for count in (1, 3):

                def pace(count: int = count) -> dict[str, float]:
                    with _together(postgres, count, peers) as (server, crowd):
                        return paced_load(server, Load(crowd), paced_messages, rate)

                run.measure("servers", f"{count} servers of {peers} peers, paced", _target(""), number, pace)


@contextmanager
def _together(postgres: Database, count: int, peers: int) -> Iterator[tuple[Server, Crowd]]:
    """Run several servers with one database, each with a crowd; return the first with its own."""
    target = _target(postgres.make())
    with ExitStack() as opened:
        started = [opened.enter_context(running(target)) for _ in range(count)]
        for index, server in enumerate(started[1:], 1):
            ready, end = multiprocessing.Event(), multiprocessing.Event()
            process = multiprocessing.Process(
                target=_listen, args=(server, peers, index * peers, ready, end), daemon=True
            )
            process.start()
            opened.callback(process.join)
            opened.callback(end.set)
            ready.wait(60)
        crowd = opened.enter_context(Crowd(started[0]))
        crowd.join(peers)
        crowd.settle()
        yield started[0], crowd


def _listen(server: Server, peers: int, first: int, ready: Event, end: Event) -> None:
    """Let peers join a server, and read what they get."""
    with Crowd(server, first=first) as crowd:
        crowd.join(peers)
        ready.set()
        while not end.is_set():
            for descriptor, _ in crowd.epoll.poll(0.2):
                crowd.by_descriptor[descriptor].sock.recv(1 << 16)
