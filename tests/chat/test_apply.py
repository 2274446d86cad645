"""Whoever applies the same entries has the same state: in another process, and from a snapshot on, too."""

import pickle
import subprocess
import sys
from collections.abc import Sequence
from enum import Enum
from typing import Any

import pytest
from hypothesis import given, strategies as st

from asyncchat.errors import Refusal
from asyncchat.log.accounts import Account, Accounts, Role
from asyncchat.log.apply import apply
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
    SendPrivate,
    SetPrivate,
    SetRole,
    SetRoomRole,
    SetTopic,
    StorePassword,
    StoreToken,
    UseInvite,
)
from asyncchat.log.invites import Invite
from asyncchat.log.restrictions import Action, Restriction, RestrictionKind
from asyncchat.log.room_events import Sent
from asyncchat.log.state import ChatState, RoomRole, RoomState
from asyncchat.text.refusals import LoginTaken
from asyncchat.text.usernames import parse_name

NAMES = [parse_name(name) for name in ("alice", "Alice", "bob", "Zoé", "Server")]
names = st.sampled_from(NAMES)
members = st.integers(1, 6)
rooms = st.sampled_from(["", "alice", "bob", "nowhere"])
accounts = st.integers(1, 3)
tokens = st.sampled_from([b"", b"one", b"other"])
times = st.integers(0, 50)
networks = st.sampled_from(["", "192.0.2.1"])
hashes = st.sampled_from(["hash", "another"])
roles = st.sampled_from([Role.REGISTERED, Role.MODERATOR])
restrictions = st.builds(
    Restriction,
    st.sampled_from(RestrictionKind),
    names,
    networks,
    st.none() | times,
    st.sampled_from([Role.MODERATOR, Role.ADMIN]),
)
entries: st.SearchStrategy[AnyEntry] = st.one_of(
    st.builds(Join, names, members, times, networks, st.none() | accounts, tokens, st.lists(rooms).map(tuple)),
    st.builds(Rename, members, names, accounts, times),
    st.builds(Leave, members),
    st.builds(Enter, members, rooms, st.none() | rooms),
    st.builds(MakeRoom, members, names, names, times, st.just(2), st.none() | rooms, st.none() | accounts),
    st.builds(Depart, members, rooms),
    st.builds(Count, rooms),
    st.just(Count()),
    st.just(Mark()),
    st.builds(SendPrivate, accounts, accounts, st.just("hello"), times),
    st.builds(ChangePrivate, accounts, accounts, st.just(1), st.sampled_from(["", "text"]), times),
    st.builds(OpenConversation, accounts, accounts),
    st.builds(MarkRead, accounts, accounts, st.just(1)),
    st.builds(CreateAccount, names, hashes, tokens, times, networks),
    st.builds(StoreToken, accounts, hashes, tokens, times, st.none() | hashes),
    st.builds(StorePassword, accounts, hashes, tokens),
    st.builds(DeleteAccount, accounts, times),
    st.builds(SetRole, names, accounts, roles, times),
    st.builds(Restrict, names, restrictions, st.sampled_from(Action), times),
    st.builds(LiftRestriction, names, st.sampled_from(RestrictionKind), names, times),
    st.builds(ChangeMessage, rooms, st.integers(1, 5), names, names, st.sampled_from(["", "text"]), times),
    st.builds(Follow, accounts, rooms, st.booleans()),
    st.builds(ReadRoom, accounts, rooms, times),
    st.builds(SetPrivate, names, rooms, st.booleans(), st.lists(accounts).map(tuple), times),
    st.builds(SetRoomRole, names, rooms, accounts, names, st.none() | st.sampled_from(RoomRole), times),
    st.builds(MakeInvite, names, st.builds(Invite, members, tokens, hashes, hashes, members, times), times),
    st.builds(UseInvite, tokens, times),
    st.builds(RevokeInvite, names, members, times),
    st.builds(SetTopic, names, st.text(max_size=3), times, rooms),
)


def a_state() -> ChatState:
    return ChatState(RoomState(3), Accounts())


def fold(state: ChatState, log: Sequence[Logged]) -> list[object]:
    """Apply a log; return what each entry has brought."""
    outcomes: list[object] = []
    for entry in log:
        try:
            outcomes.append(apply(state, entry))
        except Refusal as refusal:
            outcomes.append((refusal.code, str(refusal)))
    return outcomes


def shown(state: ChatState) -> str:
    """Return all that is in a state, in its order."""

    def plain(value: object) -> object:
        if isinstance(value, Enum):
            return value.name
        if isinstance(value, Account):
            return (value.id, value.name, value.password, value.role)
        if isinstance(value, dict):
            return [(plain(key), plain(each)) for key, each in value.items()]
        if isinstance(value, set | frozenset):
            return sorted(map(repr, value))
        if isinstance(value, RoomState):
            return plain({field: getattr(value, field) for field in RoomState.__slots__})
        if hasattr(value, "__dict__"):
            return plain(vars(value))
        return value

    return repr(plain(state))


def numbered(log: Sequence[AnyEntry | None]) -> list[Logged]:
    """Let each None be a message."""
    seqs = iter(range(1, len(log) + 1))
    return [Sent(next(seqs), NAMES[0], "hello", 0) if entry is None else entry for entry in log]


logs = st.lists(st.none() | entries, max_size=40).map(numbered)


@given(log=logs, at=st.integers(0, 40))
def test_a_snapshot_in_between_changes_nothing(log: list[Logged], at: int) -> None:
    whole, begun = a_state(), a_state()
    outcomes = fold(whole, log)
    first = fold(begun, log[:at])
    restored = pickle.loads(pickle.dumps(begun))
    assert first + fold(restored, log[at:]) == outcomes
    assert shown(restored) == shown(whole)


_ELSEWHERE = """
import pickle, sys
from tests.chat.test_apply import a_state, fold, shown
for log in pickle.load(sys.stdin.buffer):
    state = a_state()
    fold(state, log[: len(log) // 2])
    state = pickle.loads(pickle.dumps(state))
    fold(state, log[len(log) // 2 :])
    print(shown(state))
"""


def test_two_processes_that_apply_the_same_log_have_the_same_state() -> None:
    applied: list[list[Logged]] = []
    states: list[str] = []

    @given(log=logs)
    def apply(log: list[Logged]) -> None:
        state = a_state()
        fold(state, log)
        applied.append(log)
        states.append(shown(state))

    apply()
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", _ELSEWHERE],
            input=pickle.dumps(applied),
            capture_output=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            check=True,
        )
        assert done.stdout.decode().splitlines() == states


# What an entry that can't be applied changes: nothing.


@given(log=logs, entry=entries)
def test_what_is_refused_changes_nothing(log: list[Logged], entry: AnyEntry) -> None:
    state = a_state()
    fold(state, log)
    before = shown(state)
    try:
        apply(state, entry)
    except Refusal:
        assert shown(state) == before


WITHOUT_STORE: list[Any] = [
    CreateAccount(NAMES[0], "hash", b"", 0),
    SetRole(NAMES[0], 1, Role.MODERATOR, 0),
    SendPrivate(1, 2, "hello", 0),
]


@pytest.mark.parametrize("entry", WITHOUT_STORE, ids=lambda entry: type(entry).__name__)
def test_there_are_no_accounts_without_a_store(entry: AnyEntry) -> None:
    with pytest.raises(Refusal):
        apply(ChatState(RoomState(3)), entry)


def test_a_name_that_was_registered_by_then_is_not_registered_again() -> None:
    state = a_state()
    apply(state, CreateAccount(NAMES[0], "hash", b"", 0))
    with pytest.raises(LoginTaken):
        apply(state, CreateAccount(NAMES[1], "another", b"", 1))
    assert (account := state.account(1))
    assert account.password == "hash"
    assert not state.account(2)


def test_what_has_ended_is_forgotten_when_something_new_is_restricted() -> None:
    state = a_state()
    ended = Restriction(RestrictionKind.MUTE, NAMES[0], "", 10, Role.MODERATOR)
    lasting = Restriction(RestrictionKind.BAN, NAMES[2], "", None, Role.MODERATOR)
    fold(state, [Restrict(NAMES[3], ended, Action.MUTE, 0), Restrict(NAMES[3], lasting, Action.BAN, 10)])
    assert not state.restrictions.has_any(RestrictionKind.MUTE)
    assert state.restrictions.all(RestrictionKind.BAN, 10) == [lasting]
