"""The commands: one table, and what each of them does."""

# All modules are imported, so that the table is complete.
from asyncchat.commands import general, changes, rooms, room_privacy, history, accounts, messaging, moderation  # noqa: F401, I001
from asyncchat.commands.table import Command, Group, add

# The commands of the client for terminals, which the server never gets.
add(Command(("/clear",), "", "clear the screen", group=Group.WINDOW))
add(
    Command(
        ("/go",),
        "NAME|NUMBER",
        "show another window; also Alt-1 to Alt-9, Alt-Up, Alt-Down; Alt-A: the next with news",
        group=Group.WINDOW,
    )
)
add(Command(("/ignore",), "NAME", "hide the messages of a user", group=Group.WINDOW))
add(Command(("/unignore",), "NAME", "show the messages of a user again", group=Group.WINDOW))
add(Command(("/bell",), "off|mentions|all", "choose when the bell rings", group=Group.WINDOW))
