"""The commands: one table, and what each of them does."""

# All modules are imported, so that the table is complete.
from asyncchat.commands import general, rooms, history, accounts, messaging, moderation, window  # noqa: F401, I001
