"""The room: who is in it, what was said last, and one order for everybody."""

import itertools
from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from asyncchat.chat import wire
from asyncchat.chat.messages import ANNOUNCED, Connected, Counted, Disconnected, Event, Joined, Left, Sent
from asyncchat.chat.names import Name, prepare
from asyncchat.chat.room import Encode, Journal, MemoryJournal, NameTaken, Room
from tests.chat import Peer, Receipts, SlowJournal, a_room, record

ALICE, BOB, CAROL = prepare("Alice"), prepare("bob"), prepare("carol")


def everything(events: Iterable[Event]) -> bytes:
    """Encode every event, so that a test can read them again."""
    return "".join([f"{event}\n" for event in events]).encode()


def join(room: Room, name: Name, encode: Encode = wire.plain) -> Peer:
    """Let a new peer join, and give it what was said last, as a session does."""
    peer = Peer()
    room.join(name, peer, encode)
    peer.write(encode(room.last()))
    return peer


# What is said reaches everybody.


def test_everybody_gets_a_message_the_sender_too() -> None:
    room = a_room()
    alice, bob = join(room, ALICE), join(room, BOB)
    room.post(ALICE, "hello")
    room.commit()
    assert alice.take() == bob.take() == b"Alice: hello\n"


def test_messages_come_in_the_order_in_which_they_were_posted() -> None:
    room = a_room()
    alice = join(room, ALICE)
    join(room, BOB)
    for name, text in [(ALICE, "1"), (BOB, "2"), (BOB, "3"), (ALICE, "4")]:
        room.post(name, text)
    room.commit()
    assert alice.take() == b"Alice: 1\nbob: 2\nbob: 3\nAlice: 4\n"


def test_the_number_of_a_message_is_one_more_than_that_of_the_last() -> None:
    room = a_room()
    join(room, ALICE)
    for text in ("one", "two", "three"):
        room.post(ALICE, text)
        room.commit()
    first = room.last()[0].seq
    assert [message.seq for message in room.last()] == [first, first + 1, first + 2]


def test_a_message_has_the_time_at_which_it_was_posted() -> None:
    times = iter([1000, 2000])
    room = a_room(clock=lambda: next(times))
    join(room, ALICE)
    room.post(ALICE, "first")
    room.post(ALICE, "second")
    room.commit()
    assert [message.time for message in room.last()] == [1000, 2000]


def test_whoever_is_attached_gets_everything_from_then_on() -> None:
    room = a_room()
    join(room, ALICE)
    room.post(ALICE, "before")
    room.commit()
    recorder = Peer()
    room.attach(recorder, everything)
    join(room, BOB)
    room.post(BOB, "hello")
    room.leave(BOB)
    room.commit()
    assert recorder.take() == everything([Joined(BOB, 2), Sent(2, BOB, "hello", 0), Left(BOB, 1)])


def test_whoever_is_attached_is_no_member() -> None:
    room = a_room()
    join(room, ALICE)
    room.attach(Peer(), wire.plain)
    assert room.names(without=ALICE, most=100) == ([], 0)


# One batch, encoded once for each format.


def test_all_peers_of_a_format_get_the_very_same_bytes() -> None:
    room = a_room()
    peers = [join(room, name) for name in (ALICE, BOB, CAROL)]
    room.post(ALICE, "hello")
    room.commit()
    assert len({id(peer.written[-1]) for peer in peers}) == 1


def test_a_batch_is_encoded_once_for_each_format() -> None:
    batches: dict[str, list[Sequence[Event]]] = {"one": [], "other": []}

    def one(events: Sequence[Event]) -> bytes:
        batches["one"].append(events)
        return b"1"

    def other(events: Sequence[Event]) -> bytes:
        batches["other"].append(events)
        return b"2"

    room = a_room()
    for name, encode in [(ALICE, one), (BOB, other), (CAROL, one)]:
        room.join(name, Peer(), encode)
    room.post(ALICE, "hello")
    room.commit()
    batch = [Joined(CAROL, 3), Sent(1, ALICE, "hello", 0)]
    assert (batches["one"][-1:], batches["other"][-1:]) == ([batch], [batch])


def test_a_newcomer_gets_no_more_than_the_last_ten_however_many_wait_to_be_committed() -> None:
    room = a_room()
    join(room, ALICE)
    for number in range(20):
        room.post(ALICE, str(number))
    bob = join(room, BOB)
    room.commit()
    assert bob.take() == b"".join(b"Alice: %d\n" % number for number in range(10, 20))


def test_a_name_is_free_as_soon_as_its_owner_has_left() -> None:
    room = a_room()
    join(room, ALICE)
    room.leave(ALICE)
    assert join(room, ALICE).take() == b""


def test_each_peer_is_written_to_in_its_own_format() -> None:
    room = a_room()
    alice, bob = join(room, ALICE), join(room, BOB, everything)
    room.commit()
    bob.take()
    room.post(ALICE, "hello")
    room.commit()
    assert (alice.take(), bob.take()) == (b"Alice: hello\n", everything([Sent(1, ALICE, "hello", 0)]))


def test_a_peer_is_written_to_once_for_each_batch() -> None:
    room = a_room()
    alice = join(room, ALICE)
    alice.written.clear()
    for text in ("1", "2", "3"):
        room.post(ALICE, text)
    room.commit()
    assert alice.written == [b"Alice: 1\nAlice: 2\nAlice: 3\n"]


def test_nothing_is_written_for_a_batch_that_says_nothing_in_its_format() -> None:
    room = a_room()
    alice = join(room, ALICE)
    alice.written.clear()
    join(room, BOB)
    room.commit()
    assert alice.written == []


# The journal comes first.


def test_asks_once_for_a_commit_for_each_batch() -> None:
    asked: list[str] = []
    room = a_room(wake=lambda: asked.append("please"))
    assert len(asked) == 0
    join(room, ALICE)
    room.post(ALICE, "1")
    assert len(asked) == 1
    room.commit()
    assert len(asked) == 1
    room.post(ALICE, "2")
    room.leave(ALICE)
    assert len(asked) == 2


def test_the_journal_is_not_bothered_when_nothing_has_happened() -> None:
    journal = SlowJournal()
    room = a_room(journal)
    room.commit()
    join(room, ALICE)
    room.commit()
    room.commit()
    assert [batch for batch, *_ in journal.waiting] == [[Joined(ALICE, 1)]]


def test_what_waits_is_what_has_happened_since_the_last_commit() -> None:
    room = a_room()
    join(room, ALICE)
    room.post(ALICE, "hello")
    assert room.waiting == 2
    room.commit()
    assert room.waiting == 0


def test_nobody_sees_what_the_journal_does_not_hold_yet() -> None:
    journal = SlowJournal()
    room = a_room(journal)
    alice = join(room, ALICE)
    room.post(ALICE, "hello")
    room.commit()
    assert alice.take() == b""
    journal.keep_one()
    assert alice.take() == b"Alice: hello\n"


def test_a_newcomer_is_not_handed_what_the_journal_does_not_hold_yet() -> None:
    journal = SlowJournal()
    room = a_room(journal)
    join(room, ALICE)
    room.post(ALICE, "hello")
    room.commit()
    assert room.last() == []


# Newcomers.


@pytest.mark.parametrize("posted", [0, 1, 9, 10, 11, 25])
def test_a_newcomer_gets_the_last_ten_messages_or_fewer(posted: int) -> None:
    room = a_room()
    join(room, ALICE)
    for number in range(1, posted + 1):
        room.post(ALICE, f"message {number}")
        room.commit()
    last = [message.text for message in room.last()]
    assert last == [f"message {number}" for number in range(max(1, posted - 9), posted + 1)]


def test_a_newcomer_gets_the_last_ten_of_one_big_batch() -> None:
    room = a_room()
    join(room, ALICE)
    for number in range(25):
        room.post(ALICE, str(number))
    room.commit()
    last = [message.text for message in room.last()]
    assert last == [str(number) for number in range(15, 25)]


def test_who_came_and_went_takes_no_place_among_the_last_messages() -> None:
    room = a_room(history=1)
    join(room, ALICE)
    room.post(ALICE, "hello")
    join(room, BOB)
    room.leave(BOB)
    room.commit()
    assert [message.text for message in room.last()] == ["hello"]


def test_a_newcomer_gets_nothing_where_no_history_is_wanted() -> None:
    room = a_room(history=0)
    join(room, ALICE)
    room.post(ALICE, "hello")
    room.commit()
    assert room.last() == []


def test_what_is_on_its_way_when_somebody_joins_reaches_them_once() -> None:
    room = a_room()
    join(room, ALICE)
    room.post(ALICE, "kept")
    room.commit()
    room.post(ALICE, "on its way")
    bob = join(room, BOB)
    room.commit()
    assert bob.take() == b"Alice: kept\nAlice: on its way\n"


# Names.


@pytest.mark.parametrize("same", ["Zoé", "zoé", "ZOÉ", "Zoe\u0301"])
def test_a_name_that_somebody_has_is_taken(same: str) -> None:
    room = a_room()
    join(room, prepare("Zoé"))
    with pytest.raises(NameTaken):
        room.join(prepare(same), Peer(), wire.plain)


@pytest.mark.parametrize("name", ["Server", "server", "SERVER", "\uff33\uff45\uff52\uff56\uff45\uff52"])
def test_the_name_of_the_server_is_taken_from_the_start(name: str) -> None:
    with pytest.raises(NameTaken):
        a_room().join(prepare(name), Peer(), wire.plain)


def test_whoever_wanted_a_taken_name_is_not_in_the_room() -> None:
    room = a_room()
    join(room, ALICE)
    refused = Peer()
    with pytest.raises(NameTaken):
        room.join(ALICE, refused, wire.plain)
    room.post(ALICE, "hello")
    room.commit()
    assert refused.written == []


def test_names_are_sorted_whatever_their_case() -> None:
    room = a_room()
    for raw in ("me", "carol", "Bob", "alice", "Dave"):
        join(room, prepare(raw))
    assert room.names(without=prepare("me"), most=100) == (["alice", "Bob", "carol", "Dave"], 0)


@pytest.mark.parametrize("me", ["a", "b", "c", "d", "e"])
@pytest.mark.parametrize("most", [1, 2, 3, 4, 5])
def test_names_are_the_first_of_the_others_and_how_many_more_there_are(me: str, most: int) -> None:
    room = a_room()
    for raw in "ecbda":
        join(room, prepare(raw))
    others = "abcde".replace(me, "")
    assert room.names(without=prepare(me), most=most) == (list(others[:most]), len(others[most:]))


def test_there_are_no_other_names_when_one_is_alone() -> None:
    room = a_room()
    join(room, ALICE)
    assert room.names(without=ALICE, most=100) == ([], 0)


# Leaving.


def test_a_leaver_gets_what_was_said_before_and_then_is_closed() -> None:
    journal = SlowJournal()
    room = a_room(journal)
    alice = join(room, ALICE)
    room.post(ALICE, "goodbye")
    room.leave(ALICE)
    room.commit()
    assert (alice.take(), alice.closed) == (b"", False)
    journal.keep_one()
    assert (alice.take(), alice.closed) == (b"Alice: goodbye\n", True)


def test_a_leaver_gets_nothing_that_is_said_later() -> None:
    room = a_room()
    alice = join(room, ALICE)
    join(room, BOB)
    room.leave(ALICE)
    room.commit()
    room.post(BOB, "is she gone?")
    room.commit()
    assert alice.take() == b""


def test_those_who_stay_are_not_closed() -> None:
    room = a_room()
    join(room, ALICE)
    bob = join(room, BOB)
    room.leave(ALICE)
    room.commit()
    assert not bob.closed


def test_a_name_is_free_again_once_its_leaving_is_kept() -> None:
    journal = SlowJournal()
    room = a_room(journal)
    join(room, ALICE)
    room.leave(ALICE)
    room.commit()
    with pytest.raises(NameTaken):
        room.join(ALICE, Peer(), wire.plain)
    journal.keep_one()
    assert join(room, ALICE).take() == b""


def test_those_who_leave_together_are_counted_down_one_by_one() -> None:
    room = a_room()
    for name in (ALICE, BOB, CAROL):
        join(room, name)
    room.commit()
    events = record(room)
    room.leave(CAROL)
    room.leave(ALICE)
    room.commit()
    assert events == [Left(CAROL, 2), Left(ALICE, 1)]


def test_whoever_is_leaving_does_not_count_any_more() -> None:
    room = a_room()
    join(room, ALICE)
    join(room, BOB)
    room.leave(ALICE)
    assert room.members == 1


def test_whoever_has_left_is_not_among_the_names() -> None:
    room = a_room()
    join(room, ALICE)
    join(room, BOB)
    room.leave(BOB)
    room.commit()
    assert room.names(without=ALICE, most=100) == ([], 0)


# Coming back.


def test_who_comes_back_gets_what_is_said_from_then_on_and_the_old_peer_nothing() -> None:
    room = a_room()
    old, new = join(room, ALICE), Peer()
    room.reconnect(ALICE, new, wire.plain)
    room.post(ALICE, "back")
    room.commit()
    assert (old.take(), new.take()) == (b"", b"Alice: back\n")


def test_the_old_peer_gets_what_was_said_before_somebody_came_back() -> None:
    room = a_room()
    old, new = join(room, ALICE), Peer()
    room.post(ALICE, "going")
    room.reconnect(ALICE, new, wire.plain)
    room.commit()
    assert (old.take(), new.take()) == (b"Alice: going\n", b"")


def test_the_old_peer_is_left_to_whoever_replaced_it() -> None:
    room = a_room()
    old = join(room, ALICE)
    room.reconnect(ALICE, Peer(), wire.plain)
    room.commit()
    assert not old.closed


def test_coming_back_is_told_as_being_disconnected_and_connected() -> None:
    room = a_room()
    join(room, ALICE)
    room.commit()
    events = record(room)
    room.reconnect(ALICE, Peer(), wire.plain)
    room.commit()
    assert events == [Disconnected(ALICE), Connected(ALICE)]


def test_coming_back_changes_no_count() -> None:
    room = a_room()
    join(room, ALICE)
    room.reconnect(ALICE, Peer(), wire.plain)
    assert room.members == 1


def test_who_came_back_and_leaves_is_closed() -> None:
    room = a_room()
    join(room, ALICE)
    new = Peer()
    room.reconnect(ALICE, new, wire.plain)
    room.leave(ALICE)
    room.commit()
    assert new.closed


@pytest.mark.parametrize(
    ("history", "replay", "missed"),
    [
        pytest.param(10, 1000, ["2", "3", "4"], id="all are kept"),
        pytest.param(0, 3, ["2", "3", "4"], id="exactly these are kept"),
        pytest.param(0, 2, ["3", "4"], id="fewer are kept"),
        pytest.param(2, 0, ["3", "4"], id="only the history is kept"),
        pytest.param(0, 0, [], id="none is kept"),
    ],
)
def test_missed_messages_are_those_after_the_last_seen_as_far_as_they_are_kept(
    history: int, replay: int, missed: list[str]
) -> None:
    room = a_room(history=history, replay=replay)
    join(room, ALICE)
    for text in "01234":
        room.post(ALICE, text)
    room.commit()
    assert [message.text for message in room.since(2)] == missed


@pytest.mark.parametrize("seen", [5, 6, 10**30])
def test_nothing_is_missed_by_somebody_who_has_seen_all_that_was_said(seen: int) -> None:
    room = a_room()
    join(room, ALICE)
    for text in "01234":
        room.post(ALICE, text)
    room.commit()
    assert room.since(seen) == []


@pytest.mark.parametrize(("most", "last"), [(None, "234"), (0, ""), (2, "34"), (3, "234"), (10**30, "234")])
def test_a_newcomer_may_want_fewer_of_the_last_messages_but_not_more(most: int | None, last: str) -> None:
    room = a_room(history=3)
    join(room, ALICE)
    for text in "01234":
        room.post(ALICE, text)
    room.commit()
    assert "".join(message.text for message in room.last(most)) == last


def test_the_number_of_the_last_message_is_that_of_the_last_that_was_delivered() -> None:
    journal = SlowJournal()
    room = a_room(journal)
    join(room, ALICE)
    room.post(ALICE, "hello")
    room.commit()
    assert room.seq == 0
    journal.keep_one()
    assert room.seq == 1


def test_the_life_of_the_conversation_is_that_of_its_journal() -> None:
    assert a_room(MemoryJournal("this one")).epoch == "this one"


# Receipts.


def test_a_receipt_comes_after_the_message_was_written() -> None:
    room = a_room()
    alice = join(room, ALICE)
    written: list[bytes] = []
    receipts = Receipts(and_then=lambda: written.append(alice.take()))
    room.post(ALICE, "hello", receipts, ident=7)
    room.commit()
    assert (receipts.kept, written) == ([[(7, 1)]], [b"Alice: hello\n"])


def test_there_is_no_receipt_before_the_journal_has_kept_the_message() -> None:
    journal = SlowJournal()
    room = a_room(journal)
    join(room, ALICE)
    receipts = Receipts()
    room.post(ALICE, "hello", receipts, ident=7)
    room.commit()
    assert receipts.kept == []
    journal.keep_one()
    assert receipts.kept == [[(7, 1)]]


def test_receipts_come_once_and_together_for_a_batch() -> None:
    room = a_room()
    join(room, ALICE)
    receipts = Receipts()
    for ident in (3, 5):
        room.post(ALICE, "hello", receipts, ident)
    room.commit()
    room.post(ALICE, "no receipt for this")
    room.commit()
    assert receipts.kept == [[(3, 1), (5, 2)]]


# Settling.


def test_whoever_waits_until_all_is_settled_waits_for_what_has_happened_and_for_no_more() -> None:
    journal = SlowJournal()
    room = a_room(journal)
    settled: list[str] = []
    join(room, ALICE)
    room.settle(lambda: settled.append("joined"))
    room.post(ALICE, "one")
    room.settle(lambda: settled.append("one"))
    journal.keep_one()
    assert settled == ["joined"]
    room.post(ALICE, "two")
    room.commit()
    journal.keep_one()
    assert settled == ["joined", "one"]
    journal.keep_one()
    room.settle(lambda: settled.append("at once"))
    assert settled == ["joined", "one", "at once"]


def test_what_is_lost_is_settled() -> None:
    journal = SlowJournal()
    room = a_room(journal)
    settled: list[str] = []
    join(room, ALICE)
    room.settle(lambda: settled.append("lost"))
    journal.fail("the disk is full")
    assert settled == ["lost"]


# How many there are.


def crowd(room: Room, people: int) -> list[Name]:
    """Let so many people in, and return their names."""
    names = [prepare(f"p{number}") for number in range(people)]
    for name in names:
        room.join(name, Peer(), wire.plain)
    room.commit()
    return names


def test_a_small_room_is_not_counted_since_everybody_is_announced() -> None:
    room = a_room()
    crowd(room, ANNOUNCED)
    events = record(room)
    room.count()
    room.commit()
    assert events == []


def test_a_big_room_is_counted() -> None:
    room = a_room()
    crowd(room, ANNOUNCED + 1)
    events = record(room)
    room.count()
    room.commit()
    assert events == [Counted(ANNOUNCED + 1)]


def test_a_big_room_is_counted_again_only_when_the_count_has_changed() -> None:
    room = a_room()
    names = crowd(room, ANNOUNCED + 5)
    room.count()
    room.commit()
    events = record(room)
    room.count()
    room.leave(names[0])
    room.count()
    room.count()
    room.commit()
    assert events == [Left(names[0], ANNOUNCED + 4), Counted(ANNOUNCED + 4)]


def test_a_room_that_was_small_for_a_moment_is_counted_again_though_as_many_are_there_as_before() -> None:
    room = a_room()
    names = crowd(room, ANNOUNCED + 1)
    room.count()
    room.leave(names[0])
    room.commit()
    room.join(names[0], Peer(), wire.plain)
    room.commit()
    events = record(room)
    room.count()
    room.commit()
    assert events == [Counted(ANNOUNCED + 1)]


# All of it, in any order.


class Visit(NamedTuple):
    """One stay of one peer in the room, and what it must have got by when.

    `first`: messages of the conversation that come before the first one that is the peer's to see.
    `said_before_leaving`: messages that were posted before it left; None while it stays.
    """

    name: Name
    peer: Peer
    encode: Encode
    first: int
    said_before_leaving: int | None = None


def as_numbers(events: Iterable[Event]) -> bytes:
    """Encode as a second format, which no other peer reads."""
    return "".join([f"{event.seq} {event.text}\n" for event in events if isinstance(event, Sent)]).encode()


class AnyRoom(RuleBasedStateMachine):
    """Does anything that can be done to a room, and keeps the list of all that has happened beside it."""

    journal: Journal

    def __init__(self) -> None:
        super().__init__()
        self.happened: list[Event] = []
        self.handed_over = 0  # how much of it went to the journal
        self.kept = 0  # how much of it the journal has kept
        self.batches: deque[int] = deque()  # what is neither the one nor the other: the sizes of batches
        self.visits: list[Visit] = []
        self.awake = False
        self.watchers: list[tuple[Peer, int]] = []
        self.lost: list[tuple[Peer, int]] = []  # whose place another has, and how often each was written to before
        self.receipts = Receipts()
        self.expected_lost: list[int] = []
        self.due = False

    @initialize(history=st.integers(0, 4), replay=st.integers(0, 6))
    def open(self, history: int, replay: int) -> None:
        self.history = history
        self.remembered = max(history, replay)
        self.room = a_room(self.journal, wake=self.wake, history=history, replay=replay)

    def wake(self) -> None:
        assert not self.awake
        self.awake = True

    # What the conversation is by now.

    def kept_messages(self) -> list[Sent]:
        return [event for event in self.happened[: self.kept] if isinstance(event, Sent)]

    def here(self) -> list[Visit]:
        """Return the visits whose end is not kept yet, whose names are therefore taken."""
        gone = [event.name for event in self.happened[: self.kept] if isinstance(event, Left)]
        came = [event.name for event in self.happened if isinstance(event, Joined)]
        return [
            visit
            for number, visit in enumerate(self.visits)
            if came[: number + 1].count(visit.name) > gone.count(visit.name)
        ]

    def staying(self) -> list[Visit]:
        return [visit for visit in self.visits if visit.said_before_leaving is None]

    # What may happen.

    @rule(
        raw=st.sampled_from(["alice", "ALICE", "bob", "Bob", "Zoé", "zoe\u0301", "dave", "Server", "SERVER"]),
        encode=st.sampled_from([wire.plain, as_numbers]),
    )
    def joins(self, raw: str, encode: Encode) -> None:
        name = prepare(raw)
        peer = Peer()
        self.hand_over()  # what happened before the newcomer comes before it
        if name.key in {"server", *(visit.name.key for visit in self.here())}:
            with pytest.raises(NameTaken):
                self.room.join(name, peer, encode)
            return
        self.room.join(name, peer, encode)
        peer.write(encode(self.room.last()))
        messages = self.kept_messages()
        first = max(0, len(messages) - self.history)
        assert self.room.last() == messages[first:]
        self.happened.append(Joined(name, len(self.staying()) + 1))
        self.visits.append(Visit(name, peer, encode, first))

    @precondition(lambda self: self.staying())
    @rule(data=st.data(), missed=st.integers(0, 8))
    def comes_back(self, data: st.DataObject, missed: int) -> None:
        visit = data.draw(st.sampled_from(self.staying()))
        self.hand_over()
        peer = Peer()
        self.room.reconnect(visit.name, peer, visit.encode)
        messages = self.kept_messages()
        seen = max(0, len(messages) - missed)
        first = max(seen, len(messages) - self.remembered)
        assert self.room.since(seen) == messages[first:]
        peer.write(visit.encode(self.room.since(seen)))
        self.visits[self.visits.index(visit)] = visit._replace(peer=peer, first=first)
        self.lost.append((visit.peer, len(visit.peer.written)))
        self.happened += [Disconnected(visit.name), Connected(visit.name)]

    @rule()
    def somebody_watches(self) -> None:
        peer = Peer()
        self.room.attach(peer, everything)
        self.watchers.append((peer, self.kept))

    @precondition(lambda self: self.staying())
    @rule(data=st.data(), times=st.integers(1, 6))
    def posts(self, data: st.DataObject, times: int) -> None:
        name = data.draw(st.sampled_from(self.staying())).name
        for _ in range(times):
            number = 1 + sum(isinstance(event, Sent) for event in self.happened)
            text = f"message {number}"
            self.room.post(name, text, self.receipts, number + 1000)
            self.happened.append(Sent(number, name, text, 0, self.receipts.key, number + 1000))

    @precondition(lambda self: self.staying())
    @rule(data=st.data())
    def leaves(self, data: st.DataObject) -> None:
        visit = data.draw(st.sampled_from(self.staying()))
        self.room.leave(visit.name)
        said = sum(isinstance(event, Sent) for event in self.happened)
        self.visits[self.visits.index(visit)] = visit._replace(said_before_leaving=said)
        self.happened.append(Left(visit.name, len(self.staying())))

    @rule()
    def commits(self) -> None:
        self.hand_over()
        self.room.commit()

    def hand_over(self) -> None:
        """Keep the books of a commit."""
        if self.batches:
            self.due = True
            return
        self.awake = False
        if self.handed_over < len(self.happened):
            self.batches.append(len(self.happened) - self.handed_over)
            self.handed_over = len(self.happened)
        if isinstance(self.journal, MemoryJournal):
            self.kept = self.handed_over
            self.batches.clear()

    # What always holds.

    @invariant()
    def a_commit_is_due_when_something_has_happened(self) -> None:
        assert self.awake == (self.handed_over < len(self.happened))

    @invariant()
    def each_got_one_run_of_the_one_sequence(self) -> None:
        messages = self.kept_messages()
        for visit in self.visits:
            got = b"".join(visit.peer.written)
            if not visit.peer.closed:
                assert got == visit.encode(messages[visit.first :])
            else:
                least = visit.encode(messages[visit.first : visit.said_before_leaving])
                assert got.startswith(least)
                assert visit.encode(messages[visit.first :]).startswith(got)
                assert got.endswith(b"\n") or not got

    @invariant()
    def watchers_got_all_that_was_kept_since_they_came(self) -> None:
        for peer, since in self.watchers:
            assert b"".join(peer.written) == everything(self.happened[since : self.kept])

    @invariant()
    def whoever_has_left_is_closed_and_nobody_else(self) -> None:
        here = self.here()
        for visit in self.visits:
            assert visit.peer.closed == (visit not in here)

    @invariant()
    def whoever_was_replaced_gets_nothing_more_and_is_not_closed(self) -> None:
        for peer, before in self.lost:
            assert (len(peer.written), peer.closed) == (before, False)

    @invariant()
    def each_message_that_is_kept_has_one_receipt(self) -> None:
        assert list(itertools.chain(*self.receipts.kept)) == [
            (message.ident, message.seq) for message in self.kept_messages()
        ]

    @invariant()
    def the_room_counts_those_who_stay_and_what_was_delivered(self) -> None:
        assert (self.room.members, self.room.seq) == (len(self.staying()), len(self.kept_messages()))

    @invariant()
    def no_two_have_the_same_name(self) -> None:
        here = {visit.name.key: visit.name.shown for visit in self.here()}
        assert len(here) == len(self.here())
        for visit in self.here():
            others = [shown for key, shown in sorted(here.items()) if key != visit.name.key]
            assert self.room.names(without=visit.name, most=2) == (others[:2], len(others[2:]))


class RoomInMemory(AnyRoom):
    """The room with the journal that keeps everything at once."""

    def __init__(self) -> None:
        super().__init__()
        self.journal = MemoryJournal("memory")


class RoomWithSlowJournal(AnyRoom):
    """The room with a journal that takes its time."""

    def __init__(self) -> None:
        super().__init__()
        self.journal = self.slow = SlowJournal()

    @precondition(lambda self: self.batches)
    @rule()
    def the_journal_keeps_a_batch(self) -> None:
        self.kept += self.batches.popleft()
        self.go_on()
        self.slow.keep_one()

    @precondition(lambda self: self.batches)
    @rule()
    def the_journal_fails(self) -> None:
        self.batches.clear()
        on_its_way, not_yet = self.happened[self.kept : self.handed_over], self.happened[self.handed_over :]
        lost = [event.ident for event in on_its_way if isinstance(event, Sent)]
        self.expected_lost += lost
        said = len(self.kept_messages())
        for index, visit in enumerate(self.visits):
            if visit.said_before_leaving is not None and visit.said_before_leaving > said:
                self.visits[index] = visit._replace(
                    said_before_leaving=max(visit.said_before_leaving - len(lost), said)
                )
        delivered = [event for event in on_its_way if not isinstance(event, Sent)]
        self.happened[self.kept :] = delivered
        self.happened += [e._replace(seq=e.seq - len(lost)) if isinstance(e, Sent) else e for e in not_yet]
        self.kept = self.handed_over = self.kept + len(delivered)
        self.go_on()
        self.slow.fail("the disk is full")

    def go_on(self) -> None:
        """Keep the books of a commit that waited for the one before."""
        if self.due:
            self.due = False
            self.hand_over()

    @invariant()
    def whatever_was_lost_is_told(self) -> None:
        assert list(itertools.chain(*[idents for idents, _ in self.receipts.lost])) == self.expected_lost


TestAnythingInMemory = RoomInMemory.TestCase
TestAnythingWithSlowJournal = RoomWithSlowJournal.TestCase
TestAnythingInMemory.settings = TestAnythingWithSlowJournal.settings = settings(
    max_examples=75, stateful_step_count=40, deadline=None
)
