"""Bytes to lines with a limit, and lines to text that can do no harm."""

import pytest
from hypothesis import given, strategies as st

from asyncchat.text.framing import LineDecoder, is_http
from asyncchat.text.sanitize import InvalidLine, decode_line, sanitize

LIMIT = 8

LINES = [
    pytest.param(b"one\n", [b"one"], id="LF"),
    pytest.param(b"one\r\n", [b"one"], id="CR LF"),
    pytest.param(b"one\ntwo\r\n3\n", [b"one", b"two", b"3"], id="several"),
    pytest.param(b"o\rne\n", [b"o\rne"], id="CR inside"),
    pytest.param(b"\rone\n", [b"\rone"], id="CR first"),
    pytest.param(b"one\r\r\n", [b"one\r"], id="CR CR LF"),
    pytest.param(b"\n", [b""], id="empty"),
    pytest.param(b"\r\n", [b""], id="empty, CR LF"),
    pytest.param(b"\n\r\n\n", [b"", b"", b""], id="several empty"),
    pytest.param(b"a\x0bb\x0cc\x1cd\x85\n", [b"a\x0bb\x0cc\x1cd\x85"], id="separators other than LF"),
    pytest.param(b"12345678\n", [b"12345678"], id="as long as may be, LF"),
    pytest.param(b"12345678\r\n", [b"12345678"], id="as long as may be, CR LF"),
    pytest.param(b"1234567\r\r\n", [b"1234567\r"], id="as long as may be, CR CR LF"),
    pytest.param(b"123456789\n", [None], id="one byte too long, LF"),
    pytest.param(b"123456789\r\n", [None], id="one byte too long, CR LF"),
    pytest.param(b"12345678\r\r\n", [None], id="one CR too long"),
    pytest.param(b"1234567890\n", [None], id="two bytes too long"),
    pytest.param(b"x" * 40 + b"\n", [None], id="far too long"),
    pytest.param(b"one\n" + b"x" * 40 + b"\ntwo\n", [b"one", None, b"two"], id="too long between good ones"),
    pytest.param(b"x" * 40 + b"\n" + b"y" * 40 + b"\r\n", [None, None], id="two too long in a row"),
    pytest.param(b"123456789\n123456789\nok\n", [None, None, b"ok"], id="two one byte too long, then a good one"),
]


@pytest.mark.parametrize(("data", "lines"), LINES)
def test_splits_what_arrives_at_once(data: bytes, lines: list[bytes | None]) -> None:
    assert LineDecoder(LIMIT).feed(data) == lines


@pytest.mark.parametrize(("data", "lines"), LINES)
def test_splits_what_arrives_byte_by_byte(data: bytes, lines: list[bytes | None]) -> None:
    decoder = LineDecoder(LIMIT)
    assert [line for byte in data for line in decoder.feed(bytes([byte]))] == lines


@pytest.mark.parametrize(("data", "lines"), LINES)
def test_splits_what_arrives_with_more_behind_it(data: bytes, lines: list[bytes | None]) -> None:
    decoder = LineDecoder(LIMIT)
    assert decoder.feed(data + b"behind\nnot ") == [*lines, b"behind"]
    assert decoder.feed(b"yet\n") == [b"not yet"]


@pytest.mark.parametrize(("data", "_lines"), LINES)
def test_a_line_that_has_ended_is_not_unfinished(data: bytes, _lines: list[bytes | None]) -> None:
    decoder = LineDecoder(LIMIT)
    decoder.feed(data)
    assert not decoder.unfinished


@pytest.mark.parametrize("data", [b"o", b"one", b"one\r", b"\r", b"one\ntwo", b"123456789", b"x" * 40])
def test_a_line_that_has_begun_is_unfinished_until_its_end(data: bytes) -> None:
    decoder = LineDecoder(LIMIT)
    decoder.feed(data)
    assert decoder.unfinished
    decoder.feed(b"\n")
    assert not decoder.unfinished


def test_nothing_is_unfinished_before_anything_has_arrived() -> None:
    assert not LineDecoder(LIMIT).unfinished


def test_nothing_comes_of_no_bytes() -> None:
    decoder = LineDecoder(LIMIT)
    assert decoder.feed(b"on") + decoder.feed(b"") + decoder.feed(b"e\n") == [b"one"]


def test_a_line_that_is_too_long_is_told_before_it_ends() -> None:
    assert LineDecoder(LIMIT).feed(b"x" * 40) == [None]


def test_the_rest_of_a_line_that_is_too_long_is_never_a_line() -> None:
    decoder = LineDecoder(LIMIT)
    assert decoder.feed(b"x" * 40) == [None]
    assert decoder.feed(b"more of it") == []
    assert decoder.feed(b"/exit\n") == []


def test_a_good_line_follows_one_that_is_too_long() -> None:
    decoder = LineDecoder(LIMIT)
    decoder.feed(b"x" * 40)
    assert decoder.feed(b"the end\ngood\n") == [b"good"]


def test_a_line_that_is_too_long_follows_another_in_a_later_chunk() -> None:
    decoder = LineDecoder(LIMIT)
    decoder.feed(b"x" * 40)
    assert decoder.feed(b"x\n" + b"y" * 40) == [None]
    assert decoder.feed(b"y\ngood\n") == [b"good"]


CHUNKS = st.lists(st.lists(st.sampled_from([b"\n", b"\r", b"\r\n", b"a", b"bcd", b"\xff"])).map(b"".join) | st.binary())


@given(chunks=CHUNKS, limit=st.integers(0, 10))
def test_lines_are_the_same_in_whatever_pieces_they_arrive(chunks: list[bytes], limit: int) -> None:
    whole, split = LineDecoder(limit), LineDecoder(limit)
    assert [line for chunk in chunks for line in split.feed(chunk)] == whole.feed(b"".join(chunks))
    assert split.unfinished == whole.unfinished


@given(chunks=CHUNKS, limit=st.integers(0, 10))
def test_no_line_is_longer_than_the_limit(chunks: list[bytes], limit: int) -> None:
    decoder = LineDecoder(limit)
    assert all(line is None or len(line) <= limit for chunk in chunks for line in decoder.feed(chunk))


@given(chunks=CHUNKS, limit=st.integers(0, 10))
def test_never_holds_more_than_a_line_and_the_cr_of_its_end(chunks: list[bytes], limit: int) -> None:
    decoder = LineDecoder(limit)
    for chunk in chunks:
        decoder.feed(chunk)
        assert sum(len(held) for held in vars(decoder).values() if isinstance(held, bytes)) <= limit + 1


HARMFUL = [
    chr(code)
    for code in (
        *(code for code in range(0x20) if code != 0x09),  # C0 but tab
        0x7F,
        *range(0x80, 0xA0),  # C1, with U+0085
        0x2028,
        0x2029,
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
    )
]


@pytest.mark.parametrize(
    ("harmful", "stand_in"),
    [
        ("\0", "\u2400"),
        ("\a", "\u2407"),
        ("\n", "\u240a"),
        ("\r", "\u240d"),
        ("\x1b", "\u241b"),
        ("\x1f", "\u241f"),
        ("\x7f", "\u2421"),
        ("\x80", "<U+0080>"),
        ("\x85", "<U+0085>"),
        ("\x9b", "<U+009B>"),
        ("\u2028", "<U+2028>"),
        ("\u2029", "<U+2029>"),
        ("\u202e", "<U+202E>"),
        ("\u2066", "<U+2066>"),
    ],
)
def test_a_harmful_character_is_shown_as_its_stand_in(harmful: str, stand_in: str) -> None:
    assert sanitize(f"a{harmful}b") == f"a{stand_in}b"


def test_every_harmful_character_has_a_stand_in_of_its_own() -> None:
    assert len({sanitize(character) for character in HARMFUL}) == len(HARMFUL)


@given(st.text(st.sampled_from(HARMFUL) | st.characters()))
def test_no_harmful_character_is_ever_shown(raw: str) -> None:
    assert not set(sanitize(raw)) & set(HARMFUL)


@given(st.text(st.sampled_from(HARMFUL) | st.characters()))
def test_what_is_shown_is_one_line_for_whoever_splits_it(raw: str) -> None:
    assert len(sanitize(raw).splitlines()) <= 1


@given(st.text(st.sampled_from(HARMFUL) | st.characters()))
def test_what_is_shown_stays_the_same_when_it_is_made_visible_again(raw: str) -> None:
    assert sanitize(sanitize(raw)) == sanitize(raw)


def test_every_other_character_stays_as_it_is() -> None:
    everything = "".join(chr(code) for code in range(0x110000) if chr(code) not in HARMFUL)
    assert sanitize(everything) == everything


@given(st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs"])))
def test_printable_text_stays_as_it_is(raw: str) -> None:
    assert sanitize(raw) == raw


def test_tabs_and_blanks_stay_as_they_are() -> None:
    assert sanitize("\t two  words \t") == "\t two  words \t"


def test_text_is_what_the_line_says() -> None:
    assert decode_line("Zoé: 日本語 😀".encode(), 4096) == "Zoé: 日本語 😀"


def test_text_has_no_harmful_characters() -> None:
    assert decode_line(b"\x1b[2J", 4096) == "\u241b[2J"


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"\xff", id="no UTF-8 byte"),
        pytest.param(b"caf\xe9", id="Latin-1"),
        pytest.param(b"caf\xc3", id="cut off"),
        pytest.param(b"\xa9", id="the end of a character only"),
        pytest.param(b"\xc0\xaf", id="overlong"),
        pytest.param(b"\xed\xa0\x80", id="surrogate"),
        pytest.param(b"\xf4\x90\x80\x80", id="beyond Unicode"),
    ],
)
def test_bytes_that_are_not_utf8_are_refused(line: bytes) -> None:
    with pytest.raises(InvalidLine, match=r"^it is not UTF-8$"):
        decode_line(line, 4096)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (None, "it is too long: 4 bytes are the most"),
        (b"12345", "it is too long: it has 5 bytes, and 4 are the most"),
        ("éé€".encode(), "it is too long: it has 7 bytes, and 4 are the most"),
    ],
)
def test_a_line_that_is_too_long_is_refused_with_the_limit(line: bytes | None, reason: str) -> None:
    with pytest.raises(InvalidLine, match=f"^{reason}$"):
        decode_line(line, 4)
    assert decode_line("éé".encode(), 4) == "éé"


def test_a_request_of_http_is_known_by_its_beginning() -> None:
    assert is_http(b"POST / HTTP/1.1")
    assert not is_http(b"POSTMAN")
    assert not is_http(b"")
