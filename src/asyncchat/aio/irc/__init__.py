"""The server's port for IRC clients."""
