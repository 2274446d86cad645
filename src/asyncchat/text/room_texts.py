"""What the server tells users of rooms, messages and browsers, in English; see texts.py."""

from collections.abc import Sequence

TLS_ONLY_WEB = "this port speaks TLS: write https:// instead of http://"

NO_MESSAGE = "there is no such message, or it is deleted already."
NO_OWN_MESSAGE = "you have sent no message here in the last 15 minutes that could be changed."
NOT_YOURS = "only your own messages of the last 15 minutes can be changed."

WRITE_EDIT = "write the new text: /edit TEXT"
DELETE_MESSAGE_OF = "delete a message of"

ANOTHER_ROOM_NAME = "a room can't have this name, or one that looks like it. Choose another one."
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


def whois_more(rooms: Sequence[str], away: str) -> str:
    """Tell in which of the rooms the user is, too, and why the user is away, if that is so."""
    return (f", in {' '.join(rooms)}" if rooms else "") + (f", away: {away}" if away else "")


def away(text: str) -> str:
    """Tell a user what others are told; `text` is empty when the user is back."""
    return f"/whois says that you are away: {text}" if text else "/whois does not say any more that you are away."


def too_many_lines(most: int) -> str:
    return f"it has more than {most} lines"


def message_deleted(author: str, by: str) -> str:
    return f"{by} has deleted a message" + ("" if author == by else f" of {author}")


def write_argument(usage: str) -> str:
    return f"write what it needs: {usage}"


# Private rooms.

WRITE_PRIVATE = "write /private on or /private off"
PRIVATE_ALREADY = "this room is private already."
PUBLIC_ALREADY = "this room is public already."
NOW_PRIVATE = "{} is private now: only invited users can enter it. Write /invite NAME to invite one."
NOW_PUBLIC = "{} is public now: everybody can enter it and read what was written."
NOT_THE_DEFAULT_ROOM = "the default room is for everybody: write this in another room."
INVITED_ALREADY = "this user is invited already."
NOT_INVITED_YET = "this user is not invited."
REVOKE_FIRST = "this user is a moderator of this room: write /revoke NAME first."
NOT_INVITED = "you are not invited to this room any more"
ROOM_MODERATOR = "you are a moderator of {} now."
NO_ROOM_MODERATOR = "you are no longer a moderator of {}."
FOR_ROOM_MODERATORS = "Moderators of another room than the default one can use it there."


def too_many_roles(most: int) -> str:
    return f"{most} users are invited already."


def invited(name: str, room: str) -> str:
    return f"{name} can enter {room} now."


def invitation(by: str, room: str) -> str:
    return f"{by} has invited you: write /join {room}"


def uninvited(name: str, room: str) -> str:
    return f"{name} can't enter {room} any more while it is private."


def removed(room: str, default: str) -> str:
    """Tell a user with one room that it is another one."""
    return f"{NOT_INVITED}, {room}. You are in {default} now."


# Links that invite.

INVITE_ENDED = "this invitation can't be used any more. Ask for another one."
NO_INVITE = "there is no link with this number. /invites lists them."
INVITED_MEANWHILE = "another invitation was made at the same moment: try it again"
SERVER_LOST = "this server has lost the others. Join again, or at another server."
MOVE = "this server is closing: the chat goes on at another one"
NO_HTTP = "this port is for chat clients, and not for HTTP: `asyncchat serve --web PORT` is for browsers."
GIVEN_UP = "the other servers have not heard of this one for too long"
MAY_NOT_WRITE = "you may not write there any more"
NO_INVITES = "there are no links that invite. /invite makes one."
NO_LINK_TO_MAKE = (
    "only moderators of the server and the admin make links."
    " Write /invite NAME to let a registered user enter this room."
)
NO_LINK_TO_REVOKE = (
    "only moderators of the server and the admin revoke links. Write /uninvite NAME to withdraw an invitation."
)
NO_LINK_TO_PRIVATE = "no link leads into a private room: invite users with /invite NAME."


def invite(number: str, room: str, by: str, uses: int, until: str) -> str:
    return f"link {number} to {room} by {by}: {uses} more use{'s' * (uses != 1)}, until {until}"


def revoked(number: str) -> str:
    return f"link {number} can't be used any more."


def no_uses(excerpt: str) -> str:
    return f"{excerpt} is not how often a link can be used: write something like /invite 7d 10."
