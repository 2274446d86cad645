"""The commands: one table, and what each of them does."""

# Whoever looks something up in the table finds all of it.
from asyncchat.commands import general, history, accounts, messaging, moderation, window  # noqa: F401, I001
