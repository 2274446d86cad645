"""Output that nobody waits for."""

import os

from asyncchat.system.background_writer import Outlet


def test_an_outlet_that_owes_nothing_reports_no_lines_as_dropped_at_its_end() -> None:
    said: list[str] = []
    reading, writing = os.pipe()
    for _ in range(100):
        outlet = Outlet(writing, "standard output", said.append)
        outlet.close(timeout=0)
    os.close(reading)
    os.close(writing)
    assert said == []
