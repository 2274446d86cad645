"""What the server tells users of rooms, and in browsers, in English; see texts.py."""

TLS_ONLY_WEB = "this port speaks TLS: write https:// instead of http://"

NO_ROOM = "there is no room with this name."
NOT_IN_ROOM = "you are not in this room"
TOO_MANY_ROOMS = "there are too many rooms already. Write /rooms to see them."
TOO_MANY_NEW_ROOMS = "too many rooms were made from your address. Write it again in an hour."
ROOMS_BY_REGISTERED = "Registered users can make one: write /register PASSWORD first."
ROOMS_BY_ADMIN = "Only the admin can make one."
LEAVES_DEFAULT_ROOM = "this is the default room. Write /exit to leave the chat."


def in_too_many_rooms(most: int) -> str:
    return f"you are in {most} rooms already. Write /leave in one of them first."


def room_refused(reason: str) -> str:
    return f"a room can't have this name: {reason}."


def room(shown: str, members: int, topic: str) -> str:
    """Describe a room in a list."""
    return f"{shown} {members}  {topic}".rstrip()


def more_rooms(more: int) -> str:
    return f"and {more} more"


def entered(shown: str, members: int, topic: str) -> str:
    """Tell in which room the user is now, how many users are in it, and its topic, if it has one."""
    return f"you are in {shown} now, {members} online" + (f": {topic}" if topic else ".")


def to_room(shown: str) -> str:
    return f"you write to everybody in {shown} now."
