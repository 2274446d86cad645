"""Accounts, private messages and moderation in the store, by the real thread of its log."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from asyncchat.chat.requests.queries import (
    AuditEntry,
    AuditLog,
    ConversationKey,
    Conversations,
    CountMessages,
    History,
    LoadResumption,
    Passage,
    SavedResumption,
    Unread,
    UnreadCounts,
    Waiting,
)
from asyncchat.cli.databases import is_url
from asyncchat.log.accounts import Account, Role
from asyncchat.log.entries import (
    ChangeMessage,
    ChangePrivate,
    CreateAccount,
    DeleteAccount,
    LiftRestriction,
    MakeRoom,
    MarkRead,
    OpenConversation,
    PrivateHistory,
    PrivateStored,
    Restrict,
    SendPrivate,
    SetRole,
    SetTopic,
    StorePassword,
    StoreToken,
)
from asyncchat.log.restrictions import Action, Restriction, RestrictionKind
from asyncchat.store import archive as archive_module
from asyncchat.store.file import Retention
from asyncchat.store.postgres.connection import PgConnection
from asyncchat.store.postgres.tables import PgAccountStore, PgTables
from asyncchat.store.schema import migrate
from asyncchat.store.tables import accounts as accounts_module, private_messages as private_messages_module
from asyncchat.store.tables.accounts import MAX_TOKENS, AccountStore
from asyncchat.store.tables.entries import EntryStore, Tables
from asyncchat.store.tables.moderation import MAX_AUDIT_ENTRIES, ModerationStore
from asyncchat.text.refusals import NotKept
from asyncchat.text.usernames import Name, parse_name
from tests.programs import until
from tests.store import Journal, PgJournal, ask, found, message, messages, rows

MO = parse_name("mo")


@pytest.fixture
def journal(path: Path | str) -> Iterator[Journal]:
    with Journal(path) as journal:
        yield journal


def connected(path: Path | str) -> sqlite3.Connection | PgConnection:
    return PgConnection(str(path)) if is_url(str(path)) else sqlite3.connect(path, isolation_level=None)


def tables(connection: sqlite3.Connection | PgConnection, keep: Retention) -> Tables:
    if isinstance(connection, PgConnection):
        return PgTables(connection, keep, lambda: 0)
    return EntryStore(connection, keep, lambda: 0)


def account(journal: Journal, name: str, token_hash: bytes = b"", time: int = 0) -> Account:
    return journal.account(name, token_hash, time)


def send(journal: Journal, sender: Account, to: Account, *texts: str, time: int = 0) -> None:
    for text in texts:
        assert isinstance(journal.change(SendPrivate(sender.id, to.id, text, time)), PrivateStored)


def texts(said: object) -> list[str]:
    return [sent.text for sent in said]  # type: ignore[attr-defined]


def test_what_one_wrote_to_another_is_kept_with_numbers_of_its_own(path: Path | str, journal: Journal) -> None:
    alice, bob, carol = (account(journal, name) for name in ("alice", "bob", "carol"))
    journal.append(*messages(1, 3))
    assert journal.change(SendPrivate(alice.id, bob.id, "one", 5)) == PrivateStored(1, 5, 1)
    assert journal.change(SendPrivate(bob.id, alice.id, "two", 4)) == PrivateStored(2, 4, 1)
    assert journal.change(SendPrivate(alice.id, carol.id, "three", 7)) == PrivateStored(1, 7, 1)
    assert ask(path, CountMessages(ConversationKey(bob, alice))) == (1, 1)
    assert ask(path, UnreadCounts(alice)) == [("bob", 1)]
    assert texts(ask(path, History(9, ConversationKey(alice, bob)))) == ["one", "two"]
    assert ask(path, History(9, ConversationKey(bob, carol))) == []


def test_what_was_seen_is_not_new_any_more(path: Path | str, journal: Journal) -> None:
    alice, bob = account(journal, "alice"), account(journal, "bob")
    send(journal, alice, bob, "one", "two", "three")
    journal.change(MarkRead(bob.id, alice.id, 2))
    assert ask(path, UnreadCounts(bob)) == [("alice", 1)]
    journal.change(MarkRead(bob.id, alice.id, 1))
    assert ask(path, UnreadCounts(bob)) == [("alice", 1)]
    said = journal.change(OpenConversation(bob.id, alice.id))
    assert (texts(said.read), texts(said.new), said.more) == (["one", "two"], ["three"], 0)
    assert ask(path, UnreadCounts(bob)) == []


def test_what_waits_is_found_and_stays_unread(path: Path | str, journal: Journal) -> None:
    alice, bob, carol = (account(journal, name) for name in ("alice", "bob", "carol"))
    pair = ConversationKey(bob, alice)
    assert ask(path, Unread(pair)) == Waiting([], 0)
    send(journal, alice, bob, *[str(number) for number in range(1, 31)])
    send(journal, bob, alice, "mine")
    journal.change(MarkRead(bob.id, alice.id, 2))
    journal.change(ChangePrivate(alice.id, bob.id, 4, "", 9))
    for _ in range(2):
        waiting = ask(path, Unread(pair))
        assert (texts(waiting.messages), waiting.more) == ([str(number) for number in range(6, 31)], 2)
    assert texts(ask(path, Unread(ConversationKey(alice, bob))).messages) == ["mine"]
    assert ask(path, Unread(ConversationKey(carol, bob))) == Waiting([], 0)


def test_conversations_are_found_by_their_last_messages(path: Path | str, journal: Journal) -> None:
    alice, bob, carol, dora = (account(journal, name) for name in ("alice", "bob", "carol", "dora"))
    for time, other in ((10, carol), (20, bob), (30, dora)):
        send(journal, other, alice, "hello", time=time)
    journal.change(OpenConversation(bob.id, dora.id))  # in which nothing is said

    def talks(who: Account, after: int, before: int, most: int, *, are_last: bool) -> object:
        return [tuple(row) for row in ask(path, Conversations(who, after, before, most, are_last))]

    assert talks(alice, 0, 99, 9, are_last=False) == [("carol", 10), ("bob", 20), ("dora", 30)]
    assert talks(alice, 10, 99, 1, are_last=False) == [("bob", 20)]
    assert talks(alice, 0, 30, 1, are_last=True) == [("bob", 20)]
    assert talks(bob, 0, 99, 9, are_last=True) == [("alice", 20)]


@pytest.mark.parametrize("place", ["lobby", "room", "private"])
def test_a_passage_has_no_gaps_where_something_was_deleted(path: Path | str, journal: Journal, place: str) -> None:
    alice, bob = account(journal, "alice"), account(journal, "bob")
    pair = ConversationKey(alice, bob) if place == "private" else None
    room = "ops" if place == "room" else ""
    if pair:
        send(journal, bob, alice, *[str(number) for number in range(1, 61)])
        journal.change(ChangePrivate(bob.id, alice.id, 30, "", 9))
    else:
        if room:
            journal.change(MakeRoom(1, parse_name("ops"), bob.name, 0, 9))
        said = [message(number, str(number))._replace(room=room, name=bob.name) for number in range(1, 61)]
        journal.append(*said)
        journal.change(ChangeMessage(room, 30, bob.name, bob.name, "", 9))

    def passage(first: int, end: int, most: int, *, are_last: bool) -> list[int]:
        return [sent.seq for sent in ask(path, Passage(first, end, most, are_last, pair, room))]

    assert passage(1, 10**18, 3, are_last=True) == [58, 59, 60]
    assert passage(1, 32, 3, are_last=True) == [28, 29, 31]
    assert passage(29, 10**18, 2, are_last=False) == [29, 31]
    assert passage(5, 5, 2, are_last=False) == passage(61, 99, 2, are_last=True) == []
    assert passage(1, 10**18, 99, are_last=False) == list(range(1, 26))


def test_it_takes_no_longer_because_much_was_written(file: Path) -> None:
    """What keeping one thing more costs is paid by everybody: it is counted in the steps of SQLite's machine."""
    with Journal(file) as journal:
        alice, bob, carol = (account(journal, name) for name in ("alice", "bob", "carol"))
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as connection:
        entries = EntryStore(connection, Retention(), lambda: 0)
        steps = 0

        def count() -> None:
            nonlocal steps
            steps += 1

        def cost() -> list[int]:
            nonlocal steps
            costs = []
            for change in (
                SendPrivate(alice.id, bob.id, "one more", 0),
                SendPrivate(bob.id, alice.id, "one more", 0),
                SendPrivate(carol.id, bob.id, "one more", 0),
                MarkRead(bob.id, alice.id, 1),
                OpenConversation(alice.id, bob.id),
                OpenConversation(bob.id, alice.id),
            ):
                steps = 0
                entries.write(change)
                costs.append(steps)
            archive = archive_module.Archive(connection)
            for question in (
                UnreadCounts(bob),
                UnreadCounts(carol),
                CountMessages(ConversationKey(alice, bob)),
                History(5, ConversationKey(alice, bob)),
            ):
                steps = 0
                archive.answer(question)
                costs.append(steps)
            return costs

        def write(number: int) -> None:
            connection.execute("BEGIN")
            for _ in range(number):
                entries.write(SendPrivate(alice.id, bob.id, "not read", 0))
            connection.execute("COMMIT")

        write(100)
        connection.set_progress_handler(count, 1)
        usual = cost()
        connection.set_progress_handler(None, 1)
        write(5000)
        connection.set_progress_handler(count, 1)
        assert all(more <= 2 * less for less, more in zip(usual, cost(), strict=True))


def test_whoever_was_away_for_a_moment_gets_what_is_missing(journal: Journal) -> None:
    alice, bob = account(journal, "alice"), account(journal, "bob")
    send(journal, alice, bob, "one", "two", "three")
    said = journal.change(OpenConversation(bob.id, alice.id, after=1))
    assert said == PrivateHistory([], said.new, 0)
    assert texts(said.new) == ["two", "three"]
    assert journal.change(OpenConversation(bob.id, alice.id, after=3)) == PrivateHistory([], [], 0)


def test_what_two_say_to_one_another_is_searched_the_last_messages_first(path: Path | str, journal: Journal) -> None:
    alice, bob = account(journal, "alice"), account(journal, "bob")
    send(journal, alice, bob, *(f"{'red' if number % 5 == 0 else 'blue'} {number}" for number in range(40)))
    assert found(path, "RED", ConversationKey(bob, alice)) == [f"red {number}" for number in range(0, 40, 5)]
    assert len(found(path, "blue", ConversationKey(bob, alice))) == 25


def test_all_that_was_sent_in_a_session_is_loaded_with_it(path: Path | str, journal: Journal) -> None:
    alice, bob = account(journal, "alice", b"token"), account(journal, "bob")
    journal.change(SendPrivate(alice.id, bob.id, "one", 0, b"token", 7))
    journal.append(messages(1, 1)[0]._replace(token_hash=b"token", ident=6))
    journal.take(1)
    assert ask(path, LoadResumption(b"token")) == SavedResumption([(7, 1), (6, 1)], alice.id, name="bob", first=1)
    assert isinstance(journal.change(SendPrivate(alice.id, bob.id, "again", 0, b"token", 7)), NotKept)
    assert ask(path, CountMessages(ConversationKey(alice, bob))) == (1, 0)


def test_a_name_that_is_given_up_leaves_nothing_behind_and_its_number_is_not_given_again(
    path: Path | str, journal: Journal
) -> None:
    alice, bob, carol = (account(journal, name, name.encode()) for name in ("alice", "bob", "carol"))
    send(journal, alice, bob, "secret")
    send(journal, bob, carol, "kept")
    journal.change(DeleteAccount(alice.id, 0))
    assert isinstance(journal.change(SendPrivate(bob.id, alice.id, "late", 0)), NotKept)
    new = account(journal, "alice")
    assert new.id > carol.id
    assert ask(path, History(9, ConversationKey(new, bob))) == []
    assert ask(path, LoadResumption(b"alice")) == SavedResumption([], None)
    assert texts(ask(path, History(9, ConversationKey(bob, carol)))) == ["kept"]


def test_if_fewer_shall_be_kept_than_before_they_go_a_few_at_a_time(
    path: Path | str, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = account(journal, "alice"), account(journal, "bob")
    send(journal, alice, bob, *"abcdefghij")
    monkeypatch.setattr(private_messages_module, "DELETED_AT_ONCE", 4)
    with contextlib.closing(connected(path)) as connection:
        entries = tables(connection, Retention(messages=2))
        left = []
        for text in "klmn":
            entries.write(SendPrivate(alice.id, bob.id, text, 0))
            left.append("".join(text for (text,) in rows(path, "SELECT text FROM private ORDER BY seq")))
    assert left == ["efghijk", "ijkl", "lm", "mn"]


def test_the_last_tokens_of_an_account_are_kept(path: Path | str) -> None:
    with Journal(path) as journal:
        alice = account(journal, "alice", b"first")
        for number in range(MAX_TOKENS):
            token = StoreToken(alice.id, alice.password, f"token {number}".encode(), number + 1)
            assert journal.change(token) is None
        assert ask(path, LoadResumption(b"first")) == SavedResumption([], None)
        assert ask(path, LoadResumption(b"token 0")) == SavedResumption([], alice.id, 1)
        journal.change(StorePassword(alice.id, "another hash", b"token 3"))
        assert ask(path, LoadResumption(b"token 0")) == SavedResumption([], None)
        assert ask(path, LoadResumption(b"token 3")) == SavedResumption([], alice.id, 4)


def test_of_names_that_were_given_up_the_last_are_known_and_no_token_from_before(
    path: Path | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts_module, "MOST_GIVEN_UP", 2)
    with Journal(path) as journal:
        account(journal, "alice", b"token of alice", 1)
        journal.change(DeleteAccount(account(journal, "bob").id, 2))
        new = account(journal, "erin", b"token of erin", 3)
        for time, name in enumerate(("carol", "dan"), 4):
            journal.change(DeleteAccount(account(journal, name).id, time))
        assert rows(path, "SELECT key FROM given_up ORDER BY time") == [("carol",), ("dan",)]
        assert ask(path, LoadResumption(b"token of alice")) == SavedResumption([], None)
        assert ask(path, LoadResumption(b"token of erin")).account == new.id


def test_as_many_messages_of_each_conversation_are_kept_as_shall_be(path: Path | str) -> None:
    with Journal(path, keep=Retention(messages=3)) as journal:
        alice, bob, carol = (account(journal, name) for name in ("alice", "bob", "carol"))
        send(journal, alice, bob, *"abcde")
        send(journal, alice, carol, "x")
        assert texts(ask(path, History(9, ConversationKey(alice, bob)))) == ["c", "d", "e"]
        assert journal.change(SendPrivate(alice.id, bob.id, "f", 0)).seq == 6
        assert texts(ask(path, History(9, ConversationKey(alice, carol)))) == ["x"]


def test_what_is_older_than_shall_be_kept_is_deleted(path: Path | str) -> None:
    now = [100]
    with Journal(path, keep=Retention(milliseconds=50), clock=lambda: now[0]) as journal:
        alice, bob = account(journal, "alice"), account(journal, "bob")
        send(journal, alice, bob, "old", time=100)
        now[0] = 140
        send(journal, alice, bob, "new", time=140)
        now[0] = 160
        if isinstance(journal.journal, PgJournal):
            journal.journal.tidy()
        until(lambda: texts(ask(path, History(9, ConversationKey(alice, bob)))) == ["new"])


def test_order_is_known_at_the_next_start(path: Path | str, journal: Journal) -> None:
    bob = account(journal, "bob")
    ban = Restriction(RestrictionKind.BAN, parse_name("Eve"), "192.0.2.1", 500, Role.ADMIN)
    mute = Restriction(RestrictionKind.MUTE, parse_name("eve"), "", None, Role.MODERATOR)
    for change in (
        Restrict(MO, ban, Action.KICK, 0),
        Restrict(MO, mute, Action.MUTE, 0),
        SetRole(MO, bob.id, Role.MODERATOR, 0),
        SetTopic(MO, "the build", 0),
    ):
        assert journal.change(change) is None
    moderation = ModerationStore(journal.connection)
    assert moderation.restrictions() == [ban, mute]
    assert moderation.topic() == "the build"
    assert [(one.name.shown, one.role) for one in AccountStore(journal.connection).all()] == [("bob", Role.MODERATOR)]
    journal.change(LiftRestriction(MO, RestrictionKind.BAN, parse_name("EVE"), 0))
    assert moderation.restrictions() == [mute]
    acts = [act[1:] for act in ask(path, AuditLog(journal.account("reader")))]
    assert acts == [
        ("mo", "kick", "Eve (until 1970-01-01T00:00:00Z)", 0),
        ("mo", "mute", "eve", None),
        ("mo", "grant", "bob", None),
        ("mo", "topic", "the build", None),
        ("mo", "unban", "EVE", None),
    ]


def test_the_audit_is_bounded(path: Path | str, journal: Journal) -> None:
    journal.change(SetTopic(MO, "first", 0))
    journal.change(SetTopic(MO, "second", 0))
    journal.connection.execute("UPDATE audit SET id = ? WHERE what = 'second'", (MAX_AUDIT_ENTRIES,))
    if isinstance(journal.journal, PgJournal):
        journal.connection.execute("SELECT setval(pg_get_serial_sequence('audit', 'id'), ?)", (MAX_AUDIT_ENTRIES,))
    journal.change(SetTopic(MO, "third", 0))
    assert rows(path, "SELECT what FROM audit ORDER BY id") == [("second",), ("third",)]


def test_another_password_of_the_admin_ends_what_came_with_the_one_before(path: Path | str, journal: Journal) -> None:
    kind = PgAccountStore if isinstance(journal.journal, PgJournal) else AccountStore
    people = kind(journal.connection)
    people.set_admin("one")
    (admin,) = people.all()
    assert (admin.name, admin.role) == (Name("admin", "admin"), Role.ADMIN)
    journal.change(StoreToken(admin.id, "one", b"token", 0))
    assert ask(path, LoadResumption(b"token")) == SavedResumption([], admin.id)
    people.set_admin("two")
    assert ask(path, LoadResumption(b"token")) == SavedResumption([], None)
    assert [one.password for one in people.all()] == ["two"]


def test_a_store_from_before_there_were_accounts_has_all_it_had(file: Path) -> None:
    connection = sqlite3.connect(file, isolation_level=None)
    migrate(connection, newest=2)
    connection.execute("INSERT INTO messages VALUES (1, 1, 'bob', 'hello', x'01', 5)")
    before = (
        connection.execute("SELECT seq, time, name, text, seat, id FROM messages").fetchall(),
        connection.execute("SELECT * FROM facts WHERE name = 'epoch'").fetchall(),
    )
    migrate(connection)
    after = (
        connection.execute("SELECT seq, time, name, text, seat, id FROM messages").fetchall(),
        connection.execute("SELECT * FROM facts WHERE name = 'epoch'").fetchall(),
    )
    connection.close()
    assert before == after


_SAID = st.lists(st.tuples(st.sampled_from(["send", "send", "send", "mark", "turn"]), st.booleans()), max_size=40)


@given(said=_SAID, keep=st.sampled_from([None, 1, 3, 7]))
def test_counting_once_gives_what_counting_each_time_gives(said: list[tuple[str, bool]], keep: int | None) -> None:
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        entries = EntryStore(connection, Retention(messages=keep), lambda: 0)
        for name in ("alice", "bob"):
            entries.write(CreateAccount(parse_name(name), "hash", b"", 0))
        pair = entries.accounts.all()
        archive = archive_module.Archive(connection)
        kept: list[tuple[int, object]] = []
        read = dict.fromkeys(pair, 0)
        seq = 0

        def unread(who: Account) -> list[int]:
            return [number for number, sender in kept if sender is not who and number > read[who]]

        for act, first in said:
            who, other = pair if first else pair[::-1]
            if act == "send":
                seq += 1
                kept = [*kept, (seq, who)][-(keep or 1000) :]
                assert entries.write(SendPrivate(who.id, other.id, f"{seq}", 0)) == PrivateStored(
                    seq, 0, len(unread(other))
                )
            elif act == "mark":
                newest = max((number for number, sender in kept if sender is other), default=0)
                entries.write(MarkRead(who.id, other.id, newest))
                read[who] = max(read[who], newest)
            else:
                conversation = entries.write(OpenConversation(who.id, other.id))
                assert isinstance(conversation, PrivateHistory)
                new = unread(who)
                old = [number for number, _ in kept if number not in new]
                assert [sent.seq for sent in conversation.new] == new[-25:]
                assert [sent.seq for sent in conversation.read] == old[
                    len(old) - min(10, 25 - len(new[-25:]), len(old)) :
                ]
                assert conversation.more == max(len(new) - 25, 0)
                read[who] = seq
            for one, another in (pair, pair[::-1]):
                assert isinstance(one, Account)
                assert isinstance(another, Account)
                waiting = len(unread(one))
                assert archive.answer(UnreadCounts(one)) == ([(another.name.shown, waiting)] if waiting else [])
                mine = sum(sender is one for _, sender in kept)
                assert archive.answer(CountMessages(ConversationKey(one, another))) == (mine, len(kept) - mine)


@pytest.mark.parametrize(
    ("action", "what", "end"),
    [
        ("ban", "eve (until 2026-11-26T03:00:00Z)", 1_795_662_000_000),
        ("mute", "eve", None),
        ("kick", "eve (until 2026-99-99T99:99:99Z)", None),
        ("topic", "closed (until 2026-11-26T03:00:00Z)", None),
    ],
)
def test_an_audit_entry_has_the_end_of_a_ban_a_mute_or_a_kick_as_a_time(
    path: Path | str, journal: Journal, action: str, what: str, end: int | None
) -> None:
    ModerationStore(journal.connection).audit(MO, action, what, 7)
    assert ask(path, AuditLog(journal.account("reader"))) == [AuditEntry(7, "mo", action, what, end)]
