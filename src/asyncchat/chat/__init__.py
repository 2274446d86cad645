"""The conversation itself, as plain objects: no asyncio, sockets, threads, files or clock in here."""
