"""One connection to the server, without any I/O: lines in, commands and messages out."""
