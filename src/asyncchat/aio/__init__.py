"""The shell of asyncio around the conversation: the room's server and the client."""
