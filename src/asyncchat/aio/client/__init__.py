"""The clients on asyncio: for pipes, in plain text and in JSON, and the base of the terminal client and the API."""
