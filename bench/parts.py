"""What is measured on a crowd of which everybody behaves: flood, paced, many."""

import time
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench.joining import Crowd
from bench.load import Load
from bench.machine import cpu_seconds, file_limit, memory
from bench.run import Run
from bench.targets import ASYNCCHAT, ASYNCCHAT_TLS, LINES, STORES, WEBSOCKETS, Server, Target, running

COST = "deliveries/CPU s"
_SPARE_FILES = 100


@contextmanager
def crowded(target: Target, peers: int, more: Sequence[str] = ()) -> Iterator[tuple[Server, Crowd]]:
    """Run a target, with `more` arguments, and let so many peers join it."""
    with running(target, more) as server, Crowd(server) as crowd:
        crowd.join(peers)
        crowd.settle()
        yield server, crowd


def percentile(values: "array[float]", percent: float) -> float:
    """Return the value that so many percent of the values do not exceed, in milliseconds if they are seconds."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * percent / 100), len(ordered) - 1)] * 1000


def flood(run: Run) -> None:
    """Ten senders keep twenty messages unanswered, each, at 100 and at 1000 peers."""
    messages, seconds = (200, 10.0) if run.short else (10**9, 4.0)
    for number in run.rounds:
        for peers in (20,) if run.short else (100, 1000):
            for target in run.targets:
                if peers <= target.most:

                    def measure(target: Target = target, peers: int = peers) -> dict[str, float]:
                        with crowded(target, peers) as (server, crowd):
                            return flooded(server, Load(crowd), messages, seconds)

                    run.measure("flood", f"{peers} peers", target, number, measure)


def flooded(server: Server, load: Load, messages: int, seconds: float) -> dict[str, float]:
    """Flood; return what that cost the server."""
    before, start, own = cpu_seconds(server.pid), time.perf_counter(), time.process_time()
    load.flood(messages, seconds)
    wall, own, cpu = time.perf_counter() - start, time.process_time() - own, cpu_seconds(server.pid) - before
    load.verify()
    return {
        COST: load.deliveries / cpu,
        "deliveries": load.deliveries,
        "CPU s": cpu,
        "wall s": wall,
        "load generator CPU s": own,
    }


def paced(run: Run) -> None:
    """Fifty messages a second in all, at 1000 peers: what the server needs, and how long a delivery takes."""
    peers, messages, rate = (20, 50, 500.0) if run.short else (1000, 500, 50.0)
    for number in run.rounds:
        for target in run.targets:
            if peers <= target.most:

                def measure(target: Target = target) -> dict[str, float]:
                    with crowded(target, peers) as (server, crowd):
                        return paced_load(server, Load(crowd), messages, rate)

                run.measure("paced", f"{peers} peers", target, number, measure)


def paced_load(server: Server, load: Load, messages: int, rate: float, at_once: int = 1) -> dict[str, float]:
    """Send at a steady pace; return what that cost the server, and how long the deliveries took."""
    before, start = cpu_seconds(server.pid), time.perf_counter()
    load.pace(messages, rate, at_once=at_once)
    wall, cpu = time.perf_counter() - start, cpu_seconds(server.pid) - before
    load.verify()
    return {
        "CPU s": cpu,
        "CPU %": 100 * cpu / wall,
        "p50 ms": percentile(load.latencies, 50),
        "p99 ms": percentile(load.latencies, 99),
        "deliveries": load.deliveries,
    }


def store(run: Run) -> None:
    """The flood and the steady pace with the conversation in memory, and in a file with either durability."""
    messages, seconds = (200, 10.0) if run.short else (10**9, 4.0)
    paced_messages, rate = (50, 500.0) if run.short else (500, 50.0)
    for number in run.rounds:
        for peers in (20,) if run.short else (100, 1000):
            for target in (ASYNCCHAT, *STORES):

                def flood(target: Target = target, peers: int = peers) -> dict[str, float]:
                    with crowded(target, peers) as (server, crowd):
                        return flooded(server, Load(crowd), messages, seconds)

                def pace(target: Target = target, peers: int = peers) -> dict[str, float]:
                    with crowded(target, peers) as (server, crowd):
                        return paced_load(server, Load(crowd), paced_messages, rate)

                run.measure("store", f"{peers} peers, flood", target, number, flood)
                run.measure("store", f"{peers} peers, paced", target, number, pace)


def web(run: Run) -> None:
    """The same events at 1000 peers in lines and in WebSocket frames: memory for each peer, a flood, a steady pace."""
    peers, messages, seconds = (40, 200, 10.0) if run.short else (1000, 10**9, 4.0)
    paced_messages, rate = (50, 500.0) if run.short else (500, 50.0)
    for number in run.rounds:
        for target in (LINES, WEBSOCKETS):

            def flood(target: Target = target) -> dict[str, float]:
                with running(target) as server, Crowd(server) as crowd:
                    empty = memory(server.pid)
                    crowd.join(peers)
                    crowd.settle()
                    full = memory(server.pid)
                    return {"bytes/peer": (full - empty) / peers, **flooded(server, Load(crowd), messages, seconds)}

            def pace(target: Target = target) -> dict[str, float]:
                with crowded(target, peers) as (server, crowd):
                    return paced_load(server, Load(crowd), paced_messages, rate)

            run.measure("web", f"{peers} peers, flood", target, number, flood)
            run.measure("web", f"{peers} peers, paced", target, number, pace)


def tls(run: Run) -> None:
    """A hundred messages a second, ten at a time, and the memory of a peer, with TLS and without it.

    No flood: its batches are the smaller the slower the load generator is, and that has to decrypt everything.
    """
    messages, rate = (50, 500.0) if run.short else (500, 100.0)
    peers = 20 if run.short else 1000
    for number in run.rounds:
        for target in (ASYNCCHAT, ASYNCCHAT_TLS):

            def measure(target: Target = target) -> dict[str, float]:
                with running(target) as server, Crowd(server) as crowd:
                    empty, before = memory(server.pid), cpu_seconds(server.pid)
                    crowd.join(peers)
                    joined = cpu_seconds(server.pid) - before
                    crowd.settle()
                    full = memory(server.pid)
                    paced = paced_load(server, Load(crowd), messages, rate, at_once=10)
                    return {
                        "CPU ms/join": 1000 * joined / peers,
                        "bytes/peer": (full - empty) / peers,
                        "µs/delivery": 1e6 * paced["CPU s"] / paced["deliveries"],
                        "p99 ms": paced["p99 ms"],
                        "deliveries": paced["deliveries"],
                        "bytes/peer after": (memory(server.pid) - empty) / peers,
                    }

            run.measure("tls", f"{peers} peers", target, number, measure)


def many(run: Run) -> None:
    """Ten thousand peers: joining, memory, a slow conversation, a flood; the flood at 1000 peers to compare it with."""
    peers, blocks = (100, 10) if run.short else (10_000, 10)
    if file_limit() < peers + _SPARE_FILES:
        run.say(f"many: left out, for only {file_limit()} files may be open (ulimit -n)")
        return
    messages, seconds = (200, 10.0) if run.short else (10**9, 8.0)
    for number in run.rounds:
        fewer = peers // 10

        def measure_fewer(fewer: int = fewer) -> dict[str, float]:
            with crowded(ASYNCCHAT, fewer) as (server, crowd):
                return flooded(server, Load(crowd), messages, seconds)

        run.measure("many", f"{fewer} peers", ASYNCCHAT, number, measure_fewer)
        run.measure("many", f"{peers} peers", ASYNCCHAT, number, lambda: _many(peers, blocks, messages, seconds))


def _many(peers: int, blocks: int, messages: int, seconds: float) -> dict[str, float]:
    with running(ASYNCCHAT) as server, Crowd(server) as crowd:
        empty = memory(server.pid)
        joined, costs = 0.0, []
        for _ in range(blocks):
            before, start = cpu_seconds(server.pid), time.perf_counter()
            crowd.join(peers // blocks)
            joined += time.perf_counter() - start
            costs.append(cpu_seconds(server.pid) - before)
        full = memory(server.pid)
        crowd.settle()
        slow = paced_load(server, Load(crowd), 5 if peers < 1000 else 50, 50.0 if peers < 1000 else 5.0)
        fast = flooded(server, Load(crowd), messages, seconds)
        return {
            "joined s": joined,
            "CPU s first tenth joins": costs[0],
            "CPU s last tenth joins": costs[-1],
            "bytes/peer": (full - empty) / peers,
            "paced deliveries": slow["deliveries"],
            "paced CPU %": slow["CPU %"],
            "paced p50 ms": slow["p50 ms"],
            "paced p99 ms": slow["p99 ms"],
            **fast,
            "bytes/peer after": (memory(server.pid) - empty) / peers,
        }
