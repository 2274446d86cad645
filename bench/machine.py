"""The machine: which core does what, and what a process has used of it."""

import ctypes
import mmap
import os
import platform
import resource
import signal
import time
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_UNTIL_ASLEEP = 0.01
_LIBC = ctypes.CDLL(None)
_TOUCHED = 64 << 20


class Failed(Exception):
    """A delivery is missing, doubled or wrong, or a server could not do what was asked."""


def cores() -> tuple[int, int]:
    """Return the core of the server and that of the load generator; the same one if there is no other."""
    ours = sorted(_ALLOWED)
    return ours[0], ours[-1]


_ALLOWED = os.sched_getaffinity(0)


def prepare() -> None:
    """Move this process to its core, and let it and its children open as many files as they may."""
    os.sched_setaffinity(0, {cores()[1]})
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def for_child() -> Callable[[], None]:
    """Return what a server's process does before its program starts: take its core, and end when this process ends."""
    core = cores()[0]

    def settle() -> None:
        os.sched_setaffinity(0, {core})
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    return settle


def file_limit() -> int:
    """Return how many files this process may open."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def cpu_seconds(pid: int) -> float:
    """Return what all threads of a process have used, user and system."""
    # The same sum as utime + stime in /proc/PID/stat, but not in steps of 10 ms: the clock of clock_getcpuclockid(3).
    # It goes on when the process goes to sleep, and is late while it works.
    time.sleep(_UNTIL_ASLEEP)
    return time.clock_gettime(~pid << 3 | 2)


def _status(pid: int, field: str) -> int:
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) * 1024
    raise Failed(f"process {pid} is gone")


def memory(pid: int) -> int:
    """Return the bytes of memory that a process has now."""
    return _status(pid, "VmRSS")


def peak_memory(pid: int) -> int:
    """Return the most bytes of memory that a process has had."""
    return _status(pid, "VmHWM")


def kernel_memory() -> int:
    """Return the bytes that the system holds in the buffers of all TCP sockets."""
    with open("/proc/net/sockstat", encoding="ascii") as file:
        for line in file:
            if line.startswith("TCP:"):
                return int(line.split()[-1]) * resource.getpagesize()
    return 0


def open_files(pid: int) -> int:
    """Return how many files and sockets a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def describe() -> dict[str, str]:
    """Return what a reader has to know about the machine."""
    server, load = cores()
    first, again = first_touch()
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores; server on core {server}, load generator on core {load}",
        "a page of memory": f"{first:.2f} µs to touch first, {again:.2f} µs once it is there",
        "memory": f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
    }


def first_touch() -> tuple[float, float]:
    """Return the microseconds that it takes to touch a fresh page of memory, and to touch it again.

    A virtual machine may have to get a page from its host first: then everything that fills new buffers is slow.
    """
    step, costs = resource.getpagesize(), []
    with mmap.mmap(-1, _TOUCHED) as fresh:
        for value in (1, 2):
            start = time.perf_counter()
            for place in range(0, _TOUCHED, step):
                fresh[place] = value
            costs.append((time.perf_counter() - start) / (_TOUCHED // step) * 1e6)
    return costs[0], costs[1]


def _processor() -> str:
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()
