"""A recorder that prints what is said as lines of JSON, and says where messages are missing.

Run it with the address of a chat: python examples/recorder.py 127.0.0.1:23456 >>chat.jsonl
"""

import asyncio
import json
import sys

import asyncchat
from asyncchat.events import Disconnected, Gap, Message


async def main(address: str) -> None:
    """Record until Ctrl-C."""
    async with asyncchat.connect(address, name="recorder") as chat:
        async for event in chat:
            match event:
                case Message():
                    record(seq=event.seq, time=event.when.isoformat(), sender=event.sender, text=event.text)
                case Gap():
                    record(missing=[event.first, event.last])
                case Disconnected():
                    print(f"recorder: {event.text}; trying again", file=sys.stderr)


def record(**fields: object) -> None:
    """Print one line."""
    print(json.dumps(fields, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("write the address of a chat: python examples/recorder.py 127.0.0.1:23456")
    try:
        asyncio.run(main(sys.argv[1]))
    except asyncchat.Error as error:
        sys.exit(f"recorder: {error}")
    except KeyboardInterrupt:
        pass
