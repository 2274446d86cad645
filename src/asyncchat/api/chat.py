"""The class `Chat`."""

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

from asyncchat.aio.client.reconnecting import ReconnectingClient
from asyncchat.errors import ChatClosed, UsageError
from asyncchat.events import Event, Message
from asyncchat.formats.events import Ack, Ping, Pong, Refused

_ANSWERS = (Ack, Refused, Ping, Pong)
"""Events that are not passed on: answers, which `send` and `command` return or raise, and pings."""


class Chat:
    """A user's part in a chat, made by `connect`.

    When the connection breaks, the client reconnects automatically, and missed messages arrive once and in order.
    Iterating over a `Chat` yields all events, and `messages` only the messages:

        async for message in chat.messages():
            print(message.sender, message.text)

    Both read from the same queue: each event is yielded once, and only one loop can wait at a time. After a loop was
    left, or timed out, the next loop continues where it ended. They end when the chat is closed.

    A chat belongs to the event loop in which it was created.

    Raises:
        ChatClosed: while iterating, if the server has ended the chat for good.
        UsageError: while iterating, if another loop waits already, or in another event loop.
    """

    def __init__(self, client: ReconnectingClient, room: str = "") -> None:
        self._client = client
        self._room = room
        self._loop = asyncio.get_running_loop()
        self._is_awaited = False

    def __repr__(self) -> str:
        state = "connected" if self.is_connected else "reconnecting"
        return f"<asyncchat.Chat {self.name!r} at {self.address}, {'closed' if self._client.has_ended else state}>"

    @property
    def name(self) -> str:
        """The user's name, as the server writes it."""
        return self._client.name

    @property
    def address(self) -> str:
        """The address of the server, as HOST:PORT."""
        return str(self._client.address)

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection now; if not, and the chat is not closed, the client is reconnecting."""
        return self._client.is_connected and not self._client.has_ended

    async def send(self, text: str, *, to: str | None = None) -> int:
        """Send a message, and wait until the server has accepted it.

        While the connection is broken, this waits until there is one again; the message is sent once. If it is
        cancelled, the message may be sent nevertheless.

        Args:
            text: the message. It is sent unchanged, even if it looks like a command, and may have up to 100 lines.
            to: the room that it is for, such as `"#ops"`, or the registered user that a private message is for; without
                it, it goes to the first of the `rooms` given to `connect`, else to the default room. To answer a
                message in its own conversation, write `to=message.conversation`.

        Returns:
            The number of the message in its conversation, as in `Message.seq`.

        Raises:
            Refusal: the server does not accept it; `code` says why (`empty`, `too-long`, `muted`, `incorrect-name`, …).
            ChatClosed: the chat is closed, or was closed before the server has answered.
            UsageError: `text` or `to` is not a string, this is another event loop, or this program does not read the
                events that come before the answer.
        """
        self._check()
        to = self._room if to is None else to
        check_is_string(text=text, to=to)
        escaped = f"/{text}" if text.startswith("/") else text
        return await self._client.say(escaped, to) or 0

    async def join(self, room: str) -> None:
        """Enter a room, and stay in the others; `send(text, to=room)` writes there.

        Args:
            room: its name, such as `"#ops"`. A room that does not exist is made, if the server allows it.

        Raises:
            Refusal: it can't be entered; `code` says why (`no-room`, `too-many-rooms`, `name-refused`, …).
            ChatClosed, UsageError: as in `send`.
        """
        check_is_string(room=room)
        await self.command(f"/join {room}")

    async def command(self, line: str) -> list[str]:
        """Run one of the server's commands, such as `/list`, and wait until it is done.

        Args:
            line: the command with its arguments, beginning with `/`.

        Returns:
            The lines that the server has sent until the command was done: its answer, and any other notices of that
            time. Empty if the connection broke meanwhile.

        Raises:
            Refusal: the command is unknown, not allowed, or has failed; `code` says why.
            ChatClosed: as in `send`.
            UsageError: `line` is not a string that begins with `/`; or as in `send`.
        """
        self._check()
        check_is_string(line=line)
        if not line.startswith("/") or line.startswith("//"):
            raise UsageError(f"{line[:40]!r} is not a command: one begins with /. For a message, use send()")
        return await self._client.run(line)

    def messages(self) -> AsyncIterator[Message]:
        """Iterate over the messages of all users, including this one, and skip the other events.

        It begins with the last messages from before the user joined; `connect(..., history=0)` leaves these out.

        Returns:
            An asynchronous iterator of `Message` objects; `await anext(...)` waits for one.
        """
        return _Messages(self)

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        self._check()
        if self._is_awaited:
            raise UsageError("another loop reads this chat already, and each event is read once: use one loop")
        self._is_awaited = True
        try:
            while isinstance(event := await anext(self._client), _ANSWERS):
                pass
            return event
        finally:
            self._is_awaited = False

    async def close(self) -> None:
        """Leave the chat.

        It waits half a second at most for the acknowledgement of what was sent. Earlier events can still be read.
        Closing again does nothing. `async with` does this at its end.

        Raises:
            UsageError: this is another event loop.
        """
        self._check()
        await self._client.leave()

    async def __aenter__(self) -> Self:
        self._check()
        if self._client.has_ended:
            raise ChatClosed
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _check(self) -> None:
        if asyncio.get_running_loop() is not self._loop:
            raise UsageError("this chat belongs to another event loop: connect in the loop that uses it")


class _Messages:
    """Iterates over the messages among the events of a chat."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        while not isinstance(event := await anext(self._chat), Message):
            pass
        return event


def check_is_string(**arguments: object) -> None:
    """Raise UsageError if one of the arguments is not a string."""
    for name, value in arguments.items():
        if not isinstance(value, str):
            raise UsageError(f"{name} must be a str, not {type(value).__name__}")
