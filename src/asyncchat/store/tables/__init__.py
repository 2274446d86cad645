"""The tables of a store: the statements that write the entries of the log, and read what is needed at the start."""
