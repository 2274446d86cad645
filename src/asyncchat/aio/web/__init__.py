"""The web port: the page's files over HTTP, and WebSockets."""
