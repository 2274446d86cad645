"""The signals that ask a program to end."""

import os
import signal
import sys


def of_termination() -> list[signal.Signals]:
    """Return SIGTERM, and SIGHUP, which a closed terminal sends, unless nohup(1) has set that to be ignored."""
    found = [signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # Windows has none
        found.append(signal.SIGHUP)
    return found


def is_hangup(number: int) -> bool:
    """Tell whether this is SIGHUP."""
    return number == getattr(signal, "SIGHUP", None)


def has_terminal() -> bool:
    """Tell whether the process has a terminal that could send it SIGHUP; a closed one is gone before the signal."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True


def end_at_once() -> None:
    """Let these signals end the program with exit code 0: there is nothing to finish yet."""
    for number in of_termination():
        signal.signal(number, lambda *_: sys.exit(0))


def exit_cleanly() -> None:
    """Let these signals end the program by an exception, so that cleanup code still runs."""
    for number in of_termination():
        signal.signal(number, lambda number, _: sys.exit(128 + number))


def ignore() -> None:
    """Ignore these signals: the program is ending, and Python would remove its own handlers too early."""
    for number in (signal.SIGINT, *of_termination()):
        signal.signal(number, signal.SIG_IGN)
