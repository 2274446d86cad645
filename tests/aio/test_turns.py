"""However much one peer sends at once, others come between."""

import asyncio
from collections.abc import Callable

from asyncchat.chat import wire
from asyncchat.chat.host import Host
from asyncchat.chat.names import Name, prepare
from asyncchat.chat.room import Encode, MemoryJournal, Peer, Room
from asyncchat.chat.seats import Seats
from asyncchat.limits import Limits
from tests.aio.test_connection import connected
from tests.chat import Peer as SilentPeer
from tests.programs import PATIENCE, seconds

NO_PACE = Limits(rate=0)


class CountingRoom(Room):
    tries = 0

    def join(self, name: Name, peer: Peer, encode: Encode) -> None:
        self.tries += 1
        super().join(name, peer, encode)


async def turns_while(sent: bytes, progress: Callable[[CountingRoom], int], last: int) -> int:
    """Return the turns of the loop between the first of what is `sent` at once and the `last`."""
    room = CountingRoom(lambda: None, MemoryJournal("epoch"), lambda: 0)
    room.join(prepare("taken"), SilentPeer(), wire.plain)
    room.commit()
    room.tries = 0
    _, task, peer = await connected(NO_PACE, Host(room, Seats(lambda: "token"), lambda: 0))
    turns = 0
    async with asyncio.timeout(seconds(PATIENCE)):
        with peer:
            peer.sendall(sent)
            while (done := progress(room)) < last:
                turns += done > 0
                await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return turns


async def test_others_come_between_tries_for_a_name_though_there_is_no_pace() -> None:
    assert await turns_while(b"taken\n" * 1000, lambda room: room.tries, 1000) >= 999


async def test_others_come_between_messages_though_there_is_no_pace() -> None:
    assert await turns_while(b"alice\n" + b"a\n" * 30_000, lambda room: room.waiting, 30_001) >= 12
