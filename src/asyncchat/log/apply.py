"""What each entry of the log does: the only code that changes the state.

It depends on the state and the entry alone: no clock, no local option, no order of a set. The same entries always give
the same state.
"""

from collections.abc import Sequence
from typing import assert_never

from asyncchat.log.accounts import Account, Role
from asyncchat.log.entries import (
    AnyEntry,
    Count,
    CreateAccount,
    DeleteAccount,
    Join,
    Leave,
    LiftRestriction,
    Logged,
    Mark,
    MarkRead,
    OpenConversation,
    Rename,
    Restrict,
    Seen,
    SendPrivate,
    SetRole,
    SetTopic,
    StorePassword,
    StoreToken,
)
from asyncchat.log.restrictions import RestrictionKind
from asyncchat.log.room_events import ConnectionReplaced, Event, Joined, Left, MemberCount, Reconnected, Renamed, Sent
from asyncchat.log.state import ChatState, Member
from asyncchat.text import texts
from asyncchat.text.refusals import Banned, IncorrectLogin, LoginTaken, NameTaken, NotKept, NotThere, WrongPassword
from asyncchat.text.usernames import SERVER, Name


def check(state: ChatState, entry: AnyEntry) -> None:
    """Raise Refusal if the state does not allow an entry (any more)."""
    match entry:
        case Join(name, _, time, network, account, token_hash):
            member = state.room.members.get(name.key)
            is_same = bool(member and _is_same(member, account, token_hash))
            _refuse_banned(state, name, time, "" if account or is_same else network)
            _require_account(state, account)
            if name.key == SERVER.key or (member and not is_same):
                raise NameTaken(name.shown)
        case Rename(number, new, account, time):
            _require_member(state, number)
            _refuse_banned(state, new, time)
            _require_account(state, account)
            if new.key == SERVER.key or new.key in state.room.members:
                raise NameTaken(new.shown)
        case CreateAccount(name, _, _, time, network):
            _refuse_banned(state, name, time, network)
            if state.accounts is None:
                raise NotKept(texts.NOTHING_KEPT)
            if state.accounts.find(name.key):
                raise LoginTaken
        case SendPrivate(one, other) | OpenConversation(one, other) | MarkRead(one, other):
            _require(state, one, other)
        case StoreToken(ident, checked):
            account_now = state.account(ident)
            if not account_now or account_now.password != checked:
                raise WrongPassword
        case StorePassword(ident) | Seen(ident) | DeleteAccount(ident) | SetRole(_, ident):
            _require(state, ident)
        case Leave(number):
            _require_member(state, number)
        case Count() | Mark() | Restrict() | LiftRestriction() | SetTopic():
            pass
        case _:
            assert_never(entry)


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
    if number not in state.room.keys:
        raise NotThere


def _require(state: ChatState, *accounts: int) -> None:
    if state.missing(accounts):
        raise NotKept(texts.NAME_UNREGISTERED)


def apply(state: ChatState, entry: Logged) -> Sequence[Event]:
    """Change the state as an entry says, and return the events for the room. Raises Refusal, see `check`."""
    if isinstance(entry, Sent):
        state.room.add([entry])
        return (entry,)
    check(state, entry)
    match entry:
        case Join(name, number, _, _, account, token_hash):
            return _join(state, Member(name, number, account, token_hash))
        case Rename(number, new, account, _):
            before = state.room.leave(number)
            state.room.enter(before._replace(name=new, account=account))
            return (Renamed(before.name, new, len(state.room.members)),)
        case Leave(number, is_news):
            name = state.room.leave(number).name
            return (Left(name, len(state.room.members), is_news),)
        case Count():
            return (MemberCount(len(state.room.members)),)
        case SendPrivate() | OpenConversation() | MarkRead() | Mark():
            pass  # the state has no private messages: they are in the store alone
        case Restrict() | LiftRestriction():
            _change_order(state, entry)
        case SetTopic(_, text):
            state.room.topic = text
        case CreateAccount() | StoreToken() | StorePassword() | Seen() | DeleteAccount() | SetRole():
            _change_accounts(state, entry)
        case _:
            assert_never(entry)
    return ()


def _join(state: ChatState, member: Member) -> Sequence[Event]:
    returns = member.name.key in state.room.members
    state.room.enter(member)
    if returns:
        return ConnectionReplaced(member.name), Reconnected(member.name)
    return (Joined(member.name, len(state.room.members)),)


def _change_order(state: ChatState, entry: Restrict | LiftRestriction) -> None:
    match entry:
        case Restrict(_, restriction, _, time):
            state.restrictions.remove_ended(time)
            state.restrictions.add(restriction)
        case LiftRestriction(_, kind, name):
            state.restrictions.remove(kind, name.key)
        case _:
            assert_never(entry)


def _change_accounts(
    state: ChatState, entry: CreateAccount | StoreToken | StorePassword | Seen | DeleteAccount | SetRole
) -> None:
    accounts = state.accounts
    assert accounts  # else `check` has refused the entry
    if isinstance(entry, CreateAccount):
        account = Account(accounts.next_id, entry.name, entry.password, Role.REGISTERED)
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
    if member := state.room.members.get(name.key):
        state.room.members[name.key] = member._replace(account=account)
