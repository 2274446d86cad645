"""What the tests share: a room server, and the time that everything may take."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.programs import ServeProgram

settings.register_profile("asyncchat", deadline=None)
settings.load_profile("asyncchat")


@pytest.fixture
def room() -> Iterator[ServeProgram]:
    """A running group chat, in which one may say as much as one likes."""
    with ServeProgram("--rate", "0") as server:
        yield server
