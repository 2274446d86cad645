"""What is measured while somebody misbehaves: stalled, flooder."""

import time

from bench.load import SENDERS, Load
from bench.machine import cpu_seconds, kernel_memory, memory, open_files, peak_memory
from bench.parts import crowded, percentile
from bench.run import Run
from bench.targets import ASYNCCHAT, COPIER, Target, serve_help

BURST, RATE = 50, 20.0
SECONDS = "s"

_LONG_TEXT = 4000
_LONG_MESSAGES = 2200
"""Together more than 8 MB: more than the kernel and the server hold for somebody who does not read."""
_GONE_WITHIN = 45.0


def stalled(run: Run) -> None:
    """Of 1000 peers, 0, 50 and 500 stop reading while more than 8 MB is sent to each; the same with the control."""
    peers, rate = (40, 8000.0) if run.short else (1000, 80.0)
    for number in run.rounds:
        for stopped in (0, peers // 20, peers // 2):
            for target in (ASYNCCHAT, COPIER):
                run.measure(
                    "stalled",
                    f"{stopped} of {peers} stopped",
                    target,
                    number,
                    lambda target=target, stopped=stopped: _stalled(target, peers, stopped, rate),  # type: ignore[misc]
                )


def _stalled(target: Target, peers: int, stopped: int, rate: float) -> dict[str, float]:
    with crowded(target, peers) as (server, crowd):
        load = Load(crowd, _LONG_TEXT)
        before, kernel, files = memory(server.pid), kernel_memory(), open_files(server.pid)
        if stopped:
            bystanders = load.bystanders()
            load.stop_reading([bystanders[index * len(bystanders) // stopped] for index in range(stopped)])
        cpu = cpu_seconds(server.pid)
        load.pace(_LONG_MESSAGES, rate)
        cpu = cpu_seconds(server.pid) - cpu
        kernel_full = kernel_memory()
        start = time.perf_counter()
        while files - open_files(server.pid) < stopped and time.perf_counter() - start < _GONE_WITHIN:
            load.wait(0.2)
        waited = time.perf_counter() - start
        load.verify()
        return {
            "p50 ms": percentile(load.latencies, 50),
            "p99 ms": percentile(load.latencies, 99),
            "MB each": _LONG_MESSAGES * _LONG_TEXT / 1e6,
            "CPU s": cpu,
            "stopped": stopped,
            "gone": files - open_files(server.pid),
            "know it": load.gone,
            "waited s": waited,
            "MB before": before / 1e6,
            "MB peak": peak_memory(server.pid) / 1e6,
            "MB after": memory(server.pid) / 1e6,
            "kernel MB before": kernel / 1e6,
            "kernel MB full": kernel_full / 1e6,
            "kernel MB after": kernel_memory() / 1e6,
        }


def flooder(run: Run) -> None:
    """One peer of 1000 sends as much as it can; before that, as much as it may."""
    peers, seconds, rate = (20, 0.3, 200.0) if run.short else (1000, 10.0, 50.0)
    # A server that has no limit shows here what that means.
    limited = ["--rate", f"{RATE:.0f}", "--burst", f"{BURST}"] if "--rate" in serve_help() else []
    for number in run.rounds:
        for case, floods in (("nobody floods", False), ("one floods", True)):
            run.measure(
                "flooder",
                f"{peers} peers, {case}",
                ASYNCCHAT,
                number,
                lambda floods=floods: _flooder(peers, rate, seconds, limited, floods=floods),  # type: ignore[misc]
            )


def _flooder(peers: int, rate: float, seconds: float, more: list[str], *, floods: bool) -> dict[str, float]:
    with crowded(ASYNCCHAT, peers, more) as (server, crowd):
        load = Load(crowd, senders=SENDERS + 1)
        *senders, other = load.senders
        # In both runs there is as much to deliver: the other one sends all that it may even when it behaves.
        turn = list(senders)
        if floods:
            load.pour(other)
        else:
            for place in range(4):
                turn.insert(place * 4, other)
            rate = rate * len(turn) / len(senders)
        start = time.perf_counter()
        load.pace(int(rate * seconds), rate, turn)
        seconds = time.perf_counter() - start
        seen = other.seen
        load.verify()
        return {
            "p50 ms": percentile(load.latencies, 50),
            "p99 ms": percentile(load.latencies, 99),
            SECONDS: seconds,
            "the other one's messages": seen,
            "it could send": other.sent,
            "MB after": memory(server.pid) / 1e6,
        }
