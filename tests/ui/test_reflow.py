"""How many rows text takes, and what of the lines printed last is printed again."""

import pytest
from hypothesis import given, strategies as st
from prompt_toolkit.data_structures import Size

from asyncchat.ui.view import reflow
from asyncchat.ui.view.reflow import Line, Recent, reflows, without_tabs, wrapped


def rows_of(text: str, columns: int) -> list[str]:
    return ["".join(piece for _, piece in row) for row in wrapped([("", text)], columns)]


@pytest.mark.parametrize(
    ("text", "columns", "rows"),
    [
        ("", 5, [""]),
        ("abcde", 5, ["abcde"]),
        ("abcdef", 5, ["abcde", "f"]),
        ("漢字漢字", 5, ["漢字", "漢字"]),
        ("abcde\u0301", 5, ["abcde\u0301"]),
        ("👩\u200d👩\u200d👧b", 2, ["👩\u200d👩\u200d👧", "b"]),
        ("👍🏽👍🏽", 2, ["👍🏽", "👍🏽"]),
        ("漢", 1, ["漢"]),
    ],
)
def test_text_is_wrapped_as_terminals_do_it(text: str, columns: int, rows: list[str]) -> None:
    assert rows_of(text, columns) == rows


def test_styles_stay_with_their_text_when_it_is_wrapped() -> None:
    assert wrapped([("a", "one"), ("b", "two")], 4) == [[("a", "one"), ("b", "t")], [("b", "wo")]]


def test_blanks_stand_for_tabs() -> None:
    assert without_tabs([("", "a\tb"), ("x", "漢\tc")]) == [("", "a       b"), ("x", "漢     c")]


def test_only_terminals_that_are_known_to_wrap_anew_are_taken_for_such() -> None:
    assert reflows({"TMUX": "x", "TERM": "screen"})
    assert reflows({"TERM": "xterm-kitty"})
    assert not reflows({"TERM": "xterm-256color", "TMUX": ""})


def line(text: str) -> Line:
    return [("", text)]


def recent(*texts: str) -> Recent:
    lines = Recent()
    lines.add([line(text) for text in texts])
    return lines


@pytest.mark.parametrize(
    ("rows", "owed", "new", "printed"),
    [
        (2, 0, 0, ["three", "four"]),
        (2, 3, 0, ["two", "three", "four"]),
        (2, 0, 1, ["two", "three", "four"]),
        (2, 3, 1, ["one", "two", "three", "four"]),
        (0, 0, 0, []),
        (-1, 1, 1, ["three", "four"]),
        (9, 0, 0, ["one", "two", "three", "four"]),
        (9, 9, 9, ["one", "two", "three", "four"]),
    ],
)
def test_what_fits_is_printed_again_and_what_is_owed_and_new(
    rows: int, owed: int, new: int, printed: list[str]
) -> None:
    assert recent("one", "two", "three", "four").last(Size(rows, 80), owed, new) == [line(text) for text in printed]


def test_the_first_line_is_cut_so_that_the_window_is_full_unless_it_is_owed() -> None:
    assert recent("abcdefgh", "i").last(Size(2, 4), 1, 0) == [line("efgh"), line("i")]
    assert recent("abcdefgh", "i").last(Size(2, 4), 2, 0) == [line("abcdefgh"), line("i")]


@given(
    st.lists(st.text("ab漢\u0301", max_size=30)),
    st.integers(1, 20),
    st.integers(1, 20),
)
def test_what_is_printed_again_fills_the_window_with_the_end_of_what_there_is(
    texts: list[str], columns: int, rows: int
) -> None:
    everything = [row for text in texts for row in rows_of(text, columns)]
    shown = [row for again in recent(*texts).last(Size(rows, columns), 0, 0) for row in wrapped(again, columns)]
    assert ["".join(piece for _, piece in row) for row in shown] == everything[-rows:]


def test_no_more_is_remembered_than_fits_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reflow, "MOST_LINES", 3)
    monkeypatch.setattr(reflow, "MOST_CHARACTERS", 10)
    whole = Size(99, 80)
    assert recent(*"abcd").last(whole, 0, 0) == [line(text) for text in "bcd"]
    assert recent("12345", "1234", "12").last(whole, 0, 0) == [line("1234"), line("12")]
    assert recent("a", "x" * 99).last(whole, 0, 0) == [line("x" * 99)]
    assert recent("a", "x" * 99).owed == 1
