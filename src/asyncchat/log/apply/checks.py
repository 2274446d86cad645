"""What the state allows: whether an entry can be applied (any more)."""

from typing import assert_never

from asyncchat.log.entries import (
    AnyEntry,
    ChangeMessage,
    ChangePrivate,
    Count,
    CreateAccount,
    DeleteAccount,
    Depart,
    Enter,
    Follow,
    Join,
    Leave,
    LiftRestriction,
    MakeInvite,
    MakeRoom,
    Mark,
    MarkRead,
    OpenConversation,
    ReadRoom,
    Rename,
    Restrict,
    RevokeInvite,
    Seen,
    SendPrivate,
    ServerLost,
    SetPrivate,
    SetRole,
    SetRoomRole,
    SetTopic,
    StorePassword,
    StoreToken,
    UseInvite,
    life_of,
)
from asyncchat.log.restrictions import Restriction, RestrictionKind
from asyncchat.log.room_events import MOST_ROOMS, Sent
from asyncchat.log.state import LOBBY, ChatState, Member
from asyncchat.text import room_texts, texts
from asyncchat.text.refusals import (
    Banned,
    IncorrectLogin,
    LoginTaken,
    NameTaken,
    NoMessage,
    NoRoom,
    NotKept,
    NotThere,
    PrivateRoom,
    TooManyRooms,
    WrongPassword,
)
from asyncchat.text.usernames import SERVER, Name


def check(state: ChatState, entry: AnyEntry) -> None:
    """Raise Refusal if the state does not allow an entry (any more)."""
    match entry:
        case Join(name, _, time, network, account, token_hash):
            member = state.members.get(name.key)
            is_same = bool(member and _is_same(member, account, token_hash))
            _refuse_banned(state, name, time, "" if account or is_same else network)
            _require_account(state, account)
            if name.key == SERVER.key or (member and not is_same):
                raise NameTaken(name.shown)
        case Rename(number, new, account, time):
            _require_member(state, number)
            _refuse_banned(state, new, time)
            _require_account(state, account)
            if new.key == SERVER.key or (new.key in state.members and new.key != state.keys[number]):
                raise NameTaken(new.shown)
        case CreateAccount(name, _, _, time, network):
            _refuse_banned(state, name, time, network)
            if state.accounts is None:
                raise NotKept(texts.NOTHING_KEPT)
            if state.accounts.find(name.key):
                raise LoginTaken
        case SendPrivate(one, other) | ChangePrivate(one, other) | OpenConversation(one, other) | MarkRead(one, other):
            _require(state, one, other)
        case StoreToken(ident, checked):
            account_now = state.account(ident)
            if not account_now or account_now.password != checked:
                raise WrongPassword
        case StorePassword(ident) | Seen(ident) | DeleteAccount(ident) | SetRole(_, ident):
            _require(state, ident)
        case Leave(number):
            _require_member(state, number)
        case Enter(number, room, leaving):
            if room not in state.rooms:
                raise NoRoom
            _check_entering(state, number, room, leaving)
        case MakeRoom(number, name, _, _, most, leaving):
            if name.key not in state.rooms and len(state.rooms) >= most:
                raise TooManyRooms(room_texts.TOO_MANY_ROOMS)
            _check_entering(state, number, name.key, leaving)
        case Depart(number, room):
            _require_member(state, number)
            if room not in state.member(number).rooms:
                raise NoRoom(room_texts.NOT_IN_ROOM)
        case SetTopic(by, room=room, time=time) | SetPrivate(by, room, time=time) | SetRoomRole(by, room, time=time):
            _check_acting(state, by, room, time)
            if isinstance(entry, SetRoomRole):
                _require(state, entry.account)
        case Restrict(by, Restriction(room=room), time=time) | LiftRestriction(by, room=room, time=time):
            _check_acting(state, by, room, time)
        case ChangeMessage(room, seq, by=by, time=time):
            _check_acting(state, by, room, time)
            if (message := state.rooms[room].find(seq)) and not message.text:
                raise NoMessage
        case Follow(account, room) | ReadRoom(account, room):
            _require(state, account)
            if not state.may_enter(room, account):
                raise NoRoom
        case UseInvite(key_hash, time):
            state.invites.require(key_hash, time)
        case RevokeInvite(_, number):
            state.invites.numbered(number)
        case MakeInvite(_, invite):
            if invite.number <= state.invites.last:
                raise NotKept(room_texts.INVITED_MEANWHILE)
            if (place := state.rooms.get(invite.room_key)) and place.is_private:
                raise PrivateRoom
        case Count() | Mark() | ServerLost():
            pass
        case _:
            assert_never(entry)


def may_say(state: ChatState, message: Sent, life: int) -> bool:
    """Tell whether the sender of a message is still here, in the room, and may write in it.

    life: that of the server to which the sender is connected
    """
    member, restrictions, key = state.members.get(message.name.key), state.restrictions, message.name.key
    return (
        member is not None
        and life_of(member.number) == life
        and message.room in member.rooms
        and not restrictions.find(RestrictionKind.BAN, key, message.time)
        and not restrictions.find(RestrictionKind.MUTE, key, message.time, message.room)
    )


def _check_acting(state: ChatState, by: Name, room: str, time: int) -> None:
    """Raise Refusal if a user may not change anything in a room, since the user is not there any more."""
    _refuse_banned(state, by, time)
    if room not in state.rooms:
        raise NoRoom
    if room != LOBBY and by.key not in state.rooms[room].members:
        raise NoRoom(room_texts.NOT_IN_ROOM)


def _is_same(member: Member, account: int | None, token_hash: bytes) -> bool:
    if account is not None:
        return member.account == account
    return member.account is None and bool(token_hash) and member.token_hash == token_hash


def _refuse_banned(state: ChatState, name: Name, time: int, network: str = "") -> None:
    bans, kind = state.restrictions, RestrictionKind.BAN
    if bans.has_any(kind) and (bans.find(kind, name.key, time) or bans.is_address_banned(network, time)):
        raise Banned


def _require_account(state: ChatState, account: int | None) -> None:
    if account is not None and not state.account(account):
        raise IncorrectLogin


def _require_member(state: ChatState, number: int) -> None:
    if number not in state.keys:
        raise NotThere


def _check_entering(state: ChatState, number: int, room: str, leaving: str | None) -> None:
    _require_member(state, number)
    if room in state.rooms and not state.may_enter(room, state.member(number).account):
        raise NoRoom
    stays_in = [other for other in state.member(number).rooms if other not in {room, leaving}]
    if len(stays_in) >= MOST_ROOMS:
        raise TooManyRooms(room_texts.in_too_many_rooms(MOST_ROOMS))


def _require(state: ChatState, *accounts: int) -> None:
    if state.missing(accounts):
        raise NotKept(texts.NAME_UNREGISTERED)
