"""Lines, names and passwords: what text may be, and when two texts count as the same."""
