"""The shell of threads around the conversation: the two-way line, the server and the client."""
