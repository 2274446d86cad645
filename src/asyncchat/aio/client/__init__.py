"""The clients on asyncio: for pipes, in plain text and JSON, and what the terminal and programs build on."""
