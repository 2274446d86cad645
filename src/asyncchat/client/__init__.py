"""The client, without any I/O: what must outlive a connection, and what it makes of what the server sends."""
