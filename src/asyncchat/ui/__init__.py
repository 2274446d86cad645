"""The client for people at a terminal: a line to type in below, and the terminal's own scrollback above."""
