"""What is shown of what happens, without any terminal."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest
from msgspec import UNSET

from asyncchat.aio.client.event_queue import Disconnected, Event
from asyncchat.formats import events
from asyncchat.ui.view.scrollback import Show, Shown
from asyncchat.ui.windows import Line

NOW = datetime(2026, 11, 22, 23, 30, tzinfo=timezone(timedelta(hours=2)))


def take(show: Show, *happened: Event, rows: int = 50) -> Shown:
    return show.take(happened, now=NOW, columns=80, rows=rows)


def texts(lines: Sequence[Line]) -> list[str]:
    return ["".join(text for _, text in line) for line in lines]


def shown(show: Show, *happened: Event, rows: int = 50) -> list[str]:
    return texts(take(show, *happened, rows=rows).lines)


def welcome(seq: int = 0, *, epoch: str = "e", resumed: bool = False, names: list[str] | None = None) -> events.Welcome:
    return events.Welcome("alice", "t", epoch, seq, 2, 4096, resumed, names=UNSET if names is None else names)


def message(text: str, sender: str = "bob", seq: int = 100, time: str = "2026-11-22T21:05:00.000Z") -> events.Message:
    return events.Message(seq, time, sender, text)


@pytest.fixture
def show() -> Show:
    show = Show("host:1", bell="mentions", zone=NOW.tzinfo)
    take(show, welcome())
    return show


def test_a_message_has_the_local_time_a_coloured_name_and_the_text(show: Show) -> None:
    (line,) = take(show, message("hi")).lines
    assert texts([line]) == ["23:05 bob: hi"]
    assert line[1][0].startswith("#")


def test_the_same_name_has_the_same_colour_however_it_is_written(show: Show) -> None:
    first, second, third = take(show, message("a", "Bob"), message("b", "bob"), message("c", "carol")).lines
    assert first[1][0] == second[1][0] != third[1][0]


def test_a_message_of_another_day_has_its_date(show: Show) -> None:
    assert shown(show, message("old", time="2026-11-21T12:00:00Z")) == ["2026-11-21 14:00 bob: old"]
    assert shown(show, message("tomorrow", time="2026-11-22T22:00:00Z")) == ["2026-11-23 00:00 bob: tomorrow"]


def test_a_mention_stands_out_and_rings(show: Show) -> None:
    lines, rings = take(show, message("hey Alice!"))
    assert rings
    assert ("class:mention", "Alice") in lines[0]
    assert not take(show, message("malice")).rings


def test_one_does_not_ring_for_oneself_nor_for_those_one_ignores(show: Show) -> None:
    show.bell = "all"
    assert not take(show, message("alice", "ALICE")).rings
    show.ignored["bob"] = "bob"
    assert take(show, message("alice", "Bob"), events.Joined("bob", 3)) == ([], False)
    assert take(show, message("anything", "carol")).rings


def test_what_was_said_before_one_came_does_not_ring() -> None:
    show = Show("host:1", bell="all")
    assert not take(show, welcome(7), message("alice", seq=7)).rings
    assert take(show, message("alice", seq=8)).rings


def test_what_was_missed_while_the_connection_was_lost_rings(show: Show) -> None:
    take(show, Disconnected("gone", 1))
    assert take(show, welcome(120, resumed=True), message("alice", seq=110)).rings


def test_a_loss_is_told_once_and_that_it_is_over(show: Show) -> None:
    lost: list[Event] = [Disconnected("reset", 1), events.Error("name-taken", "taken"), Disconnected("refused", 2)]
    assert shown(show, *lost) == ["connection lost (reset). What you write now is sent when it is there again."]
    assert shown(show, welcome(resumed=True)) == ["connected again."]
    assert len(shown(show, *lost)) == 1
    assert "started anew" in shown(show, welcome(epoch="f"))[0]


def test_a_reason_that_is_a_sentence_has_one_full_stop(show: Show) -> None:
    assert "(closed. Goodbye!). What" in shown(show, Disconnected("closed. Goodbye!", 1))[0]
    take(show, welcome(resumed=True))
    assert "(join again). What" in shown(show, Disconnected("join again.", 1))[0]


@pytest.mark.parametrize(
    ("happened", "line"),
    [
        (events.Gap(3, 3), "1 message is missing here: the server did not send them."),
        (events.Gap(3, 12), "10 messages are missing here: the server did not send them."),
        (events.Refused(1, "too-long", "it is too long."), "not sent: it is too long."),
        (events.Error("x", "no"), "no"),
        (events.Notice("online: bob"), "Server: online: bob"),
    ],
)
def test_other_events(show: Show, happened: Event, line: str) -> None:
    assert shown(show, happened) == [line]


def test_what_is_nothing_to_see(show: Show) -> None:
    assert shown(show, events.Ack(1, 2), events.Bye("bye"), events.Members(300)) == []
    assert show.windows.current.members == 300


def test_joined_and_left_are_one_line_before_the_next_message(show: Show) -> None:
    changes = (
        events.Joined("bob", 3),
        events.Left("dave", 2),
        events.Joined("eve", 3),
        events.Left("eve", 2),
        events.Left("Fay", 1),
        events.Joined("fay", 2),
        events.Joined("alice", 2),
    )
    assert shown(show, *changes) == []
    line = "joined: bob  left: dave  came and went: eve  left and came back: fay"
    assert str(show.run) == line
    assert shown(show, message("hi"), events.Joined("gus", 3), message("ho")) == [
        line,
        "23:05 bob: hi",
        "joined: gus",
        "23:05 bob: ho",
    ]
    assert str(show.run) == ""


def test_a_long_run_is_cut(show: Show) -> None:
    take(show, *(events.Joined(f"n{number}", 3) for number in range(25)))
    assert str(show.run).endswith("n19 and 5 more")


def test_of_more_than_fits_the_newest_is_shown_and_what_matters(show: Show) -> None:
    flood = [message(f"m{number}") for number in range(1000)]
    flood[500] = message("alice!")
    lines = take(show, *flood, rows=10)
    assert lines.rings
    assert texts(lines.lines) == [
        "… 500 messages not shown",
        "23:05 bob: alice!",
        "… 491 messages not shown",
        *(f"23:05 bob: m{number}" for number in range(992, 1000)),
    ]


def test_a_mention_that_is_folded_rings_all_the_same(show: Show) -> None:
    lines, rings = take(show, *(message("alice!") for _ in range(100)), message("end"), rows=4)
    assert rings
    assert texts(lines) == [
        "… 98 messages not shown",
        "23:05 bob: alice!",
        "23:05 bob: alice!",
        "… 1 message not shown",
    ]


def test_a_message_longer_than_the_screen_is_shown(show: Show) -> None:
    assert len(shown(show, message("x" * 4000), rows=4)) == 1


def test_those_who_are_here_can_be_completed(show: Show) -> None:
    take(show, welcome(names=["Bob", "bea", "alice"]), message("hi", "bea"), events.Joined("Bo", 3))
    assert list(show.people.beginning_with("B")) == ["Bo", "bea", "Bob"]
    assert list(show.people.beginning_with("")) == ["Bo", "bea", "Bob"]
    take(show, events.Left("BO", 2))
    assert list(show.people.beginning_with("bo")) == ["Bob"]


def test_times_are_those_of_the_zone() -> None:
    show = Show("host:1", bell="off", zone=UTC)
    assert shown(show, message("hi")) == ["21:05 bob: hi"]


def test_times_in_an_answer_are_local_too(show: Show) -> None:
    today, tomorrow = "2026-11-22T21:05:00Z", "2026-11-23T21:05:00Z"
    assert shown(show, events.Notice(f"{today} bob: at {today}", (today,))) == [f"Server: 23:05 bob: at {today}"]
    assert shown(show, events.Notice(f"a (until {today}), b (until {tomorrow})", (today, tomorrow))) == [
        "Server: a (until 23:05), b (until 2026-11-23 23:05)"
    ]
    assert shown(show, events.Notice("no time", (today,))) == ["Server: no time"]
    assert shown(show, events.Notice(f"{today} bob: hi")) == [f"Server: {today} bob: hi"]  # of an older server


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="there is no other zone here")
def test_a_time_in_winter_is_that_of_winter_also_in_summer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    try:
        show = Show("host:1", bell="off")
        (line,) = show.take([message("hi")], now=datetime(2026, 7, 1, tzinfo=UTC), columns=80, rows=9).lines
    finally:
        monkeypatch.undo()
        time.tzset()
    assert texts([line]) == ["2026-11-22 22:05 bob: hi"]


def test_ones_own_name_is_not_among_those_that_tab_offers(show: Show) -> None:
    take(show, events.Joined("alice", 2), events.Joined("bob", 3), message("hi", "bob"), message("hi", "Alice"))
    assert show.people.beginning_with("") == ["bob"]
    take(show, events.Left("alice", 2), events.Joined("carol", 3), events.You("carol", "registered"))
    assert show.people.beginning_with("") == ["bob"]


def test_one_is_not_told_that_one_has_left_oneself_because_of_another_name(show: Show) -> None:
    you = events.You("carol", "registered")
    assert shown(show, you, events.Left("alice", 1), events.Joined("carol", 2)) == ["You are carol now."]
    assert not str(show.run)
    take(show, events.Joined("alice", 3), events.Left("alice", 2))
    assert str(show.run) == "came and went: alice"
