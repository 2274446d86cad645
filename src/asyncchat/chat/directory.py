"""The state of the chat as commands and sessions read it: rooms, accounts, who is online, and who may have a name."""

from collections.abc import Callable

from asyncchat.chat.user import User
from asyncchat.errors import Refusal
from asyncchat.log.accounts import ADMIN, Account, Accounts, Role
from asyncchat.log.pipeline import Pipeline
from asyncchat.log.restrictions import RestrictionKind, Restrictions
from asyncchat.log.room_events import Sent
from asyncchat.log.state import LOBBY, Member, RoomRole, RoomState
from asyncchat.text import room_texts, texts
from asyncchat.text.confusables import ConfusableIndex, looks_of
from asyncchat.text.networks import network_written
from asyncchat.text.refusals import Banned, Muted
from asyncchat.text.usernames import SERVER, Name, NameRefused, NameReserved, find_name, parse_name

_RESERVED = ConfusableIndex(SERVER, parse_name(ADMIN))


class Directory:
    """What is known of rooms, accounts and users; see ChatCore for the arguments.

    default_room: the name of the default room
    online: the users of this server, by the keys of their names
    reserved: keys of further names that are the chat's own
    """

    def __init__(self, pipeline: Pipeline, clock: Callable[[], int], history: int) -> None:
        self.pipeline = pipeline
        self.state = pipeline.state
        self.clock = clock
        self.history = history
        self.default_room = parse_name(pipeline.state.room.shown[1:])
        self.online: dict[str, User] = {}
        self.reserved: set[str] = set()
        self._looks_of_rooms: dict[str, tuple[str, ...]] = {}

    @property
    def room(self) -> RoomState:
        """The default room."""
        return self.state.room

    @property
    def accounts(self) -> Accounts | None:
        """The accounts; None without a store."""
        return self.state.accounts

    def require_accounts(self) -> Accounts:
        """Return the accounts. Raises Refusal if there is no store."""
        if self.accounts is None:
            raise Refusal("no-store", texts.NO_STORE)
        return self.accounts

    @property
    def restrictions(self) -> Restrictions:
        """Bans and mutes."""
        return self.state.restrictions

    @property
    def epoch(self) -> str:
        """Identifies the life of the conversation; see Log."""
        return self.pipeline.log.epoch

    @property
    def is_stored(self) -> bool:
        """Whether messages are stored, and outlive the server."""
        return self.pipeline.log.is_archive

    def last(self, most: int | None = None, room: str = LOBBY) -> list[Sent]:
        """Return the last messages of a room for a newcomer, at most `most`."""
        return self.state.rooms[room].newest(self.history if most is None else min(most, self.history))

    def conversation_of(self, user: User) -> str:
        """Return how JSON events name the room where the user's messages go."""
        return self.state.rooms[user.room].conversation

    def rooms_of(self, user: User) -> tuple[str, ...]:
        """Return the keys of the rooms that the user is in."""
        return self.state.members[user.require_name().key].rooms

    def find_room(self, wanted: str, account: Account | None) -> str | None:
        """Return the key of the room with this name, with or without the leading #, if `account` may know of it."""
        if not wanted:
            return LOBBY
        name = find_name(wanted.removeprefix("#"))
        if name and name.key == self.default_room.key:
            return LOBBY
        if name and self.state.may_enter(name.key, account.id if account else None):
            return self.state.rooms[name.key].key
        return None

    def visible_rooms(self, account: Account | None) -> list[RoomState]:
        """Return the rooms of which the owner of `account` may know."""
        return [
            self.state.rooms[key] for key in self.state.enterable(self.state.rooms, account.id if account else None)
        ]

    def refuse_room_name(self, name: Name) -> None:
        """Raise Refusal if a room has this name, or one that looks like it, or if it is reserved.

        The answer is the same for all of these: it must not tell that there is a private room.
        """
        looks = set(looks_of(name))
        if len(self._looks_of_rooms) > 2 * len(self.state.rooms):
            self._looks_of_rooms.clear()
        for key, room in self.state.rooms.items():
            if key not in self._looks_of_rooms:
                self._looks_of_rooms[key] = looks_of(Name(room.shown[1:], key))
            if not looks.isdisjoint(self._looks_of_rooms[key]):
                raise Refusal("name-refused", room_texts.ANOTHER_ROOM_NAME)

    def moderates(self, user: User, room: str) -> bool:
        """Tell whether the user is a moderator of the server, or of the room with this key."""
        return bool(user.account) and self.rank_in(room, user.require_name()) >= Role.MODERATOR

    def rank_in(self, room: str, name: Name) -> Role:
        """Return the role of the user with this name; that of a moderator, if it is one of the room with this key."""
        account = self.find_account(name)
        if account and self.state.rooms[room].roles.get(account.id) is RoomRole.MODERATOR:
            return max(account.role, Role.MODERATOR)
        return self.role_of(name)

    # Who is online.

    def find_account(self, name: Name) -> Account | None:
        """Return the account that has this name."""
        return self.accounts.find(name.key) if self.accounts else None

    def find_user(self, account: Account) -> User | None:
        """Return the user of an account who is online."""
        user = self.online.get(account.name.key)
        return user if user and user.account is account else None

    def find_member(self, name: Name) -> Member | None:
        """Return the member with this name, on whichever server."""
        return self.state.members.get(name.key)

    def role_of(self, name: Name) -> Role:
        """Return the role of the user with this name."""
        account = self.find_account(name)
        return account.role if account else Role.GUEST

    def is_author(self, user: User, message: Sent) -> bool:
        """Tell whether the user has sent a message, and not somebody who had the name before."""
        if message.name.key != user.require_name().key:
            return False
        session = user.resumable
        if message.token_hash and message.token_hash == session.token_hash:
            return True
        if user.account:
            return message.time >= user.account.made
        return not message.token_hash and message.time >= user.since

    def users_in(self, room: str) -> list[User]:
        """Return the users who are in the room with this key."""
        return [self.online[key] for key in self.state.rooms[room].members if key in self.online]

    def user_of(self, member: int) -> User | None:
        """Return the user with this connection, by its number in the log."""
        key = self.state.keys.get(member)
        user = self.online.get(key) if key is not None else None
        return user if user and user.member == member else None

    # Checks of names.

    def refuse_reserved(self, name: Name) -> None:
        """Raise NameReserved if only the server may use `name`."""
        # With a store, admin is an account like others.
        if name.key == SERVER.key or name.key in self.reserved or (name.key == ADMIN and not self.accounts):
            raise NameReserved

    def refuse_confusable(self, name: Name, own: Name | None = None) -> None:
        """Raise NameRefused if `name` looks like one that is registered, reserved, or online, unless that is `own`."""
        if network_written(name.shown):
            raise NameRefused(texts.LOOKS_LIKE_ADDRESS)
        for other, whose in (
            (self.accounts and self.accounts.find_confusable(name), texts.IS_REGISTERED),
            (_RESERVED.find(name), texts.IS_RESERVED),
            (self.state.looks.find(name, own), texts.IS_ONLINE),
        ):
            if other:
                raise NameRefused(texts.looks_like(other.shown, whose))

    def is_banned(self, name: Name) -> bool:
        """Tell whether this name is banned."""
        return bool(self.restrictions.find(RestrictionKind.BAN, name.key, self.clock()))

    def is_muted(self, name: Name, room: str) -> bool:
        """Tell whether this name is muted in a room."""
        # Called for each message, and a mute is rare: so the clock is read only if there is one.
        return self.restrictions.has_any(RestrictionKind.MUTE) and bool(
            self.restrictions.find(RestrictionKind.MUTE, name.key, self.clock(), room)
        )

    def refuse_banned(self, name: Name) -> None:
        """Raise Banned if this name is."""
        if self.is_banned(name):
            raise Banned

    def refuse_muted(self, name: Name, room: str | None = None) -> None:
        """Raise Muted if this name is in a room, or, without `room`, in any."""
        if self.restrictions.is_muted_anywhere(name.key, self.clock()) if room is None else self.is_muted(name, room):
            raise Muted

    def is_address_banned(self, address: str) -> bool:
        """Tell whether guests from `address` may not join."""
        return self.restrictions.is_address_banned(address, self.clock())
