"""However much one peer sends at once, others come between."""

import asyncio
from collections.abc import Callable

from asyncchat.chat.core import ChatCore
from asyncchat.chat.resumption import ResumableSessions
from asyncchat.limits import Limits
from asyncchat.log.batch import Done
from asyncchat.log.entries import Join
from asyncchat.log.log import MemoryLog
from asyncchat.log.pipeline import Pipeline
from asyncchat.log.state import ChatState, RoomState
from asyncchat.text.usernames import parse_name
from tests.aio.test_connection import connected
from tests.programs import PATIENCE, seconds

NO_PACE = Limits(rate=0)


class CountingPipeline(Pipeline):
    joins = 0

    def join(self, entry: Join, done: Done) -> None:
        self.joins += 1
        super().join(entry, done)


async def turns_while(sent: bytes, progress: Callable[[CountingPipeline], int], last: int) -> int:
    """Return the turns of the loop between the first of what is `sent` at once and the `last`."""
    pipeline = CountingPipeline(ChatState(RoomState(10)), MemoryLog("epoch"), lambda: None, lambda: 0)
    pipeline.join(Join(parse_name("taken"), pipeline.new_member(), 0), lambda _: None)
    pipeline.joins = 0
    _, task, peer = await connected(
        NO_PACE, ChatCore(pipeline, ResumableSessions(lambda: "token"), lambda: 0, monotonic=lambda: 0.0)
    )
    turns = 0
    async with asyncio.timeout(seconds(PATIENCE)):
        with peer:
            peer.sendall(sent)
            while (done := progress(pipeline)) < last:
                turns += done > 0
                await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return turns


async def test_others_come_between_tries_for_a_name_though_there_is_no_pace() -> None:
    assert await turns_while(b"taken\n" * 1000, lambda pipeline: pipeline.joins, 1000) >= 999


async def test_others_come_between_messages_though_there_is_no_pace() -> None:
    assert await turns_while(b"alice\n" + b"(\n" * 30_000, lambda pipeline: pipeline.pending, 30_000) >= 12
