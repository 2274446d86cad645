"""The windows by themselves: which there are, what is new in them, and what the server is told of that."""

from hypothesis import given, strategies as st
from prompt_toolkit.document import Document

from asyncchat.formats.events import Deleted, Edited, Message
from asyncchat.ui.windows import KEPT, MOST_WINDOWS, RefusedLine, RefusedLines, Window, Windows


def message(seq: int, text: str = "hello") -> Message:
    return Message(seq, "2026-11-22T21:40:00Z", "bob", text)


def keep(window: Window, *seqs: int, calls: bool = False, is_own: bool = False) -> None:
    for seq in seqs:
        window.keep(message(seq), is_own=is_own, calls=calls)


def news(window: Window) -> tuple[int, int]:
    return window.unread, window.calls


def test_what_comes_while_another_window_is_shown_is_new_until_one_looks() -> None:
    window = Window("#ops")
    window.enter(10, 3)
    keep(window, 9, 10)
    assert news(window) == (0, 0)
    keep(window, 11, 12)
    keep(window, 13, calls=True)
    keep(window, 14, is_own=True)
    assert news(window) == (3, 1)
    kept, first = window.look()
    assert (len(kept), first) == (6, 11)
    assert (news(window), window.look()[1]) == ((0, 0), None)


def test_what_was_read_elsewhere_is_not_new() -> None:
    window = Window("#ops")
    window.enter(10, 3)
    window.know_read(7)
    keep(window, 7, 8, 9, 10)
    assert news(window) == (3, 0)
    window.know_read(10)
    assert news(window) == (0, 0)


def test_who_was_never_here_has_nothing_to_catch_up_with() -> None:
    window = Window("#ops")
    window.enter(10, 3)
    window.know_read(10)
    keep(window, 9, 10)
    assert news(window) == (0, 0)


def test_where_nothing_was_read_all_is_new() -> None:
    window = Window("#ops")
    window.enter(2, 3)
    window.know_read(0)
    keep(window, 1, 2)
    assert news(window) == (2, 0)


def test_the_first_message_since_last_time_is_marked_once() -> None:
    window = Window("")
    window.enter(10, 3)
    window.know_read(8)
    marked = []
    for seq in range(7, 13):
        marked.append(window.is_first_new(message(seq)))
        window.show(message(seq))
    assert marked == [False, False, True, False, False, False]


def test_the_server_is_told_what_was_seen_and_nothing_twice() -> None:
    windows = Windows()
    windows.of_lobby.enter(10, 3)
    windows.of_lobby.show(message(11))
    assert windows.to_tell() == []  # it keeps nothing
    windows.of_lobby.know_read(5)
    windows.of_lobby.show(message(12))
    assert windows.to_tell() == [("", 12)]
    assert windows.to_tell() == []
    windows.of_lobby.begin_anew()
    assert windows.to_tell() == []


def test_a_kept_message_is_changed_once() -> None:
    window = Window("")
    window.show(message(1, "helo"))
    window.kept.append([("", "a line")])
    before = window.change(Edited(1, "hello", "bob"))
    assert before
    assert before.text == "helo"
    assert window.change(Edited(1, "hello")) is None
    assert window.change(Deleted(1, "bob"))
    assert window.change(Deleted(1)) is None
    assert window.change(Deleted(9)) is None
    (kept, _) = window.kept
    assert isinstance(kept, Message)
    assert kept.deleted


def test_a_window_is_found_by_its_name_or_number() -> None:
    windows = Windows()
    windows.default = "#main"
    ops, bob = windows.open("#Ops"), windows.open("bob")
    assert [windows.meant(where) for where in ("1", "2", "3", "4", "0", "9" * 50)] == [
        windows.of_lobby,
        ops,
        bob,
        None,
        None,
        None,
    ]
    assert [windows.meant(where) for where in ("MAIN", "#main", "#ops", "OPS", "Bob", "", "x")] == [
        windows.of_lobby,
        windows.of_lobby,
        ops,
        ops,
        bob,
        windows.of_lobby,
        None,
    ]


def test_who_is_called_is_shown_first() -> None:
    windows = Windows()
    keep(windows.open("#ops"), 1)
    keep(windows.open("#dev"), 1, calls=True)
    found = windows.with_news()
    assert found is windows.find("#dev")
    windows.select("#dev")
    windows.current.look()
    assert windows.with_news() is windows.find("#ops")
    windows.select("#ops")
    windows.current.look()
    assert windows.with_news() is None


names = st.sampled_from(["", "#ops", "#OPS", "#dev", "bob", "Bob", "carol"])


@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.sampled_from(["open", "select", "close", "know", "tidy"]), names),
            st.tuples(st.just("beside"), st.integers(-9, 9)),
        )
    )
)
def test_whatever_is_opened_and_closed_one_window_is_the_current_one(steps: list[tuple[str, str | int]]) -> None:
    windows = Windows()
    for act, what in steps:
        match act, what:
            case "open", str():
                windows.open(what)
            case "select", str():
                windows.select(what)
            case "close", str():
                windows.close(what)
            case "know", str():
                windows.open(what).is_known = True
            case "beside", int():
                windows.select(windows.beside(what).name)
            case _:
                windows.close_unknown()
        every = list(windows)
        assert every[0] is windows.of_lobby
        assert windows.current in every
        assert len({each.name.lower() for each in every}) == len(every)
        assert len(windows.tabs()) in {0, len(every)}


def test_memory_is_bounded() -> None:
    windows = Windows()
    windows.select("#here")
    keep(windows.current, *range(1, 2 * KEPT))
    assert len(windows.current.kept) == KEPT
    keep(windows.open("friend"), 1)
    for number in range(2 * MOST_WINDOWS):
        windows.open(f"n{number}")
    assert len(list(windows)) == MOST_WINDOWS
    assert windows.find("friend")
    for number in range(2 * MOST_WINDOWS):
        windows.open(f"#n{number}")
    assert len(list(windows)) == MOST_WINDOWS
    assert windows.current is windows.find("#here")


def test_what_was_being_typed_in_a_window_that_is_closed_waits_for_it_or_comes_back_if_it_never_was() -> None:
    windows = Windows()
    ops, dave = windows.open("#ops"), windows.open("dave")
    ops.enter(0, 1)
    windows.keep_draft(ops, Document("for ops"))
    windows.keep_draft(dave, Document("for dave"))
    assert (ops.draft.text, list(windows.unsent())) == ("for ops", [])
    windows.close("#ops")
    windows.close_unknown()
    assert [(*line[:2], line.is_lost) for line in windows.unsent()] == [
        ("for ops", "#ops", False),
        ("for dave", "dave", True),
    ]
    assert list(windows.unsent()) == []
    windows.keep_draft(ops, Document("more"))  # it was shown, and is known to be closed after that
    assert [line.line for line in windows.unsent()] == ["more"]


def test_a_refused_line_waits_for_its_window() -> None:
    refused = RefusedLines()
    for line, turned in (("for ops", "#ops"), ("for all", ""), ("/nonsense", "#ops")):
        refused.add(RefusedLine(line, turned, "why", is_lost=False))
    refused.add(RefusedLine("for who is gone", "bob", "why", is_lost=True))
    assert [refused.take("#dev") for _ in range(3)] == [
        RefusedLine("/nonsense", "#ops", "why", is_lost=False),
        RefusedLine("for who is gone", "bob", "why", is_lost=True),
        None,
    ]
    assert refused.take("#ops") == RefusedLine("for ops", "#ops", "why", is_lost=False)
    assert refused.take("") == RefusedLine("for all", "", "why", is_lost=False)
