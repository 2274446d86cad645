"""From what is proposed to what everybody is told: one order, kept before it is seen."""

import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from asyncchat.errors import Refusal
from asyncchat.formats import plain
from asyncchat.log.audience import Encoder
from asyncchat.log.entries import KEPT_NOWHERE, Join, Leave, Logged
from asyncchat.log.log import Kept, Log, MemoryLog
from asyncchat.log.room_events import ANNOUNCED, ConnectionReplaced, Event, Joined, Left, MemberCount, Reconnected, Sent
from asyncchat.text.refusals import NameTaken, NotKept
from asyncchat.text.usernames import Name, parse_name
from tests.chat import Peer, Receipts, Room, SlowLog, a_room, record

ALICE, BOB, CAROL = parse_name("Alice"), parse_name("bob"), parse_name("carol")


TOKEN = b"what shows that somebody who comes back is the same"


def everything(events: Iterable[Event], conversation: str = "") -> bytes:
    """Encode every event, so that a test can read them again."""
    return "".join([f"{event}\n" for event in events]).encode()


def join(room: Room, name: Name, encode: Encoder = plain.encode) -> Peer:
    """Let a new peer join, and give it what was said last, as a session does."""
    peer = Peer()
    room.join(name, peer, encode, TOKEN)
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
    room.pipeline.audience.attach(recorder, everything)
    join(room, BOB)
    room.post(BOB, "hello")
    room.leave(BOB)
    room.commit()
    assert recorder.take() == everything([Joined(BOB, 2), Sent(2, BOB, "hello", 0), Left(BOB, 1)])


def test_whoever_is_attached_is_no_member() -> None:
    room = a_room()
    join(room, ALICE)
    room.pipeline.audience.attach(Peer(), plain.encode)
    assert room.state.names(without=ALICE, most=100) == ([], 0)


# One batch, encoded once for each format.


def test_all_peers_of_a_format_get_the_very_same_bytes() -> None:
    room = a_room()
    peers = [join(room, name) for name in (ALICE, BOB, CAROL)]
    room.post(ALICE, "hello")
    room.commit()
    assert len({id(peer.written[-1]) for peer in peers}) == 1


def test_a_batch_is_encoded_once_for_each_format() -> None:
    batches: dict[str, list[Sequence[Event]]] = {"one": [], "other": []}

    def one(events: Sequence[Event], conversation: str = "") -> bytes:
        batches["one"].append(events)
        return b"1"

    def other(events: Sequence[Event], conversation: str = "") -> bytes:
        batches["other"].append(events)
        return b"2"

    room = a_room()
    for name, encode in [(ALICE, one), (BOB, other), (CAROL, one)]:
        room.join(name, Peer(), encode)
    room.post(ALICE, "hello")
    room.commit()
    batch = [Sent(1, ALICE, "hello", 0)]
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
    asked.clear()
    room.post(ALICE, "1")
    room.post(ALICE, "2")
    assert len(asked) == 1
    room.commit()
    assert len(asked) == 1
    room.post(ALICE, "3")
    room.leave(ALICE)
    assert len(asked) == 2


def test_the_journal_is_not_bothered_when_nothing_has_happened() -> None:
    journal = SlowLog()
    room = a_room(journal)
    room.commit()
    join(room, ALICE)
    room.post(ALICE, "hello")
    room.commit()
    room.commit()
    assert [batch for batch, _ in journal.waiting] == [[Sent(1, ALICE, "hello", 0)]]


def test_what_waits_is_what_has_happened_since_the_last_commit() -> None:
    room = a_room()
    join(room, ALICE)
    room.post(ALICE, "hello")
    room.leave(ALICE)
    assert room.pipeline.pending == 2
    room.commit()
    assert room.pipeline.pending == 0


def test_nobody_sees_what_the_journal_does_not_hold_yet() -> None:
    journal = SlowLog()
    room = a_room(journal)
    alice = join(room, ALICE)
    room.post(ALICE, "hello")
    room.commit()
    assert alice.take() == b""
    journal.keep_one()
    assert alice.take() == b"Alice: hello\n"


def test_a_newcomer_is_not_handed_what_the_journal_does_not_hold_yet() -> None:
    journal = SlowLog()
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
    join(room, parse_name("Zoé"))
    with pytest.raises(NameTaken):
        room.join(parse_name(same), Peer(), plain.encode)


@pytest.mark.parametrize("name", ["Server", "server", "SERVER", "\uff33\uff45\uff52\uff56\uff45\uff52"])
def test_the_name_of_the_server_is_taken_from_the_start(name: str) -> None:
    with pytest.raises(NameTaken):
        a_room().join(parse_name(name), Peer(), plain.encode)


def test_whoever_wanted_a_taken_name_is_not_in_the_room() -> None:
    room = a_room()
    join(room, ALICE)
    refused = Peer()
    with pytest.raises(NameTaken):
        room.join(ALICE, refused, plain.encode)
    room.post(ALICE, "hello")
    room.commit()
    assert refused.written == []


def test_names_are_sorted_whatever_their_case() -> None:
    room = a_room()
    for raw in ("me", "carol", "Bob", "alice", "Dave"):
        join(room, parse_name(raw))
    assert room.state.names(without=parse_name("me"), most=100) == (["alice", "Bob", "carol", "Dave"], 0)


@pytest.mark.parametrize("me", ["a", "b", "c", "d", "e"])
@pytest.mark.parametrize("most", [1, 2, 3, 4, 5])
def test_names_are_the_first_of_the_others_and_how_many_more_there_are(me: str, most: int) -> None:
    room = a_room()
    for raw in "ecbda":
        join(room, parse_name(raw))
    others = "abcde".replace(me, "")
    assert room.state.names(without=parse_name(me), most=most) == (list(others[:most]), len(others[most:]))


def test_there_are_no_other_names_when_one_is_alone() -> None:
    room = a_room()
    join(room, ALICE)
    assert room.state.names(without=ALICE, most=100) == ([], 0)


# Leaving.


def test_a_leaver_gets_what_was_said_before_and_then_is_closed() -> None:
    journal = SlowLog()
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
    journal = SlowLog()
    room = a_room(journal)
    alice = join(room, ALICE)
    room.post(ALICE, "bye")
    room.leave(ALICE)
    room.commit()
    again = join(room, ALICE)
    assert (room.members, alice.closed, again.take()) == (1, False, b"")
    journal.keep_one()
    assert (room.members, alice.closed, again.take()) == (1, True, b"Alice: bye\n")


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


def test_whoever_has_left_is_not_among_the_names() -> None:
    room = a_room()
    join(room, ALICE)
    join(room, BOB)
    room.leave(BOB)
    room.commit()
    assert room.state.names(without=ALICE, most=100) == ([], 0)


# Coming back.


def test_who_comes_back_gets_what_is_said_from_then_on_and_the_old_peer_nothing() -> None:
    room = a_room()
    old, new = join(room, ALICE), Peer()
    room.join(ALICE, new, plain.encode, TOKEN)
    room.post(ALICE, "back")
    room.commit()
    assert (old.take(), new.take()) == (b"", b"Alice: back\n")


def test_the_old_peer_gets_what_was_said_before_somebody_came_back() -> None:
    room = a_room()
    old, new = join(room, ALICE), Peer()
    room.post(ALICE, "going")
    room.join(ALICE, new, plain.encode, TOKEN)
    room.commit()
    assert (old.take(), new.take()) == (b"Alice: going\n", b"Alice: going\n")  # as one of the last


def test_the_old_peer_is_left_to_whoever_replaced_it() -> None:
    room = a_room()
    old = join(room, ALICE)
    room.join(ALICE, Peer(), plain.encode, TOKEN)
    room.commit()
    assert not old.closed


def test_coming_back_is_told_as_being_disconnected_and_connected() -> None:
    room = a_room()
    join(room, ALICE)
    room.commit()
    events = record(room)
    room.join(ALICE, Peer(), plain.encode, TOKEN)
    room.commit()
    assert events == [ConnectionReplaced(ALICE), Reconnected(ALICE)]


def test_coming_back_changes_no_count() -> None:
    room = a_room()
    join(room, ALICE)
    room.join(ALICE, Peer(), plain.encode, TOKEN)
    assert room.members == 1


def test_who_came_back_and_leaves_is_closed() -> None:
    room = a_room()
    join(room, ALICE)
    new = Peer()
    room.join(ALICE, new, plain.encode, TOKEN)
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
    assert [message.text for message in room.state.since(2)] == missed


@pytest.mark.parametrize("seen", [5, 6, 10**30])
def test_nothing_is_missed_by_somebody_who_has_seen_all_that_was_said(seen: int) -> None:
    room = a_room()
    join(room, ALICE)
    for text in "01234":
        room.post(ALICE, text)
    room.commit()
    assert room.state.since(seen) == []


@pytest.mark.parametrize(("most", "last"), [(None, "234"), (0, ""), (2, "34"), (3, "234"), (10**30, "234")])
def test_a_newcomer_may_want_fewer_of_the_last_messages_but_not_more(most: int | None, last: str) -> None:
    room = a_room(history=3)
    join(room, ALICE)
    for text in "01234":
        room.post(ALICE, text)
    room.commit()
    assert "".join(message.text for message in room.host().last(most)) == last


def test_the_number_of_the_last_message_is_that_of_the_last_that_was_delivered() -> None:
    journal = SlowLog()
    room = a_room(journal)
    join(room, ALICE)
    room.post(ALICE, "hello")
    room.commit()
    assert room.seq == 0
    journal.keep_one()
    assert room.seq == 1


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
    journal = SlowLog()
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


class HalfBroken(MemoryLog):
    """Keeps nothing but the first entry of a batch."""

    def append(self, batch: Sequence[Logged], kept: Kept) -> None:
        kept(
            [
                None if number == 0 or isinstance(entry, KEPT_NOWHERE) else NotKept("full")
                for number, entry in enumerate(batch)
            ]
        )


def test_of_a_batch_of_which_some_is_lost_each_sender_hears_what_became_of_its_own() -> None:
    room = a_room(HalfBroken("half"))
    alice, one, other = join(room, ALICE), Receipts(), Receipts()
    room.post(ALICE, "kept", one, 1)
    room.post(ALICE, "lost", other, 2)
    room.post(ALICE, "lost, too", one, 3)
    room.commit()
    assert alice.take() == b"Alice: kept\n"
    assert (one.kept, one.lost) == ([[(1, 1)]], [([3], "full")])
    assert (other.kept, other.lost) == ([], [([2], "full")])
    assert room.seq == 1


def test_a_sender_of_whose_messages_none_is_lost_hears_of_no_loss() -> None:
    room = a_room(HalfBroken("half"))
    join(room, ALICE)
    one, other = Receipts(), Receipts()
    room.post(ALICE, "kept", one, 1)
    room.post(ALICE, "lost", other, 2)
    room.commit()
    assert (one.kept, one.lost) == ([[(1, 1)]], [])


# Settling.


def test_whoever_waits_until_all_is_settled_waits_for_what_has_happened_and_for_no_more() -> None:
    journal = SlowLog()
    room = a_room(journal)
    settled: list[str] = []
    join(room, ALICE)
    room.pipeline.when_applied(lambda: settled.append("joined"))
    assert settled == ["joined"]
    room.post(ALICE, "one")
    room.pipeline.when_applied(lambda: settled.append("one"))
    assert settled == ["joined"]
    room.post(ALICE, "two")
    room.commit()
    journal.keep_one()
    assert settled == ["joined", "one"]
    journal.keep_one()
    room.pipeline.when_applied(lambda: settled.append("at once"))
    assert settled == ["joined", "one", "at once"]


def test_what_is_lost_is_settled() -> None:
    journal = SlowLog()
    room = a_room(journal)
    settled: list[str] = []
    join(room, ALICE)
    room.post(ALICE, "hello")
    room.pipeline.when_applied(lambda: settled.append("lost"))
    journal.fail("the disk is full")
    assert settled == ["lost"]


# How many there are.


def crowd(room: Room, people: int) -> list[Name]:
    """Let so many people in, and return their names."""
    names = [parse_name(f"p{number}") for number in range(people)]
    for name in names:
        room.join(name, Peer(), plain.encode)
    room.commit()
    return names


def test_a_small_room_is_not_counted_since_everybody_is_announced() -> None:
    room = a_room()
    crowd(room, ANNOUNCED)
    events = record(room)
    room.pipeline.count()
    room.commit()
    assert events == []


def test_a_big_room_is_counted() -> None:
    room = a_room()
    crowd(room, ANNOUNCED + 1)
    events = record(room)
    room.pipeline.count()
    room.commit()
    assert events == [MemberCount(ANNOUNCED + 1)]


def test_a_big_room_is_counted_again_only_when_the_count_has_changed() -> None:
    room = a_room()
    names = crowd(room, ANNOUNCED + 5)
    room.pipeline.count()
    room.commit()
    events = record(room)
    room.pipeline.count()
    room.leave(names[0])
    room.commit()
    room.pipeline.count()
    room.pipeline.count()
    room.commit()
    assert events == [Left(names[0], ANNOUNCED + 4), MemberCount(ANNOUNCED + 4)]


def test_a_room_that_was_small_for_a_moment_is_counted_again_though_as_many_are_there_as_before() -> None:
    room = a_room()
    names = crowd(room, ANNOUNCED + 1)
    room.pipeline.count()
    room.leave(names[0])
    room.commit()
    room.join(names[0], Peer(), plain.encode)
    room.commit()
    events = record(room)
    room.pipeline.count()
    room.commit()
    assert events == [MemberCount(ANNOUNCED + 1)]


# All of it, in any order.


def as_numbers(events: Iterable[Event], conversation: str = "") -> bytes:
    """Encode as a second format, which no other peer reads."""
    return "".join([f"{event.seq} {event.text}\n" for event in events if isinstance(event, Sent)]).encode()


class Visit(NamedTuple):
    """A member's connection, with its number."""

    number: int
    name: Name
    peer: Peer
    encode: Encoder
    token: bytes


class Said(NamedTuple):
    """What somebody said, and under which id."""

    visit: Visit
    text: str
    ident: int


class Leaving(NamedTuple):
    """Somebody leaves."""

    visit: Visit


class World:
    """What must have become of what was applied."""

    def __init__(self) -> None:
        self.members: dict[str, Visit] = {}
        self.messages: list[Sent] = []
        self.written: dict[int, bytes] = {}
        self.closed: set[int] = set()
        self.refused: set[int] = set()
        self.happened: list[Event] = []

    def apply(self, item: "Visit | Said | Leaving", history: int) -> None:
        """Fold one more."""
        match item:
            case Visit(number, name, _, encode, token):
                before = self.members.get(name.key)
                if name.key == "server" or (before and before.token != token):
                    self.refused.add(number)
                    return
                self.members[name.key] = item
                self.written[number] = encode(self.messages[len(self.messages) - min(history, len(self.messages)) :])
                if before:
                    self.happened += [ConnectionReplaced(name), Reconnected(name)]
                else:
                    self.happened.append(Joined(name, len(self.members)))
            case Said(visit, text, ident):
                message = Sent(len(self.messages) + 1, visit.name, text, 0, Receipts.token_hash, ident)
                self.messages.append(message)
                self.happened.append(message)
                for member in self.members.values():
                    self.written[member.number] += member.encode([message])
            case Leaving(visit):
                if self.members.get(visit.name.key) is visit:
                    del self.members[visit.name.key]
                    self.happened.append(Left(visit.name, len(self.members)))
                self.closed.add(visit.number)


class AnyChat(RuleBasedStateMachine):
    """Proposes anything, and compares what has become of it with a fold of what was applied."""

    log: Log

    def __init__(self) -> None:
        super().__init__()
        self.pending: list[Visit | Said | Leaving] = []
        self.in_flight: list[Visit | Said | Leaving] = []
        self.due = self.awake = False
        self.world = World()
        self.visits: list[Visit] = []
        self.leaving: set[int] = set()
        self.receipts = Receipts()
        self.lost: list[int] = []
        self.idents = itertools.count(1)

    @initialize(history=st.integers(0, 4))
    def open(self, history: int) -> None:
        self.history = history
        self.room = a_room(self.log, wake=self.wake, history=history)
        self.record = record(self.room)

    def wake(self) -> None:
        assert not self.awake
        self.awake = True

    def commit(self) -> None:
        """Keep the books of a commit."""
        if self.in_flight:
            self.due = True
            return
        self.awake = self.due = False
        self.in_flight, self.pending = self.pending, []
        if isinstance(self.log, MemoryLog) or not any(isinstance(item, Said) for item in self.in_flight):
            self.keep()

    def keep(self, *, lost: bool = False) -> None:
        """Apply what was on its way, or all of it that needs no keeping."""
        applied, self.in_flight = self.in_flight, []
        for item in applied:
            if lost and isinstance(item, Said):
                self.lost.append(item.ident)
            else:
                self.world.apply(item, self.history)
        if self.due:
            self.commit()

    @rule(
        raw=st.sampled_from(["alice", "ALICE", "bob", "Zoé", "zoe\u0301", "Server"]),
        encode=st.sampled_from([plain.encode, as_numbers]),
        token=st.sampled_from([b"one", b"other"]),
    )
    def joins(self, raw: str, encode: Encoder, token: bytes) -> None:
        visit = Visit(len(self.visits) + 1, parse_name(raw), Peer(), encode, token)
        self.visits.append(visit)
        self.commit()
        self.world.apply(visit, self.history)

        def joined(outcome: object) -> None:
            if not isinstance(outcome, Refusal):
                for before in self.visits[: visit.number - 1]:
                    if before.name.key == visit.name.key:
                        self.room.pipeline.audience.remove(before.number)
                self.room.pipeline.audience.add(visit.number, visit.peer, encode)
                visit.peer.write(encode(self.room.last()))

        self.room.pipeline.join(Join(visit.name, visit.number, 0, token_hash=token), joined)

    def members(self) -> list[Visit]:
        """Return those who are in, and have not said that they leave."""
        return [visit for visit in self.world.members.values() if visit.number not in self.leaving]

    @precondition(lambda self: self.members())
    @rule(data=st.data(), times=st.integers(1, 6))
    def says(self, data: st.DataObject, times: int) -> None:
        visit = data.draw(st.sampled_from(self.members()))
        for _ in range(times):
            said = Said(visit, f"message {next(self.idents)}", next(self.idents))
            self.pending.append(said)
            self.room.post(visit.name, said.text, self.receipts, said.ident)

    @precondition(lambda self: self.members())
    @rule(data=st.data())
    def leaves(self, data: st.DataObject) -> None:
        visit = data.draw(st.sampled_from(self.members()))
        self.leaving.add(visit.number)
        self.pending.append(Leaving(visit))
        self.room.pipeline.propose(Leave(visit.number), lambda _: visit.peer.close())

    @rule()
    def commits(self) -> None:
        self.commit()
        self.room.commit()

    # What always holds.

    @invariant()
    def a_commit_is_due_when_something_is_pending(self) -> None:
        assert self.awake == bool(self.pending)

    @invariant()
    def everybody_has_got_an_unbroken_piece_of_the_one_order(self) -> None:
        assert self.record == self.world.happened
        for visit in self.visits:
            assert b"".join(visit.peer.written) == self.world.written.get(visit.number, b"")
            assert visit.peer.closed == (visit.number in self.world.closed)

    @invariant()
    def each_message_that_is_kept_has_one_receipt(self) -> None:
        kept = [(message.ident, message.seq) for message in self.world.messages]
        assert list(itertools.chain(*self.receipts.kept)) == kept
        assert list(itertools.chain(*[idents for idents, _ in self.receipts.lost])) == self.lost

    @invariant()
    def the_state_is_what_was_applied(self) -> None:
        assert (self.room.members, self.room.seq) == (len(self.world.members), len(self.world.messages))


class InMemory(AnyChat):
    """With the log that keeps everything at once."""

    def __init__(self) -> None:
        super().__init__()
        self.log = MemoryLog("memory")


class WithSlowLog(AnyChat):
    """With a log that takes its time, and fails."""

    def __init__(self) -> None:
        super().__init__()
        self.log = self.slow = SlowLog()

    @precondition(lambda self: self.in_flight)
    @rule()
    def the_log_keeps_a_batch(self) -> None:
        self.keep()
        self.slow.keep_one()

    @precondition(lambda self: self.in_flight)
    @rule()
    def the_log_fails(self) -> None:
        self.keep(lost=True)
        self.slow.fail("the disk is full")


TestAnythingInMemory = InMemory.TestCase
TestAnythingWithSlowLog = WithSlowLog.TestCase
TestAnythingInMemory.settings = TestAnythingWithSlowLog.settings = settings(stateful_step_count=40)
