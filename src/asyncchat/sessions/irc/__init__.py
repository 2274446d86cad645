"""The sessions of IRC clients: one table of commands, and what each of them does."""

# All modules are imported, so that the table is complete.
from asyncchat.sessions.irc import channels, history, messages, modes, queries, registration, services  # noqa: F401
