"""A session of an IRC client."""
