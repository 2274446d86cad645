"""What the operating system gives: streams, signals, sockets, the clock, and passwords from a person."""
