"""The commands of the client for terminals, which the server never gets."""

from asyncchat.commands.table import Command, Group, add

add(Command(("/clear",), "", "clear the screen", group=Group.WINDOW))
add(Command(("/ignore",), "NAME", "hide the messages of a user", group=Group.WINDOW))
add(Command(("/unignore",), "NAME", "show the messages of a user again", group=Group.WINDOW))
add(Command(("/bell",), "off|mentions|all", "choose when the bell rings", group=Group.WINDOW))
