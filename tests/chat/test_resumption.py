"""Sessions that can be resumed: what the server remembers of a user who may come back."""

import json

import pytest

from asyncchat.chat.user import REMEMBERED, Place, ResumableSession, User
from asyncchat.errors import Refusal
from asyncchat.formats.json_output import JsonOutput
from asyncchat.log.accounts import Account, Role
from asyncchat.text.usernames import parse_name
from tests.chat import ADDRESS, Peer, some_sessions


def a_user(peer: Peer | None = None) -> User:
    """Return a user whose client speaks JSON."""
    return User(JsonOutput(peer or Peer()), ADDRESS, 1)


def heard(peer: Peer) -> list[dict[str, object]]:
    return [json.loads(line) for line in peer.take().splitlines()]


def a_session() -> ResumableSession:
    return ResumableSession(b"key", 0)


# Finding a session again.


def test_a_session_is_found_by_its_token() -> None:
    sessions = some_sessions()
    token, session = sessions.create(0)
    sessions.attach(session, a_user())
    assert sessions.find(token) is session


def test_each_session_has_a_token_of_its_own() -> None:
    sessions = some_sessions()
    assert sessions.create(0)[0] != sessions.create(0)[0]


def test_no_session_is_found_by_a_token_that_nobody_was_given() -> None:
    sessions = some_sessions()
    sessions.attach(sessions.create(0)[1], a_user())
    assert sessions.find("token of somebody else") is None


def test_a_session_that_nobody_took_is_not_kept() -> None:
    sessions = some_sessions()
    token, _ = sessions.create(0)
    assert sessions.find(token) is None


def test_the_token_itself_is_not_kept() -> None:
    token, session = some_sessions().create(0)
    assert token.encode() not in session.token_hash


def test_a_session_is_found_when_nobody_holds_it_any_more() -> None:
    sessions = some_sessions()
    token, session = sessions.create(0)
    sessions.attach(session, user := a_user())
    sessions.detach(user)
    assert sessions.find(token) is session
    assert session.user is None


def test_the_session_that_has_been_empty_for_longest_is_forgotten_first() -> None:
    sessions = some_sessions(kept_empty=2)
    tokens = []
    for _ in range(3):
        token, session = sessions.create(0)
        sessions.attach(session, user := a_user())
        sessions.detach(user)
        tokens.append(token)
    assert [sessions.find(token) is None for token in tokens] == [True, False, False]


def test_a_session_that_somebody_holds_is_never_forgotten() -> None:
    sessions = some_sessions(kept_empty=0)
    token, session = sessions.create(0)
    sessions.attach(session, a_user())
    for _ in range(5):
        other = sessions.create(0)[1]
        sessions.attach(other, user := a_user())
        sessions.detach(user)
    assert sessions.find(token) is session


def test_a_session_that_is_taken_again_is_not_forgotten_with_the_empty_ones() -> None:
    sessions = some_sessions(kept_empty=1)
    token, session = sessions.create(0)
    sessions.attach(session, user := a_user())
    sessions.detach(user)
    sessions.attach(session, a_user())
    for _ in range(3):
        other = sessions.create(0)[1]
        sessions.attach(other, user := a_user())
        sessions.detach(user)
    assert sessions.find(token) is session


def test_a_session_that_was_taken_again_counts_as_the_last_that_became_empty() -> None:
    sessions = some_sessions(kept_empty=2)
    tokens, (first, second, third) = zip(*[sessions.create(0) for _ in range(3)], strict=True)
    for session in (first, second, first, third):
        sessions.attach(session, user := a_user())
        sessions.detach(user)
    assert [sessions.find(token) is None for token in tokens] == [False, True, False]


# What was sent from it.


def test_what_is_sent_is_pending_until_it_is_kept() -> None:
    session = a_session()
    session.accept(3)
    assert (set(session.unacked), session.last_id, dict(session.acked)) == ({3}, 3, {})
    session.acknowledge([(3, 41)])
    assert (set(session.unacked), session.last_id, dict(session.acked)) == (set(), 3, {3: 41})


def test_the_holder_is_told_what_is_kept() -> None:
    session, peer = a_session(), Peer()
    some_sessions().attach(session, a_user(peer))
    session.acknowledge([(1, 41), (2, None)])
    assert heard(peer) == [{"type": "ack", "id": 1, "seq": 41}, {"type": "ack", "id": 2}]


def test_what_is_kept_while_nobody_is_there_is_remembered() -> None:
    session = a_session()
    session.accept(1)
    session.acknowledge([(1, 41)])
    assert dict(session.acked) == {1: 41}


def test_only_the_last_that_were_kept_are_remembered() -> None:
    session = a_session()
    for ident in range(REMEMBERED + 5):
        session.accept(ident)
        session.acknowledge([(ident, ident + 100)])
    assert list(session.acked) == list(range(5, REMEMBERED + 5))


def test_what_was_lost_is_told_and_may_be_sent_again() -> None:
    session, peer = a_session(), Peer()
    some_sessions().attach(session, a_user(peer))
    session.accept(3)
    session.acknowledge([(3, 41)])
    for ident in (5, 6):
        session.accept(ident)
    session.fail([5, 6], "the disk is full")
    assert (set(session.unacked), session.last_id) == (set(), 3)
    assert [(event["type"], event["id"]) for event in heard(peer)[1:]] == [("refused", 5), ("refused", 6)]


def test_what_was_lost_while_nobody_is_there_may_be_sent_again() -> None:
    session = a_session()
    session.accept(1)
    session.fail([1], "the disk is full")
    assert (set(session.unacked), session.last_id) == (set(), -1)


def test_a_session_is_made_anew_with_what_was_kept() -> None:
    session = some_sessions().restore("token9", [(7, 43), (5, 42)], None, 0)
    assert (session.last_id, session.acked) == (7, {5: 42, 7: 43})


def test_a_session_that_is_there_is_not_made_anew() -> None:
    sessions = some_sessions()
    token, session = sessions.create(0)
    sessions.attach(session, a_user())
    assert sessions.restore(token, [], None, 0) is session


def test_a_revoked_session_is_no_account_s_and_writes_to_the_room() -> None:
    sessions, account = some_sessions(), Account(7, parse_name("alice"), "", Role.REGISTERED)
    _, session = sessions.create(0)
    sessions.attach(session, a_user())
    session.account = session.target = account
    sessions.revoke(account.id)
    assert session.account is None
    assert session.target is Place.ROOM


def test_a_revoked_session_that_wrote_to_nobody_still_does() -> None:
    sessions, account = some_sessions(), Account(7, parse_name("alice"), "", Role.REGISTERED)
    _, session = sessions.create(0)
    sessions.attach(session, a_user())
    session.account, session.target = account, Place.NOWHERE
    sessions.revoke(account.id)
    assert session.account is None
    assert session.target is Place.NOWHERE


# Who has it.


def test_a_user_who_has_not_joined_has_no_name() -> None:
    with pytest.raises(Refusal, match="choose a name"):
        a_user().require_name()


def test_a_guest_has_no_account() -> None:
    with pytest.raises(Refusal, match="not registered"):
        a_user().require_account()
