"""What the tests of the core share."""

from collections.abc import Iterator

import pytest

from tests.chat.stored_chat import StoredChat, stored_chat


@pytest.fixture
def chat() -> Iterator[StoredChat]:
    """A chat with a store."""
    with stored_chat() as chat:
        yield chat
