"""What a person is told when something can't be done."""


class ChatError(Exception):
    """Something went wrong that its reader can act on; the message is one line that says what, and what to do."""


class ServerGone(ChatError):
    """The server has ended the conversation, not we."""

    def __init__(self) -> None:
        super().__init__("the server has closed the connection. Run the same command again to come back.")


class OutputClosed(Exception):
    """Nobody reads our output any more, which is no error: we end quietly."""
