"""What each entry changes in the state, and which events the rooms get."""

from collections.abc import Sequence
from typing import assert_never

from asyncchat.log.accounts import Account, Role
from asyncchat.log.apply.checks import check
from asyncchat.log.entries import (
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
    Logged,
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
from asyncchat.log.restrictions import RestrictionKind
from asyncchat.log.room_events import (
    ANNOUNCED,
    Changed,
    ConnectionReplaced,
    Event,
    Joined,
    Left,
    MemberCount,
    Noted,
    Reconnected,
    Removed,
    Renamed,
    Sent,
)
from asyncchat.log.state import LOBBY, ChatState, Member, RoomRole, RoomState
from asyncchat.text.usernames import Name

Told = tuple[str, Event]
"""An event, and the key of the room whose members get it."""


def apply(state: ChatState, entry: Logged) -> Sequence[Told]:
    """Change the state as an entry says, and return the events for the rooms. Raises Refusal, see `check`."""
    if isinstance(entry, Sent):
        state.rooms[entry.room].add([entry])
        return ((entry.room, entry),)
    check(state, entry)
    match entry:
        case Join(name, number, _, network, account, token_hash):
            before = state.members.get(name.key)
            stays_in = before.rooms if before else ()
            found = rooms_after(state, entry)
            return _join(state, Member(name, number, account, token_hash, found, network), stays_in)
        case Rename(number, new, account, _):
            return _rename(state, number, new, account)
        case Leave(number, is_news):
            return _leave(state, number, is_news=is_news)
        case ServerLost(life):
            lost = sorted(number for number in state.keys if life_of(number) == life)
            return [told for number in lost for told in _leave(state, number)]
        case Enter(number, room, leaving):
            return _enter(state, number, room, leaving)
        case MakeRoom(number, name, leaving=leaving, account=maker):
            if name.key not in state.rooms:
                state.rooms[name.key] = made = RoomState(state.remembered, name=name.shown, key=name.key)
                if maker is not None:
                    made.roles[maker] = RoomRole.MODERATOR
            return _enter(state, number, name.key, leaving)
        case Depart(number, room):
            member = state.member(number)
            state.replace(member._replace(rooms=tuple(other for other in member.rooms if other != room)))
            return (_vacate(state, room, member.name, has_quit=False),)
        case Count(room):
            return ((room, MemberCount(len(state.rooms[room].members))),) if room in state.rooms else ()
        case SendPrivate() | ChangePrivate() | OpenConversation() | MarkRead() | Follow() | ReadRoom() | Mark():
            pass  # private messages, and what was read, are in the store alone
        case SetPrivate(_, room, is_private, invited):
            state.rooms[room].is_private = is_private
            if is_private:
                state.invites.revoke_all_to(room)
            for account in filter(state.account, invited):
                state.rooms[room].roles.setdefault(account, RoomRole.INVITED)
            return _vacate_uninvited(state, room)
        case SetRoomRole(by, room, account, _, role):
            roles = state.rooms[room].roles
            was_moderator = roles.get(account) is RoomRole.MODERATOR
            if role is None:
                roles.pop(account, None)
            else:
                roles[account] = role
            is_moderator = role is RoomRole.MODERATOR
            of = state.account(account)
            told = _noted(state, of.name, by, is_moderator=is_moderator) if of and is_moderator != was_moderator else []
            return [*[each for each in told if each[0] == room], *_vacate_uninvited(state, room)]
        case Restrict(by, restriction, action, time):
            state.restrictions.remove_ended(time)
            state.restrictions.add(restriction)
            if restriction.kind == RestrictionKind.BAN and (banned := state.members.get(restriction.name.key)):
                state.replace(banned._replace(is_removed=True))
                return [(room, Removed(banned.name, by, action)) for room in banned.rooms]
        case LiftRestriction(_, kind, name, _, room):
            state.restrictions.remove(kind, name.key, room)
        case MakeInvite(_, invite):
            state.invites.add(invite)
        case UseInvite(key_hash, time):
            state.invites.use(key_hash, time)
        case RevokeInvite(_, number):
            state.invites.revoke(number)
        case ChangeMessage(room, seq, author, by, text, time):
            if message := state.rooms[room].find(seq):
                state.rooms[room].change(message._replace(text=text, changed=time))
            return ((room, Changed(seq, author, by, text)),)
        case SetTopic(by, text, time, room):
            state.rooms[room].topic, state.rooms[room].topic_set = text, (by, time)
        case DeleteAccount(account):
            assert state.accounts
            owner = state.accounts.of(account).name
            _change_accounts(state, entry)
            had = [key for key, room in state.rooms.items() if room.roles.pop(account, None) is not None]
            return [*_noted(state, owner), *[told for room in had for told in _vacate_uninvited(state, room)]]
        case CreateAccount(name):
            _change_accounts(state, entry)
            return _noted(state, name)
        case SetRole(by, account, role):
            _change_accounts(state, entry)
            assert state.accounts
            owner = state.accounts.of(account).name
            return _noted(state, owner, by, is_moderator=role >= Role.MODERATOR)
        case StoreToken() | StorePassword() | Seen():
            _change_accounts(state, entry)
        case _:
            assert_never(entry)
    return ()


def rooms_after(state: ChatState, join: Join) -> tuple[str, ...]:
    """Return the rooms in which a member is after a join, by their keys."""
    before = state.members.get(join.name.key)
    # Not out of rooms at once: messages of this user may be on their way to them.
    wanted = dict.fromkeys((*(before.rooms if before else ()), *join.rooms))
    return state.enterable(wanted, join.account) or ((LOBBY,) if wanted else ())


def _noted(state: ChatState, name: Name, by: Name | None = None, *, is_moderator: bool = False) -> list[Told]:
    """Return what the rooms are told of a member whose account or role is another one, without the large rooms."""
    member = state.members.get(name.key)
    if not member:
        return []
    event = Noted(member.name, by, is_moderator)
    return [(room, event) for room in member.rooms if len(state.rooms[room].members) <= ANNOUNCED]


def _leave(state: ChatState, number: int, *, is_news: bool = True) -> Sequence[Told]:
    member = state.remove(number)
    return [_vacate(state, room, member.name, is_news=is_news, is_removed=member.is_removed) for room in member.rooms]


def _join(state: ChatState, member: Member, stays_in: Sequence[str]) -> Sequence[Told]:
    name = member.name
    state.replace(member)
    told: list[Told] = []
    for room in member.rooms:
        if room in stays_in:
            state.rooms[room].members[name.key] = name
            told += [(room, ConnectionReplaced(name)), (room, Reconnected(name))]
        else:
            told.append(_occupy(state, room, name))
    return told


def _rename(state: ChatState, number: int, new: Name, account: int | None) -> Sequence[Told]:
    before = state.remove(number)
    state.replace(before._replace(name=new, account=account))
    told: list[Told] = []
    for room in before.rooms:
        members = state.rooms[room].members
        del members[before.name.key]
        members[new.key] = new
        told.append((room, Renamed(before.name, new, len(members))))
    return told


def _enter(state: ChatState, number: int, room: str, leaving: str | None) -> Sequence[Told]:
    member = state.member(number)
    told: list[Told] = []
    if leaving in member.rooms and leaving != room:
        told.append(_vacate(state, leaving, member.name, has_quit=False))
    if room not in member.rooms:
        told.append(_occupy(state, room, member.name))
    stays_in = [other for other in member.rooms if other not in {room, leaving}]
    state.replace(member._replace(rooms=(*stays_in, room)))
    return told


def _occupy(state: ChatState, room: str, name: Name) -> Told:
    members = state.rooms[room].members
    members[name.key] = name
    return room, Joined(name, len(members))


def _vacate(
    state: ChatState, room: str, name: Name, *, is_news: bool = True, has_quit: bool = True, is_removed: bool = False
) -> Told:
    return room, Left(name, len(state.vacate(room, name).members), is_news, has_quit, is_removed)


def _vacate_uninvited(state: ChatState, room: str) -> Sequence[Told]:
    """Let those leave a private room who have no role in it."""
    if not state.rooms[room].is_private:
        return ()
    if not state.rooms[room].members:
        state.forget_idle(room)
        return ()
    members = [state.members[key] for key in state.rooms[room].members]
    told = []
    for member in members:
        if not state.may_enter(room, member.account):
            state.replace(member._replace(rooms=tuple(other for other in member.rooms if other != room)))
            told.append(_vacate(state, room, member.name, has_quit=False))
            if room not in state.rooms:
                break
    return told


def _change_accounts(
    state: ChatState, entry: CreateAccount | StoreToken | StorePassword | Seen | DeleteAccount | SetRole
) -> None:
    accounts = state.accounts
    assert accounts  # else `check` has refused the entry
    if isinstance(entry, CreateAccount):
        account = Account(accounts.next_id, entry.name, entry.password, Role.REGISTERED, made=entry.time)
        accounts.add(account)
        _set_member_account(state, entry.name, account.id)
        return
    account = accounts.of(entry.account)
    match entry:
        case StoreToken(password=password):
            account.password = password or account.password
        case StorePassword(_, password):
            account.password = password
        case Seen(_, time):
            account.seen = time
        case DeleteAccount(_, time):
            accounts.remove(account, time)
            _set_member_account(state, account.name, None)
        case SetRole(_, _, role):
            account.role = role
        case _:
            assert_never(entry)


def _set_member_account(state: ChatState, name: Name, account: int | None) -> None:
    if member := state.members.get(name.key):
        state.members[name.key] = member._replace(account=account)
