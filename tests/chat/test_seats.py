"""Seats: what the server remembers of somebody who may come back."""

from collections.abc import Sequence

from asyncchat.chat.resumption import REMEMBERED, Kept, Seat
from tests.chat import some_seats


class Holder:
    """Remembers what it is told to be kept."""

    def __init__(self) -> None:
        self.told: list[tuple[int, int | None]] = []

    def acknowledge(self, kept: Kept) -> None:
        self.told.extend(kept)

    def refuse(self, idents: Sequence[int], why: str) -> None:
        self.refused = (list(idents), why)


def a_seat() -> Seat:
    return Seat(b"key", 0)


# Finding a seat again.


def test_a_seat_is_found_by_its_token() -> None:
    seats = some_seats()
    token, seat = seats.new(0)
    seats.take(seat, Holder())
    assert seats.find(token) is seat


def test_each_seat_has_a_token_of_its_own() -> None:
    seats = some_seats()
    assert seats.new(0)[0] != seats.new(0)[0]


def test_no_seat_is_found_by_a_token_that_nobody_was_given() -> None:
    seats = some_seats()
    seats.take(seats.new(0)[1], Holder())
    assert seats.find("token of somebody else") is None


def test_a_seat_that_nobody_took_is_not_kept() -> None:
    seats = some_seats()
    token, _ = seats.new(0)
    assert seats.find(token) is None


def test_the_token_itself_is_not_kept() -> None:
    token, seat = some_seats().new(0)
    assert token.encode() not in seat.key


def test_a_seat_is_found_when_nobody_holds_it_any_more() -> None:
    seats = some_seats()
    token, seat = seats.new(0)
    seats.take(seat, Holder())
    seats.vacate(seat)
    assert seats.find(token) is seat
    assert seat.holder is None


def test_the_seat_that_has_been_empty_for_longest_is_forgotten_first() -> None:
    seats = some_seats(kept_empty=2)
    tokens = []
    for _ in range(3):
        token, seat = seats.new(0)
        seats.take(seat, Holder())
        seats.vacate(seat)
        tokens.append(token)
    assert [seats.find(token) is None for token in tokens] == [True, False, False]


def test_a_seat_that_somebody_holds_is_never_forgotten() -> None:
    seats = some_seats(kept_empty=0)
    token, seat = seats.new(0)
    seats.take(seat, Holder())
    for _ in range(5):
        other = seats.new(0)[1]
        seats.take(other, Holder())
        seats.vacate(other)
    assert seats.find(token) is seat


def test_a_seat_that_is_taken_again_is_not_forgotten_with_the_empty_ones() -> None:
    seats = some_seats(kept_empty=1)
    token, seat = seats.new(0)
    seats.take(seat, Holder())
    seats.vacate(seat)
    seats.take(seat, Holder())
    for _ in range(3):
        other = seats.new(0)[1]
        seats.take(other, Holder())
        seats.vacate(other)
    assert seats.find(token) is seat


def test_a_seat_that_was_taken_again_counts_as_the_last_that_became_empty() -> None:
    seats = some_seats(kept_empty=2)
    tokens, (first, second, third) = zip(*[seats.new(0) for _ in range(3)], strict=True)
    for seat in (first, second, first, third):
        seats.take(seat, Holder())
        seats.vacate(seat)
    assert [seats.find(token) is None for token in tokens] == [False, True, False]


# What was sent from it.


def test_what_is_sent_is_pending_until_it_is_kept() -> None:
    seat = a_seat()
    seat.begin(3)
    assert (seat.pending, seat.newest, dict(seat.kept)) == ({3}, 3, {})
    seat.keep([(3, 41)])
    assert (seat.pending, seat.newest, dict(seat.kept)) == (set(), 3, {3: 41})


def test_the_holder_is_told_what_is_kept() -> None:
    seat, holder = a_seat(), Holder()
    some_seats().take(seat, holder)
    seat.keep([(1, 41), (2, None)])
    assert holder.told == [(1, 41), (2, None)]


def test_what_is_kept_while_nobody_is_there_is_remembered() -> None:
    seat = a_seat()
    seat.begin(1)
    seat.keep([(1, 41)])
    assert dict(seat.kept) == {1: 41}


def test_only_the_last_that_were_kept_are_remembered() -> None:
    seat = a_seat()
    for ident in range(REMEMBERED + 5):
        seat.begin(ident)
        seat.keep([(ident, ident + 100)])
    assert list(seat.kept) == list(range(5, REMEMBERED + 5))


def test_what_was_lost_is_told_and_may_be_sent_again() -> None:
    seat, holder = a_seat(), Holder()
    some_seats().take(seat, holder)
    seat.begin(3)
    seat.keep([(3, 41)])
    for ident in (5, 6):
        seat.begin(ident)
    seat.lose([5, 6], "the disk is full")
    assert (seat.pending, seat.newest) == (set(), 3)
    assert holder.refused == ([5, 6], "the disk is full")


def test_what_was_lost_while_nobody_is_there_may_be_sent_again() -> None:
    seat = a_seat()
    seat.begin(1)
    seat.lose([1], "the disk is full")
    assert (seat.pending, seat.newest) == (set(), -1)


def test_a_seat_is_made_anew_with_what_was_kept() -> None:
    seat = some_seats().restore("token9", [(7, 43), (5, 42)], None, 0)
    assert (seat.newest, seat.kept) == (7, {5: 42, 7: 43})


def test_a_seat_that_is_there_is_not_made_anew() -> None:
    seats = some_seats()
    token, seat = seats.new(0)
    seats.take(seat, Holder())
    assert seats.restore(token, [], None, 0) is seat
