"""The one stream of messages that every peer must get, checked byte by byte as it arrives."""

import re
from collections import deque

from bench.machine import Failed

_LONGEST_LINE = 1 << 14


class Sender:
    """What one sender has sent, and how much of it has been seen."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.sent_at: list[float] = []
        """When each message was sent."""
        self.seen = 0
        """How many messages the stream holds."""
        self.length = 0
        """How many bytes of the stream these are."""
        self.answered = 0
        """How many of them the peer has got that watches over this sender."""
        self.unanswered: deque[int] = deque()
        """Where in the stream the messages end that are seen and not answered yet."""

    @property
    def sent(self) -> int:
        """How many messages were sent."""
        return len(self.sent_at)


class Stream:
    """What the first peer to get it got; everybody else must get the same bytes.

    `pattern` is that of a message's whole line. Each message of each of `senders` must be in it once, in its order.
    """

    def __init__(self, pattern: re.Pattern[bytes], senders: list[Sender]) -> None:
        self.ends: list[int] = []
        """Where each message ends."""
        self.messages: list[tuple[Sender, int]] = []
        """Whose message each is, and its number."""
        self._pattern = pattern
        self._senders = senders
        self._data = bytearray()
        self._parsed = 0

    def __len__(self) -> int:
        return len(self._data)

    def take(self, position: int, data: memoryview) -> int:
        """Check what a peer got that had got everything up to `position`; return its new position. Raises Failed."""
        new = position + len(data) - len(self._data)
        old = data[: len(data) - new] if new > 0 else data
        if not self._data.startswith(old, position):
            raise Failed(f"a peer got other bytes than the first one, from byte {position} on: {bytes(old[:200])!r}")
        if new > 0:
            self._data += data[len(data) - new :]
            self._parse()
        return position + len(data)

    def without(self, sender: Sender) -> bytes:
        """Return the stream as `sender` gets it from a server that does not repeat what somebody says to himself."""
        starts = [0, *self.ends]
        return b"".join(
            self._data[start:end]
            for start, end, (whose, _) in zip(starts, self.ends, self.messages, strict=False)
            if whose is not sender
        )

    @property
    def is_whole(self) -> bool:
        """Whether the stream ends with a whole message."""
        return self._parsed == len(self._data)

    def check_whole(self) -> None:
        """Raise Failed if the stream does not end with a whole message."""
        if not self.is_whole:
            raise Failed(f"this is no message: {bytes(self._data[self._parsed :][:200])!r}")

    def _parse(self) -> None:
        at = self._parsed
        for match in self._pattern.finditer(self._data, at):
            if match.start() != at:
                break
            sender = self._senders[int(match[1])]
            number = int(match[2])
            if number != sender.seen:
                raise Failed(f"message {number} of sender {sender.index} came where {sender.seen} was due")
            sender.seen += 1
            sender.length -= at
            at = match.end()
            sender.length += at
            sender.unanswered.append(at)
            self.ends.append(at)
            self.messages.append((sender, number))
        self._parsed = at
        if len(self._data) - at > _LONGEST_LINE:
            self.check_whole()
