"""What each entry of the log changes in the tables of a store."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Protocol

from asyncchat.log.accounts import Role
from asyncchat.log.entries import (
    AnyEntry,
    ChangeMessage,
    ChangePrivate,
    CreateAccount,
    DeleteAccount,
    Follow,
    LiftRestriction,
    MakeInvite,
    MakeRoom,
    MarkRead,
    OpenConversation,
    ReadRoom,
    Restrict,
    RevokeInvite,
    Seen,
    SendPrivate,
    SetPrivate,
    SetRole,
    SetRoomRole,
    SetTopic,
    StorePassword,
    StoreToken,
    UseInvite,
)
from asyncchat.log.room_events import Sent
from asyncchat.log.state import RoomRole
from asyncchat.store.database import Database
from asyncchat.store.file import Retention
from asyncchat.store.tables import old_texts
from asyncchat.store.tables.accounts import AccountStore
from asyncchat.store.tables.messages import MessageStore
from asyncchat.store.tables.moderation import PUBLIC, ModerationStore
from asyncchat.store.tables.private_messages import PrivateMessageStore
from asyncchat.store.tables.rooms import RoomStore
from asyncchat.text.usernames import Name


class Messages(Protocol):
    """The messages of the default room."""

    def write(self, rows: Sequence[Sent], /) -> None:
        """Keep messages."""
        ...

    def change(self, seq: int, text: str, time: int, /) -> None:
        """Give a message another text, if it is kept. Raises NoMessage if it is deleted."""
        ...


class Tables:
    """Keeps entries by `connection`, in a transaction of its caller's.

    keep: which private messages are kept
    clock: tells the time that is trusted, in milliseconds since 1970
    """

    messages: Messages

    def __init__(self, connection: Database, keep: Retention, clock: Callable[[], int]) -> None:
        self.accounts = AccountStore(connection)
        self.private_messages = PrivateMessageStore(connection, keep, clock)
        self.moderation = ModerationStore(connection)
        self.rooms = RoomStore(connection, keep, clock)

    def write_messages(self, messages: Sequence[Sent]) -> None:
        """Keep messages of one room. Raises what the database raises."""
        if messages[0].room:
            self.rooms.write(messages)
        else:
            self.messages.write(messages)

    def write(self, entry: AnyEntry) -> object:
        """Keep another entry, and return its result.

        Raises Refusal, before anything is written, and what the database raises.
        """
        accounts, moderation = self.accounts, self.moderation
        match entry:
            case SendPrivate():
                return self.private_messages.send(entry)
            case ChangePrivate():
                self.private_messages.change(entry)
            case OpenConversation(who, other, after):
                return self.private_messages.open(who, other, after)
            case MarkRead(who, other, seq):
                self.private_messages.mark_read(who, other, seq)
            case CreateAccount(name, password, token_hash, time):
                accounts.create(name, password, token_hash, time)
            case StoreToken(account, _, token_hash, time, password):
                if password:
                    accounts.set_password(account, password)
                accounts.store_token(account, token_hash, time)
            case StorePassword(account, password, token_hash):
                accounts.set_password(account, password)
                accounts.revoke_tokens(account, except_=token_hash)
            case Seen(account, time):
                accounts.set_seen(account, time)
            case DeleteAccount(account, time):
                self.private_messages.delete_all_of(account)
                self.rooms.unfollow_all(account)
                accounts.delete(account, time)
            case SetRole(by, account, role, time):
                shown = accounts.set_role(account, role)
                moderation.audit(by, "grant" if role == Role.MODERATOR else "revoke", shown, time)
            case Restrict(by, restriction, action, time):
                moderation.restrict(restriction, time)
                self._audit(by, action, str(restriction), time, restriction.room)
            case MakeInvite(by, invite, time):
                moderation.keep_invite(invite)
                moderation.audit(by, "invite", f"{invite.number} to {invite.room}", time, PUBLIC + invite.room_key)
            case UseInvite(key_hash):
                moderation.use_invite(key_hash)
            case RevokeInvite(by, number, time):
                moderation.revoke_invite(number)
                moderation.audit(by, "uninvite", f"{number}", time)
            case LiftRestriction(by, kind, name, time, room):
                moderation.lift(kind, name, room)
                self._audit(by, f"un{kind}", name.shown, time, room)
            case _:
                self._write_of_room(entry)
        return None

    def _write_of_room(self, entry: AnyEntry) -> None:
        match entry:
            case SetTopic(by, text, time, room):
                if room:
                    self.rooms.set_topic(room, text)
                else:
                    self.moderation.set_topic(text)
                self._audit(by, "topic", text, time, room)
            case ChangeMessage(room, seq, author, by, text, time):
                if room:
                    self.rooms.change(room, seq, text, time)
                else:
                    self.messages.change(seq, text, time)
                if author.key != by.key:
                    self._audit(by, "delete", f"{seq} of {author.shown}", time, room)
            case Follow(account, room, follows):
                if follows:
                    self.rooms.follow(account, room)
                else:
                    self.rooms.unfollow(account, room)
            case ReadRoom(account, room, seq):
                self.rooms.read(account, room, seq)
            case MakeRoom(_, name, by, time, account=maker):
                self.rooms.make(name, by, time, maker)
            case SetPrivate(by, room, is_private, invited, time):
                self.rooms.set_private(room, invited, is_private=is_private)
                if is_private:
                    self.moderation.revoke_invites_to(room)
                    self.moderation.hide_acts_in(room)
                self.moderation.audit(by, "private" if is_private else "public", f"#{room}", time, room)
            case SetRoomRole(by, room, account, name, role, time):
                was = self.rooms.set_role(room, account, role)
                self._audit(by, _room_action(was, role), name.shown, time, room)

    def _audit(self, by: Name, action: str, what: str, time: int, room: str) -> None:
        """Add to the audit log what was done in a room, or, without `room`, on the server."""
        if room:
            what = f"#{room} {what}"
            room = room if self.rooms.is_private(room) else PUBLIC + room
        self.moderation.audit(by, action, what, time, room)


class EntryStore(Tables):
    """The tables in SQLite."""

    messages: MessageStore

    def __init__(self, connection: sqlite3.Connection, keep: Retention, clock: Callable[[], int]) -> None:
        super().__init__(connection, keep, clock)
        self._connection = connection
        self.messages = MessageStore(connection, clock)

    def write(self, entry: AnyEntry) -> object:
        """Keep an entry; see Tables."""
        if isinstance(entry, ChangeMessage | ChangePrivate | DeleteAccount):
            old_texts.note_change(self._connection)
        return super().write(entry)


def _room_action(before: RoomRole | None, role: RoomRole | None) -> str:
    if role is RoomRole.MODERATOR:
        return "grant"
    if before is RoomRole.MODERATOR:
        return "revoke"
    return "uninvite" if role is None else "invite"
