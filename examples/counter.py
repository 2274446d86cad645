"""A bot that counts the messages of each user, and answers `!count`.

Run it with the address of a chat: python examples/counter.py 127.0.0.1:23456
"""

import asyncio
import sys
from collections import Counter

import asyncchat


async def main(address: str) -> None:
    """Count and answer until Ctrl-C."""
    said: Counter[str] = Counter()
    async with asyncchat.connect(address, name="counter", history=0) as chat:
        async for message in chat.messages():
            if message.sender == chat.name:
                continue
            said[message.sender] += 1
            if message.text == "!count":
                await chat.send(", ".join(f"{name}: {number}" for name, number in said.most_common(10)))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("write the address of a chat: python examples/counter.py 127.0.0.1:23456")
    try:
        asyncio.run(main(sys.argv[1]))
    except asyncchat.Error as error:
        sys.exit(f"counter: {error}")
    except KeyboardInterrupt:
        pass
