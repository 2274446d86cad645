"""The operating system: standard streams, signals, sockets, the clock, and the input of passwords."""
