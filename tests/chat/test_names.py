"""What a name may be, and when two names are the same."""

import unicodedata

import pytest
from hypothesis import example, given, strategies as st
from precis_i18n import get_profile

from asyncchat.text.usernames import NameRefused, is_name, parse_name


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
        "محمد٢",
        "علی\u200cرضا",
        "ශ්\u200dරී",
        "क्\u200dष",
        "क्\u200cष",
        "gal·la",
        "ג׳ק",
        "צה״ל",
        "アンナ・マリア",
        "山田・花子",
        "͵αφ",
        "a͵β",
        "١٢".join("ضد"),
        "Nguyễn",
        "มร์กี้",
        "मुँह",
        "ज़िं",
        "שִׁי",
        "မြို့",
        "སྒྲོལ",
        "ᾄλφα",
    ],
)
def test_a_word_of_any_script_is_shown_as_it_is(name: str) -> None:
    assert parse_name(name).shown == name


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        pytest.param("Zoe\u0301", "Zoé", id="composed"),
        pytest.param("\uff33\uff45\uff52\uff56\uff45\uff52", "Server", id="fullwidth"),
        pytest.param("\uff76\uff9e", "\u30ac", id="halfwidth"),
        pytest.param("น้ำ", "น้\u0e4dา", id="sara am"),
        pytest.param("ĳsbrand", "ijsbrand", id="digraph"),
        pytest.param("\ufb01ona", "fiona", id="ligature"),
        pytest.param("\u017ferver", "server", id="long s"),
        pytest.param("\U0001d41a\U0001d7ce", "a0", id="mathematical"),
        pytest.param("para\u0140lel", "paral·lel", id="l with a middle dot"),
        pytest.param("ｱ\uff65ｱ", "ア・ア", id="halfwidth middle dot"),
        pytest.param("\ufe8d\ufedf", "ال", id="presentation form"),
        pytest.param("e\u0301" * 32, "é" * 32, id="32 characters once they are composed"),
    ],
)
def test_a_name_is_shown_in_its_common_form(raw: str, shown: str) -> None:
    assert parse_name(raw).shown == shown


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
    assert parse_name(one).key == parse_name(other).key


@pytest.mark.parametrize(("one", "other"), [("alice", "alice2"), ("Zoé", "Zoe"), ("a.b", "a-b"), ("ß", "ss")])
def test_names_that_look_different_are_different(one: str, other: str) -> None:
    assert parse_name(one).key != parse_name(other).key


def refusal(raw: str) -> str:
    with pytest.raises(NameRefused) as refused:
        parse_name(raw)
    return str(refused.value)


def test_nothing_is_no_name() -> None:
    assert refusal("") == "it is empty"


@pytest.mark.parametrize("raw", ["x" * 33, "x" * 4096, "日" * 33, "e\u0301" * 33, "\ufb03" * 11, "ĳ" * 17])
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
        pytest.param("a\u00b2", "\u00b2 (U+00B2, SUPERSCRIPT TWO)", id="superscript"),
        pytest.param("\u2167", "\u2167 (U+2167, ROMAN NUMERAL EIGHT)", id="roman numeral"),
        pytest.param("😀", "😀 (U+1F600, GRINNING FACE)", id="emoji"),
        pytest.param("a😀", "😀 (U+1F600, GRINNING FACE)", id="emoji behind a letter"),
        pytest.param("a\x07", "U+0007", id="control character"),
        pytest.param("a\ufdd0", "U+FDD0", id="no character"),
        pytest.param("a\u00ad", "U+00AD (SOFT HYPHEN)", id="soft hyphen"),
        pytest.param("a\u200bb", "U+200B (ZERO WIDTH SPACE)", id="zero width space"),
        pytest.param("\u202eecila", "U+202E (RIGHT-TO-LEFT OVERRIDE)", id="right-to-left override"),
        pytest.param("a\u2060b", "U+2060 (WORD JOINER)", id="word joiner"),
        pytest.param("a\u2066b", "U+2066 (LEFT-TO-RIGHT ISOLATE)", id="left-to-right isolate"),
        pytest.param("\ufeffa", "U+FEFF (ZERO WIDTH NO-BREAK SPACE)", id="byte order mark"),
        pytest.param("a\U000e0041", "U+E0041 (TAG LATIN CAPITAL LETTER A)", id="tag"),
        pytest.param("\ufe70a", "\ufe70 (U+FE70, ARABIC FATHATAN ISOLATED FORM)", id="letter that has a blank in it"),
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
        pytest.param("・ア", id="middle dot"),
    ],
)
def test_a_name_starts_with_a_letter_or_a_digit(raw: str) -> None:
    assert refusal(raw) == "it does not start with a letter or a digit"


ZWNJ, ZWJ, DOT = "U+200C (ZERO WIDTH NON-JOINER)", "U+200D (ZERO WIDTH JOINER)", "\u00b7 (U+00B7, MIDDLE DOT)"
ALEF, TWO = "\u05d0 (U+05D0, HEBREW LETTER ALEF)", "\u0662 (U+0662, ARABIC-INDIC DIGIT TWO)"
FILLER = "U+1160 (HANGUL JUNGSEONG FILLER)"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("a\u200cb", f"{ZWNJ} stands behind a virama, or between letters that else would be joined, only"),
        ("\u200cبب", f"{ZWNJ} can't be the first in a name that is written from right to left"),
        ("a\u200db", f"{ZWJ} stands behind a virama only"),
        ("ب\u200dب", f"{ZWJ} stands behind a virama only"),
        ("a·l", f"{DOT} stands between two l only"),
        ("l·", f"{DOT} stands between two l only"),
        ("a\u0140b", "\u0140 (U+0140, LATIN SMALL LETTER L WITH MIDDLE DOT) stands between two l only"),
        ("α͵a", "\u0375 (U+0375, GREEK LOWER NUMERAL SIGN) stands before a Greek letter only"),
        (
            "a׳",
            "\u05f3 (U+05F3, HEBREW PUNCTUATION GERESH) does not go with letters that are written from left to right",
        ),
        ("אa׳", "a does not go with letters that are written from right to left"),
        ("a・b", "・ (U+30FB, KATAKANA MIDDLE DOT) goes with Chinese or Japanese letters only"),
        ("ب٢۲", f"{TWO} does not go with the digits of the other kind"),
        ("ب1٢", f"{TWO} does not go with the digits of the other kind"),
        ("Server\u1160", f"{FILLER} is not seen"),
        ("\u3164a", "U+3164 (HANGUL FILLER) is not seen"),
        ("a\u3147", "\u3147 (U+3147, HANGUL LETTER IEUNG) can't stand there in a name"),
        (
            "\uff76\uff9e\u0640",
            "\u0640 (U+0640, ARABIC TATWEEL) does not go with letters that are written from left to right",
        ),
        ("a\u0378", "U+0378 is not a letter, digit, underscore, dash or dot"),
        ("a\u05d0", f"{ALEF} does not go with letters that are written from left to right"),
        ("a٢", f"{TWO} does not go with letters that are written from left to right"),
        ("\u05d0a", "a does not go with letters that are written from right to left"),
        ("1\u05d0", "1 can't be the first in a name that is written from right to left"),
        ("\u05d0_", "_ can't be the last in a name that is written from right to left"),
        ("\u05d0_\u05b4", "_ can't be the last in a name that is written from right to left"),
    ],
)
def test_what_is_wrong_where_it_stands_is_called_with_the_reason(raw: str, reason: str) -> None:
    assert refusal(raw) == reason


@pytest.mark.parametrize(
    "raw", ["a" + "\u0315" * 4, "aa\u0301\u0302\u0303\u0304", "á\u0302\u0303\u0304", "ကြ" + "\u102d" * 4]
)
def test_a_letter_has_three_marks_at_most_however_it_is_encoded(raw: str) -> None:
    assert refusal(raw) == "it has more than 3 marks on one letter"


@pytest.mark.parametrize("raw", ["a" + "\u0315" * 3, "á\u0302\u0303", "a\u0302\u0303\u0304b\u0302\u0303\u0304"])
def test_three_marks_are_no_more_than_that(raw: str) -> None:
    assert parse_name(raw).shown == unicodedata.normalize("NFC", raw)


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}", fullmatch=True))
def test_a_name_in_ascii_is_what_precis_makes_of_it(raw: str) -> None:
    name = parse_name(raw)
    assert name == (
        get_profile("UsernameCasePreserved").enforce(raw),
        get_profile("UsernameCaseMapped").enforce(raw),
    )


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
    | st.sampled_from(
        [
            *"aAlé\u0301\u03a3\u0130_-.\u05d0\uff21\uff76\uff9e\u200c\u200d\u0e33\u00b7\u094d",
            *INVISIBLE_LETTERS_AND_MARKS,
        ]
    )
    | st.characters(),
    max_size=40,
)


@given(NAMES)
@example("\uff9ea")
def test_a_name_as_it_is_shown_is_the_same_name_again(raw: str) -> None:
    try:
        name = parse_name(raw)
    except NameRefused:
        return
    assert parse_name(name.shown) == name


@given(NAMES)
def test_a_name_is_1_to_32_characters_that_everybody_sees(raw: str) -> None:
    try:
        shown = parse_name(raw).shown
    except NameRefused:
        return
    assert 1 <= len(shown) <= 32
    for character in shown:
        assert unicodedata.category(character)[0] not in "CZ" or character in "\u200c\u200d"
        assert character not in INVISIBLE_LETTERS_AND_MARKS


@given(st.text(max_size=40))
def test_a_reason_is_one_line_that_can_be_read(raw: str) -> None:
    try:
        parse_name(raw)
    except NameRefused as refused:
        reason = str(refused)
    else:
        return
    assert reason.isprintable()


@pytest.mark.parametrize(("raw", "found"), [("Alice", True), ("ALICE", True), ("bob", False), ("two words", False)])
def test_a_name_is_recognised_in_each_of_its_spellings(raw: str, found: bool) -> None:
    assert is_name(raw, parse_name("alice")) is found
