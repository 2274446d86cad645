"""What the tests share: a room server, and the time that everything may take."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.programs import ServeProgram

# No examples are too slow: on a busy machine, how long it takes to make some says nothing about them.
settings.register_profile("asyncchat", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("asyncchat")


@pytest.fixture(scope="session")
def next_room() -> Iterator[list[ServeProgram]]:
    """A group chat that starts while another test runs: to wait for each would take a fifth of all the time."""
    starting = [ServeProgram("--rate", "0")]
    yield starting
    with starting.pop():
        pass


@pytest.fixture
def room(next_room: list[ServeProgram]) -> Iterator[ServeProgram]:
    """A running group chat, in which one may say as much as one likes."""
    with next_room.pop() as server:
        next_room.append(ServeProgram("--rate", "0"))
        yield server
