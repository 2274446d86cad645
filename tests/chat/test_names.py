"""What a name may be, and when two names are the same."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from asyncchat.chat.names import NameRefused, prepare


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "7",
        "alice",
        "Alice2",
        "x" * 32,
        "a_b-c.d",
        "a_",
        "a-",
        "a.",
        "Zoé",
        "Łukasz",
        "Борис",
        "Αλέξης",
        "日本語",
        "김철수",
        "राम",
        "१२३",
        "สมชาย",
        "שלום",
        "אב12",
        "محمد",
    ],
)
def test_a_word_of_any_script_is_shown_as_it_is(name: str) -> None:
    assert prepare(name).shown == name


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        pytest.param("Zoe\u0301", "Zoé", id="composed"),
        pytest.param("\uff33\uff45\uff52\uff56\uff45\uff52", "Server", id="fullwidth"),
        pytest.param("\uff76\uff9e", "\u30ac", id="halfwidth"),
        pytest.param("e\u0301" * 32, "é" * 32, id="32 characters once they are composed"),
    ],
)
def test_a_name_is_shown_in_its_common_form(raw: str, shown: str) -> None:
    assert prepare(raw).shown == shown


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("alice", "ALICE"),
        ("Zoé", "zoé"),
        ("Zoé", "Zoe\u0301"),
        ("ZOÉ", "zoe\u0301"),
        ("\uff33\uff45\uff52\uff56\uff45\uff52", "Server"),
        ("Борис", "БОРИС"),
        ("\uff76\uff9e", "\u30ac"),
    ],
)
def test_names_that_look_the_same_but_for_their_case_are_the_same(one: str, other: str) -> None:
    assert prepare(one).key == prepare(other).key


@pytest.mark.parametrize(("one", "other"), [("alice", "alice2"), ("Zoé", "Zoe"), ("a.b", "a-b"), ("ß", "ss")])
def test_names_that_look_different_are_different(one: str, other: str) -> None:
    assert prepare(one).key != prepare(other).key


def refusal(raw: str) -> str:
    with pytest.raises(NameRefused) as refused:
        prepare(raw)
    return str(refused.value)


def test_nothing_is_no_name() -> None:
    assert refusal("") == "it is empty"


@pytest.mark.parametrize("raw", ["x" * 33, "x" * 4096, "日" * 33, "e\u0301" * 33])
def test_more_than_32_characters_are_no_name(raw: str) -> None:
    assert refusal(raw) == "it is longer than 32 characters"


@pytest.mark.parametrize("raw", [" ", "a b", " a", "a ", "a\tb", "a\u00a0b", "a\u2009b", "a\u3000b"])
def test_a_name_has_no_blank(raw: str) -> None:
    assert refusal(raw) == "it has a blank in it"


@pytest.mark.parametrize(
    ("raw", "called"),
    [
        pytest.param("/list", "/", id="command"),
        pytest.param("a:", ":", id="colon"),
        pytest.param("a\u00b2", "\u00b2 (U+00B2)", id="superscript"),
        pytest.param("\u2167", "\u2167 (U+2167)", id="roman numeral"),
        pytest.param("😀", "😀 (U+1F600)", id="emoji"),
        pytest.param("a😀", "😀 (U+1F600)", id="emoji behind a letter"),
        pytest.param("a\x07", "U+0007", id="control character"),
        pytest.param("a\u00ad", "U+00AD", id="soft hyphen"),
        pytest.param("a\u200bb", "U+200B", id="zero width space"),
        pytest.param("a\u200cb", "U+200C", id="zero width non-joiner"),
        pytest.param("a\u200db", "U+200D", id="zero width joiner"),
        pytest.param("\u202eecila", "U+202E", id="right-to-left override"),
        pytest.param("a\u2060b", "U+2060", id="word joiner"),
        pytest.param("a\u2066b", "U+2066", id="left-to-right isolate"),
        pytest.param("\ufeffa", "U+FEFF", id="byte order mark"),
        pytest.param("a\U000e0041", "U+E0041", id="tag"),
    ],
)
def test_what_is_neither_letter_nor_digit_is_called_so_that_it_can_be_seen(raw: str, called: str) -> None:
    assert refusal(raw) == f"{called} is not a letter, digit, underscore, dash or dot"


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(".a", id="."),
        pytest.param("-a", id="-"),
        pytest.param("_a", id="_"),
        pytest.param("...", id="nothing else"),
        pytest.param("\u0301a", id="mark"),
        pytest.param("\uff9ea", id="halfwidth mark"),
    ],
)
def test_a_name_starts_with_a_letter_or_a_digit(raw: str) -> None:
    assert refusal(raw) == "it does not start with a letter or a digit"


@pytest.mark.parametrize(
    ("raw", "called"),
    [
        pytest.param("\ufb01", "\ufb01 (U+FB01)", id="ligature"),
        pytest.param("\u017ferver", "\u017f (U+017F)", id="long s"),
        pytest.param("Server\u1160", "\u1160 (U+1160)", id="Hangul filler"),
        pytest.param("\uff76\uff9e\ufb01", "\ufb01 (U+FB01)", id="behind what is composed"),
    ],
)
def test_a_letter_that_looks_like_others_is_refused_and_called(raw: str, called: str) -> None:
    assert refusal(raw) == f"{called} can't stand there in a name"


def test_a_name_runs_in_one_direction() -> None:
    assert refusal("a\u05d0") == "it mixes directions of writing"


INVISIBLE_LETTERS_AND_MARKS = [
    chr(code)
    for code in (
        0x034F,
        0x115F,
        0x1160,
        0x17B4,
        0x17B5,
        *range(0x180B, 0x1810),
        0x3164,
        *range(0xFE00, 0xFE10),
        0xFFA0,
        *range(0xE0100, 0xE01F0),
    )
]


@pytest.mark.parametrize("raw", ["{}", "a{}", "a{}b"])
def test_a_name_has_no_letter_that_nobody_sees(raw: str) -> None:
    for character in INVISIBLE_LETTERS_AND_MARKS:
        refusal(raw.format(character))


NAMES = st.text(
    st.characters(categories=["L", "M", "Nd"])
    | st.sampled_from([*"aAé\u0301\u03a3\u0130_-.\u05d0\uff21\uff76\uff9e", *INVISIBLE_LETTERS_AND_MARKS])
    | st.characters(),
    max_size=40,
)


@given(NAMES)
@example("\uff9ea")
def test_a_name_as_it_is_shown_is_the_same_name_again(raw: str) -> None:
    try:
        name = prepare(raw)
    except NameRefused:
        return
    assert prepare(name.shown) == name


@given(NAMES)
def test_a_name_is_1_to_32_characters_that_everybody_sees(raw: str) -> None:
    try:
        shown = prepare(raw).shown
    except NameRefused:
        return
    assert 1 <= len(shown) <= 32
    for character in shown:
        assert unicodedata.category(character)[0] not in "CZ"
        assert character not in INVISIBLE_LETTERS_AND_MARKS


@given(st.text(max_size=40))
def test_a_reason_is_one_line_that_can_be_read(raw: str) -> None:
    try:
        prepare(raw)
    except NameRefused as refused:
        reason = str(refused)
    else:
        return
    assert reason.isprintable()
