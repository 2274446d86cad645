"""The servers and the client that use threads: `serve --mode pair`, `serve --mode threads`, `join --threads`."""
