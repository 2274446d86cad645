"""What a server says takes no more memory and time at a terminal than there is reason for."""

import time
from datetime import UTC, datetime

import pytest

from asyncchat.aio.client.event_queue import Event
from asyncchat.formats import events
from asyncchat.ui.mentions import mentions
from asyncchat.ui.roster import MOST_NAMES, Run
from asyncchat.ui.view.scrollback import MOST_OF_ONE, Show
from asyncchat.ui.view.status_bar import Status
from asyncchat.ui.windows import MOST_WINDOWS
from tests.programs import in_rounds

NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)


def shown(*happened: Event) -> list[str]:
    show = Show("host:1", bell="all", zone=UTC)
    show.take([events.Welcome("alice", "t", "e", 0, 2, 4096, False)], now=NOW, columns=80, rows=50)
    lines = show.take(happened, now=NOW, columns=80, rows=50).lines
    return ["".join(text for _, text in line) for line in lines]


def test_of_a_text_that_nobody_reads_the_beginning_is_shown_and_how_much_more_there_is() -> None:
    text = "x" * (MOST_OF_ONE + 7)
    cut = f"{text[:-7]}… (7 more characters)"
    assert shown(events.Message(1, "2026-11-22T21:05:00Z", "bob", text)) == [f"21:05 bob: {cut}"]
    assert shown(events.Topic(text)) == [f"The topic is: {text}"[:MOST_OF_ONE] + "… (21 more characters)"]
    assert shown(events.Message(1, "2026-11-22T21:05:00Z", "bob", text[:-7])) == [f"21:05 bob: {text[:-7]}"]


def test_of_those_who_come_and_go_as_many_are_counted_as_anybody_would_read() -> None:
    run = Run()
    for number in range(MOST_NAMES + 1):
        run.add(f"n{number}", joined=True)
    assert str(run).endswith(f"n19 and {MOST_NAMES - 20} more  and others")
    run.add("n0", joined=False)
    assert "came and went: n0" in str(run)
    run.clear()
    assert str(run) == ""


def test_of_those_whose_messages_wait_the_last_are_remembered_and_the_status_counts_them() -> None:
    show = Show("host:1", bell="off")
    unread = [events.Unread(f"n{number}", 1) for number in range(MOST_NAMES + 5)]
    show.take(unread, now=NOW, columns=80, rows=50)
    tabs = show.windows.tabs()
    assert len(tabs) == MOST_WINDOWS
    assert (tabs[0].title, tabs[-1].title) == ("#lobby", f"n{MOST_NAMES + 4}")
    status = Status("host:1", "alice", 3, tabs, None, "")
    assert status.fit(200) == f" alice  3 members  unread: {MOST_WINDOWS - 1} "


@pytest.mark.parametrize("text", ["alice ", "\u0315\u0300", "alice" + "." * 40])
def test_the_time_to_find_mentions_grows_as_the_text_does(text: str) -> None:
    def growth() -> float:
        """Return how many times as long four times as much takes."""
        times = []
        for length in (1 << 16, 1 << 18):
            begun = time.perf_counter()
            mentions("alice\u0301 alice" + text * (length // len(text)), "alice")
            times.append(time.perf_counter() - begun)
        return times[1] / times[0]

    assert in_rounds(growth, lambda times: times < 8) < 8  # 16 if it took the square
