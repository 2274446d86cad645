"""Lines that were meant to be commands, and are not; and what the line after them may be."""
