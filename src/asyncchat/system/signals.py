"""The signals by which a program is asked to end."""

import signal
import sys


def of_termination() -> list[signal.Signals]:
    """Return SIGTERM, and SIGHUP, which a closed terminal sends, unless nohup(1) has had it ignored."""
    found = [signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # Windows has none
        found.append(signal.SIGHUP)
    return found


def end_at_once() -> None:
    """Let these signals end the program with exit code 0: it has not begun what it would have to finish."""
    for number in of_termination():
        signal.signal(number, lambda *_: sys.exit(0))


def exit_cleanly() -> None:
    """Let these signals end the program by an exception, so that nothing half done is left behind."""
    for number in of_termination():
        signal.signal(number, lambda number, _: sys.exit(128 + number))


def ignore() -> None:
    """Let no signal end the program any more: it ends by itself, and a handler of Python's would not last so long."""
    for number in (signal.SIGINT, *of_termination()):
        signal.signal(number, signal.SIG_IGN)
