"""What the tests share: a room server, and the time that everything may take."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.programs import ServeProgram

# No examples are too slow: on a busy machine, how long it takes to make some says nothing about them.
settings.register_profile("asyncchat", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("asyncchat")


@pytest.fixture
def room() -> Iterator[ServeProgram]:
    """A running group chat, in which one may say as much as one likes."""
    with ServeProgram("--rate", "0") as server:
        yield server
