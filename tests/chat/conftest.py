"""What the tests of the core share."""

from collections.abc import Iterator

import pytest

from tests.chat.town import Town, a_town


@pytest.fixture
def town() -> Iterator[Town]:
    """A chat with a store."""
    with a_town() as town:
        yield town
