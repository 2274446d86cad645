"""TLS: the server's certificate, and how clients know that it is the server's; no event loop."""
