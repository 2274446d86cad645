"""Output that nobody waits for."""

import os
import threading

from asyncchat.system.background_writer import BackgroundWriter
from tests.programs import seconds


def test_an_outlet_that_owes_nothing_reports_no_lines_as_dropped_at_its_end() -> None:
    said: list[str] = []
    reading, writing = os.pipe()
    for _ in range(100):
        outlet = BackgroundWriter(writing, "standard output", said.append)
        outlet.close(timeout=0)
    os.close(reading)
    os.close(writing)
    assert said == []


def test_what_an_outlet_reports_at_its_end_holds_up_no_other_thread_that_writes_to_it() -> None:
    waits: list[bool] = []

    def report(_: str) -> None:
        writing = threading.Thread(target=outlet.write, args=(b"more\n",), daemon=True)
        writing.start()
        writing.join(seconds(2))
        waits.append(writing.is_alive())

    reading, full = os.pipe()
    outlet = BackgroundWriter(full, "standard output", report)
    outlet.write(b"x" * (1 << 20) + b"\n")  # more than a pipe takes
    outlet.close(timeout=0)
    assert waits == [False]
    while os.read(reading, 1 << 16)[-1:] != b"\n":
        pass
    os.close(reading)
    os.close(full)
