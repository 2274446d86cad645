"""The server of the group chat, on asyncio."""
