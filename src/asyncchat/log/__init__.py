"""The log of entries, and the state that applying them gives."""
