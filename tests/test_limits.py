"""What each limit does, and that nobody else notices."""

import contextlib
import re
import resource
import signal
import threading
import time
from pathlib import Path

import pytest

from tests.programs import ASK_NAME, ASYNCCHAT, PATIENCE, WITHOUT_UVLOOP, Nc, Program, ServeProgram, seconds, until

FULL = "Server: the chat is full, try again later."


def resident(process_id: int) -> int:
    """Return the memory of a process, in kilobytes."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process_id}/status").read_text())
    assert found
    return int(found[1])


def descriptors(process_id: int) -> int:
    return len(list(Path(f"/proc/{process_id}/fd").iterdir()))


def grown(memory: list[int]) -> bool:
    """Tell whether the last four cycles needed a tenth more than the second one had needed in all."""
    return memory[-1] - memory[-5] > memory[1] * 0.1


def let_open(files: int) -> None:
    """Let this process have that many open files, or skip the test."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < files:
        if hard != resource.RLIM_INFINITY and hard < files:
            pytest.skip("the system allows too few open files")
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))


def test_whoever_sends_too_fast_is_slowed_down_and_loses_nothing() -> None:
    with ServeProgram("--rate", "200", "--burst", "10") as room, room.join("fast") as fast:
        begun = time.monotonic()
        fast.send("".join(f"{number}\n" for number in range(110)))
        assert [fast.line() for _ in range(110)] == [f"fast: {number}" for number in range(110)]
        assert time.monotonic() - begun >= 0.45


def test_a_flood_delays_nobody_else() -> None:
    with ServeProgram("--rate", "5", "--burst", "5") as room, room.join("flood") as flood, room.join("bob") as bob:
        flood.send("x\n" * 10_000)
        for number in range(3):
            bob.send(f"{number}\n")
            assert len(bob.lines.until(f"bob: {number}")) < 50


def test_a_flood_that_breaks_off_is_gone_at_once() -> None:
    with ServeProgram("--rate", "5", "--burst", "5") as room, room.join("bob") as bob:
        flood = room.join("flood")
        flood.send("x\n" * 10_000)
        bob.lines.until("flood: x")
        flood.reset()
        assert len(room.out.until("flood left")) < 50


def test_an_end_of_input_is_handled_to_the_last_line_however_slowly() -> None:
    with ServeProgram("--rate", "200", "--burst", "10") as room, Program("join", room.address, "--name", "ci") as ci:
        ci.write("".join(f"{number}\n" for number in range(100)))
        ci.end_input()
        assert ci.wait() == 0
        assert ci.out.rest().decode().splitlines() == [f"ci: {number}" for number in range(100)]


def test_a_server_that_ends_does_not_wait_for_those_that_it_slows_down() -> None:
    with ServeProgram("--rate", "0.1", "--burst", "1", "--drain-timeout", "600") as room, room.connect() as flood:
        flood.send("flood\n" * 1000)
        room.out.until("flood joined")
        room.signal(signal.SIGTERM)
        assert flood.lines.until("Goodbye!")
        flood.socket.close()
        assert room.wait() == 0


def test_a_peer_that_takes_nothing_for_too_long_is_cut_off() -> None:
    with (
        ServeProgram("--rate", "0", "--stall-timeout", "0.5", "--max-backlog", str(1 << 30)) as room,
        room.connect(receive_buffer=4096) as stuck,
        room.join("alice") as alice,
    ):
        stuck.send("stuck\n")
        room.out.until("stuck joined")
        for _ in range(1500):
            alice.send("y" * 4000 + "\n")
            alice.line()
        assert "(stuck) is cut off: it takes nothing of what it is sent" in room.errors.line()
        room.out.until("stuck left")


class SlowReader(threading.Thread):
    """Takes a little of what a peer is sent, again and again for some seconds; then the rest, up to `end`."""

    LITTLE = 1 << 16
    EVERY = 0.2

    def __init__(self, peer: Nc, seconds: float, end: bytes) -> None:
        super().__init__(daemon=True)
        self.taken = bytearray()
        self.slow_until = time.monotonic() + seconds
        self._peer = peer
        self._end = end

    def run(self) -> None:
        with contextlib.suppress(ConnectionResetError):
            while not self.taken.endswith(self._end) and (data := self._peer.socket.recv(self.LITTLE)):
                self.taken += data
                if time.monotonic() < self.slow_until:
                    time.sleep(self.EVERY)  # this is what it is slow by; nothing is waited for


def test_a_peer_that_is_slow_but_goes_on_reading_is_not_cut_off() -> None:
    stall_timeout = 3
    with (
        ServeProgram("--rate", "0", "--stall-timeout", str(stall_timeout), "--max-backlog", str(1 << 30)) as room,
        room.connect(receive_buffer=SlowReader.LITTLE) as slow,
        room.join("alice") as alice,
    ):
        slow.send("slow\n")
        room.out.until("slow joined")
        reader = SlowReader(slow, 2 * stall_timeout, b"alice: end\n")
        reader.start()
        sent = [*(f"{number} " + "y" * 4000 for number in range(2500)), "end"]
        for line in sent:
            alice.send(f"{line}\n")
            alice.line()
        reader.join(seconds(2 * PATIENCE))
        assert time.monotonic() > reader.slow_until  # so something waited for it for longer than a stall may last
        assert reader.taken.decode().splitlines() == [ASK_NAME, *(f"alice: {line}" for line in sent)]


def test_the_chat_can_be_full_and_has_room_again_when_somebody_leaves() -> None:
    with ServeProgram("--max-connections", "2") as room, room.join("alice") as alice:
        with room.join("bob"), room.connect() as third:
            assert third.line() == FULL
            assert third.lines.rest() == b""
            alice.send("hello\n")
            assert alice.line() == "alice: hello"
        room.out.until("bob left")
        with room.connect() as fourth:
            assert fourth.line() == ASK_NAME


def test_whoever_is_refused_hears_why_though_it_talks_first() -> None:
    with ServeProgram("--max-connections", "1") as room, room.join("alice"), room.connect() as second:
        second.send("bob\nhello\n" * 100)
        assert second.lines.rest().decode() == f"{FULL}\n"


def test_loopback_is_exempt_from_the_limit_for_an_address() -> None:
    with ServeProgram("--max-per-address", "1") as room, room.connect() as one, room.connect() as two:
        assert (one.line(), two.line()) == (ASK_NAME, ASK_NAME)


def test_more_connections_than_open_files_allow_is_one_clear_line() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard == resource.RLIM_INFINITY or hard > 1 << 19:
        pytest.skip("the system allows more open files than the flag can ask for")
    with Program("serve", "--port", "0", "--max-connections", str(hard)) as program:
        assert program.wait() == 1
        assert f"--max-connections {hard} needs more open files" in program.errors.line()


@pytest.mark.parametrize("command", [None, WITHOUT_UVLOOP], ids=["uvloop", "standard loop"])
def test_with_few_open_files_the_chat_goes_on_and_recovers(command: tuple[str, ...] | None) -> None:
    let_open(400)
    limited = ("sh", "-c", 'ulimit -n 128 && exec "$@"', "sh")
    begun = time.monotonic()
    with (
        ServeProgram("--drain-timeout", "0.5", command=limited + (command or ASYNCCHAT)) as room,
        room.join("alice") as alice,
    ):
        with contextlib.ExitStack() as storm:
            crowd = [storm.enter_context(room.connect()) for _ in range(300)]
            alice.send("hello\n")
            assert alice.line() == "alice: hello"
            firsts = [crowd[number].line() for number in range(63)]
            assert firsts == [ASK_NAME] * 63
            assert crowd[100].line() == FULL
        over = time.monotonic()
        while True:
            with room.connect() as later:
                if later.line() == ASK_NAME:
                    break
            assert time.monotonic() - over < seconds(PATIENCE)
        room.signal(signal.SIGTERM)
        log = room.errors.rest().decode().splitlines()
        assert len(log) <= 2 + 2 * (time.monotonic() - begun + 1)  # it says either thing once a second at most


def test_a_storm_of_two_thousand_visits_leaves_a_room_that_works(room: ServeProgram) -> None:
    with room.join("alice") as alice:
        for number in range(2000):
            with room.connect() as visitor:
                visitor.send(f"visitor{number}\n")
        alice.send("hello\n")
        alice.lines.until("alice: hello")
        while True:
            alice.send("/list\n")
            if alice.line() == "Server: no one online":
                break


def test_cycles_of_two_thousand_joins_leave_no_memory_and_no_descriptor() -> None:
    let_open(2200)
    with ServeProgram("--quiet", "--rate", "0", command=ASYNCCHAT) as room, room.join("watcher") as watcher:
        memory: list[int] = []
        before = descriptors(room.process.pid)
        # How much is in use at once depends on who gets how much time when, and what was in use once is not given back:
        # so a single cycle may need more than those before. What is left behind by each cycle grows with each.
        while len(memory) < 7 or (grown(memory) and len(memory) < 25):
            with contextlib.ExitStack() as cycle:
                crowd = [cycle.enter_context(room.connect()) for _ in range(2000)]
                for number, peer in enumerate(crowd):
                    peer.send(f"peer{number}\n")
                watcher.send("all here?\n")
                for peer in crowd:
                    peer.lines.until("watcher: all here?")
            while True:
                watcher.send("/list\n")
                if watcher.lines.until("Server:")[-1] == "Server: no one online":
                    break
            memory.append(resident(room.process.pid))
        assert not grown(memory), memory
        until(lambda: descriptors(room.process.pid) == before)


def test_a_peer_that_was_stopped_for_a_while_gets_all_that_it_missed(room: ServeProgram) -> None:
    with room.join("bob") as bob, Program("join", room.address, "-n", "--name", "log") as log:
        room.out.until("log joined")
        log.signal(signal.SIGSTOP)
        for number in range(500):
            bob.send(f"{number}\n")
            assert bob.line() == f"bob: {number}"
        log.signal(signal.SIGCONT)
        assert [log.out.line() for _ in range(500)] == [f"bob: {number}" for number in range(500)]


def test_a_server_that_was_stopped_for_a_while_cuts_off_nobody() -> None:
    with ServeProgram("--stall-timeout", "0.5", "--name-timeout", "60") as room, room.join("bob") as bob:
        room.signal(signal.SIGSTOP)
        bob.send("hello?\n")
        with pytest.raises(TimeoutError):
            bob.line(1)
        room.signal(signal.SIGCONT)
        assert bob.line() == "bob: hello?"


def test_a_blocked_standard_output_does_not_stop_the_chat_and_what_is_dropped_is_counted(room: ServeProgram) -> None:
    with room.join("alice") as alice:
        for _ in range(300):
            alice.send("x\n" * 500)
            for _ in range(500):
                assert alice.line() == "alice: x"
    taken = room.out.until("alice left")
    dropped = re.search(r"standard output was blocked: (\d+) lines dropped", room.errors.line())
    assert dropped
    assert len(taken) - 2 + int(dropped[1]) == 150_000


def test_a_closed_standard_output_does_not_stop_the_chat(room: ServeProgram) -> None:
    with room.join("alice") as alice:
        room.out.until("alice joined")
        assert room.process.stdout
        room.process.stdout.close()
        alice.send("hello\n")
        assert alice.line() == "alice: hello"
        assert room.errors.line() == "asyncchat: standard output is closed or full: nothing more is written to it"
        alice.send("still here\n")
        assert alice.line() == "alice: still here"


def test_everybody_healthy_gets_what_was_accepted_when_the_server_ends_under_load() -> None:
    with (
        ServeProgram("--rate", "0", "--drain-timeout", "1", "--stall-timeout", "600") as room,
        room.connect(receive_buffer=4096) as stuck,
        room.join("alice") as alice,
        room.join("bob") as bob,
    ):
        stuck.send("stuck\n")
        room.out.until("stuck joined")
        for _ in range(1000):
            alice.send("x" * 4000 + "\n")
            alice.line()
            bob.line()
        alice.send("".join(f"{number}\n" for number in range(2000)))
        room.signal(signal.SIGTERM)
        seen_by_alice = alice.lines.until("Goodbye!")
        seen_by_bob = bob.lines.until("Goodbye!")
        assert seen_by_alice == seen_by_bob
        assert seen_by_alice[:-1] == [f"alice: {number}" for number in range(len(seen_by_alice) - 1)]
        for peer in (alice, bob):
            peer.socket.close()
        assert room.wait() == 0


def test_lines_that_nobody_took_at_the_end_are_counted(room: ServeProgram) -> None:
    with room.join("alice") as alice:
        for _ in range(100):
            alice.send("x" * 4000 + "\n")
            alice.line()
        room.signal(signal.SIGTERM)
        alice.lines.rest()
    log = room.errors.rest().decode()
    assert re.search(r"standard output is blocked: \d+ lines dropped at most", log)
    assert room.wait() == 0


def test_a_second_signal_waits_for_nobody() -> None:
    with (
        # Nothing but the second signal would cut the peer off that does not read.
        ServeProgram(
            "--drain-timeout", "600", "--stall-timeout", "600", "--max-backlog", str(1 << 30), "--rate", "0"
        ) as room,
        room.connect(receive_buffer=4096) as stuck,
        room.join("alice") as alice,
    ):
        stuck.send("stuck\n")
        room.out.until("stuck joined")
        for _ in range(1200):
            alice.send("x" * 4000 + "\n")
            alice.line()
        room.signal(signal.SIGINT)
        assert alice.lines.until("Goodbye!")
        room.signal(signal.SIGINT)
        assert room.wait() == 0
