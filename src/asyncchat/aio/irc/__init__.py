"""The port for IRC clients."""
