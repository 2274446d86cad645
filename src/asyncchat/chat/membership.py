"""Who is in which room, and who is told when that changes."""

from collections.abc import Sequence
from functools import partial

from asyncchat.chat.directory import Directory
from asyncchat.chat.doubts import Doubt
from asyncchat.chat.user import Place, User
from asyncchat.errors import Refusal
from asyncchat.log.batch import Done
from asyncchat.log.entries import AnyEntry, Enter, Follow, Join, Leave, ReadRoom, Rename, SetRoomRole
from asyncchat.log.room_events import ANNOUNCED, Noted
from asyncchat.log.state import LOBBY, RoomRole
from asyncchat.text import room_texts


class Membership(Directory):
    """What happens when users enter and leave rooms; see ChatCore for the arguments."""

    def propose(self, entry: AnyEntry, done: Done | None = None) -> None:
        """Hand an entry to the log; once it is applied, `done` gets its result, or the Refusal if it was not."""
        if isinstance(entry, Join) and done:
            self.pipeline.join(entry, partial(self._joined, entry.member, done))
            return
        self.pipeline.propose(entry, done)
        if isinstance(entry, Rename):
            self.pipeline.commit()  # a command waits for it, and it costs nothing

    def _joined(self, member: int, done: Done, outcome: object) -> None:
        done(outcome)
        if not isinstance(outcome, Refusal) and not self.user_of(member):
            self.propose(Leave(member))  # the connection has ended meanwhile

    # Which rooms a registered user is in after the next login.

    def follow(self, user: User, room: str, after: int | None = None) -> None:
        """The user is in a room: also after the next login, if that is kept.

        after: the last message that was shown; without it, what was said before counts as read
        """
        if user.positions is not None and user.account:
            self.propose(Follow(user.account.id, room))
            self.read(user, room, self.state.rooms[room].seq if after is None else after)

    def unfollow(self, user: User, room: str) -> None:
        """The user has left a room."""
        if user.positions is not None and user.account:
            user.positions.pop(room, None)
            self.propose(Follow(user.account.id, room, follows=False))

    def read(self, user: User, room: str, seq: int) -> None:
        """The user has read the messages of a room up to the number `seq`, if that is kept."""
        seq = min(seq, self.state.rooms[room].seq)
        if user.positions is not None and user.account and seq > user.positions.get(room, 0):
            user.positions[room] = seq
            self.propose(ReadRoom(user.account.id, room, seq))

    # What follows when an entry is applied.

    def tell_entered(self, member: int, room: str, leaving: str | None) -> None:
        """A member has entered a room, and left another one, perhaps."""
        if user := self.user_of(member):
            if leaving is not None and leaving != room:
                self.tell_departed(user, leaving)
            self.pipeline.audience.enter(member, room, self.rooms_of(user))
            state = self.state.rooms[room]
            if user.resumable.token_hash:  # else it is never resumed
                user.resumable.rooms.setdefault(room, max(1, state.seq + 1 - self.history))

    def tell_departed(self, user: User, room: str) -> None:
        """The user is not in a room any more."""
        self.pipeline.audience.leave(user.member, room)
        user.resumable.rooms.pop(room, None)

    def part_uninvited(self, users: Sequence[User], rooms: Sequence[str]) -> None:
        """Tell those of the users who have lost their place in one of these rooms, which is private."""
        for user in users:
            for room in rooms:
                if room in self.pipeline.audience.rooms_of(user.member) and room not in self.rooms_of(user):
                    self._part(user, room)

    def _part(self, user: User, room: str) -> None:
        shown = self.state.rooms[room].shown if room in self.state.rooms else f"#{room}"
        self.tell_departed(user, room)
        user.output.parted(shown, "not-invited", room_texts.NOT_INVITED)
        if user.room != room:
            return
        if user.output.has_one_room:
            user.room = LOBBY
            user.resumable.doubts.add(Doubt.PLACE)  # what is being typed is for that room
            self.propose(Enter(user.member, LOBBY))
            user.notice(room_texts.removed(shown, self.room.shown))
        else:
            user.room = next(iter(self.rooms_of(user)), LOBBY)
            if user.target is Place.ROOM:
                user.set_target(Place.NOWHERE)

    def tell_away(self, user: User) -> None:
        """Tell the users of this server whether a user is away, in all rooms but large ones."""
        event = Noted(user.require_name(), away=user.resumable.away)
        for key in self.rooms_of(user):
            room = self.state.rooms[key]
            if len(room.members) <= ANNOUNCED:
                self.pipeline.audience.write([event], key, room.conversation, is_private=room.is_private)

    def tell_room_role(self, entry: SetRoomRole) -> None:
        """Tell a user of another role in a room."""
        account, room = self.state.account(entry.account), self.state.rooms.get(entry.room)
        user = self.find_user(account) if account else None
        if not user or not room:
            return
        is_in = entry.room in self.rooms_of(user)
        if is_in and RoomRole.MODERATOR in (entry.role, entry.was):
            user.output.rank(room.conversation, moderates=entry.role is RoomRole.MODERATOR)
        if entry.role is RoomRole.MODERATOR:
            user.notice(room_texts.ROOM_MODERATOR.format(room.shown))
        elif entry.was is RoomRole.MODERATOR:
            user.notice(room_texts.NO_ROOM_MODERATOR.format(room.shown))
        elif entry.role is RoomRole.INVITED and not is_in:
            user.output.invited(entry.by, room)

    def tell_privacy(self, room: str, *, is_private: bool) -> None:
        """Tell all members of a room whether it is private now."""
        if room in self.state.rooms:
            for user in self.users_in(room):
                text = room_texts.NOW_PRIVATE if is_private else room_texts.NOW_PUBLIC
                user.notice(text.format(self.state.rooms[room].shown))
