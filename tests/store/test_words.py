"""What is found by which words, in every script: in the index, before a message is in it, and between two."""

import contextlib
import sqlite3
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from asyncchat.chat.requests.queries import ConversationKey, Search
from asyncchat.log.entries import PrivateStored, SendPrivate
from asyncchat.store import upkeep
from asyncchat.store.archive import Archive
from asyncchat.store.file import open_to_read
from asyncchat.store.schema import migrate
from asyncchat.store.search import index
from asyncchat.store.search.words import MOST_LOOKED_UP, Wanted, words_of
from asyncchat.text.sanitize import sanitize
from tests.programs import in_rounds, until
from tests.store import Journal, fill, found, indexed, message, rows

FOUND = [
    # Scripts without blanks: by any piece, also between letters of other scripts.
    ("他说静默模式今晚测试", "静默"),
    ("他说静默模式今晚测试", "默"),
    ("他说静默模式今晚测试", "今晚 他说"),
    ("重跑gen-itgc后再看", "itgc"),
    ("重跑gen-itgc后再看", "gen-itgc"),
    ("重跑gen-itgc后再看", "跑gen"),
    ("重跑gen-itgc后再看", "后再"),
    ("部署v2.3完成", "v2.3"),
    ("部署v2.3完成", "完成"),
    ("部署v2.3完成", "部署V2"),
    ("会議はオンラインで行います", "オンライン"),
    ("会議はオンラインで行います", "で行"),
    ("ﾃｽﾄは明日です", "テスト"),
    ("ＡＢＣ商事", "abc"),
    ("プロジェクト", "ジェクト"),
    ("서울에서 만나요", "서울"),
    ("서울에서 만나요", "만나"),
    (unicodedata.normalize("NFD", "서울에서"), "서울"),
    ("วันนี้ประชุมที่ห้องน้ำ", "ประชุม"),
    ("วันนี้ประชุมที่ห้องน้ำ", "น้ำ"),
    ("ຂ້ອຍຮັກພາສາລາວ", "ພາສາ"),
    ("ខ្ញុំស្រលាញ់ភាសាខ្មែរ", "ភាសា"),
    ("မြန်မာစာကိုလေ့လာသည်", "မာစာ"),
    ("བོད་ཡིག", "ཡིག"),
    ("𠮷野家で", "𠮷野"),
    ("部署v2.3完成", "2.3"),
    ("部署v2.3完成", "V2.3完"),
    ("部署v2.3完成", "2.3完成"),
    ("部署v2.3完成", "署v"),
    ("重跑gen-itgc后再看", "tgc后"),
    # Scripts with blanks: by whole words, with or without what people leave out.
    ("à la carte, ÜBER", "a uber"),
    ("STRASSE", "straße"),
    ("Ça va, naïve?", "ca NAIVE"),
    ("Ёлка стоит", "елка"),
    ("ΌΔΟΣ", "οδος"),
    ("मेरा दिन अच्छा है", "दिन"),
    ("मेरा दिन अच्छा है", "अच्छा"),
    ("مُحَمَّد هنا", "محمد"),
    ("שָׁלוֹם", "שלום"),
    ("می‌خواهم", "می‌خواهم"),
    ("தமிழ் மொழி", "தமிழ்"),
    ("İstanbul", "istanbul"),
    ("the ﬁrst", "first"),
    ("𝓕𝓪𝓷𝓬𝔂 text", "fancy"),
    ("so-called red_fox", "red called"),
    # Symbols.
    ("we ship 🚀 today", "🚀"),
    ("done🚀🚀", "🚀"),
    ("done🚀🚀", "done"),
    ("I like c++ more than c", "c++"),
    ("C# and F#", "c#"),
    ("it costs 5€", "€"),
    ("it costs 5€", "5€"),
    ("50% off", "50%"),
    ("Foo™", "foo"),
    ("👍🏽 nice", "👍"),
    ("I ❤️ it", "❤"),
    ("see #123", "#123"),
    ("ask @bob", "@bob"),
    ("a -> b", "->"),
    ("well... no", "..."),
    ("smile :-)", ":-)"),
    ("x ≤ y", "≤"),
    ("~/.config", "~/.config"),
    # Phrases.
    ("the red fox runs", '"red fox"'),
    ("the red fox runs", '"red fox" runs'),
    ("the red fox runs", "“red fox”"),
    ("the red, fox", '"red fox"'),
    ('he said "no"', '"'),
    ("the red fox runs", '"fox'),
    ("the red fox runs", "fox, runs!"),
    ("C:\\temp", "c:\\temp"),
]

NOT_FOUND = [
    ("दान दिया", "दिन"),
    ("दान", "दन"),
    ("他说静默模式今晚测试", "默静"),
    ("他说静默模式今晚测试", "静模"),
    ("がんばる", "かん"),
    ("ガイド", "カイド"),
    ("мой дом", "мои"),
    ("I like c", "c++"),
    ("it costs 5", "5€"),
    ("we sail today", "🚀"),
    ("well no", "..."),
    ("the red and the fox", '"red fox"'),
    ("foxes", "fox"),
    ("I'm here", "im"),
    ("重跑 genitgc 后", "跑gen"),
    ("foxes 静默", "fox"),
    ("静默a bc默", "abc"),
    ("部署v2.3完成", "23"),
    ("fo", "fox"),
    ("anything", '""'),
    ("anything", "OR"),
    ("anything", "text:"),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chat.db"


CASES = [(*case, True) for case in FOUND] + [(*case, False) for case in NOT_FOUND]


@pytest.fixture(scope="module", params=["indexed", "not indexed", "between two"])
def told(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Archive, ConversationKey | None]]:
    """A store with all these texts, and between whom they were said."""
    path = tmp_path_factory.mktemp("words") / "chat.db"
    texts = [text for text, *_ in CASES]
    pair = None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(upkeep, "REST", 0.0 if request.param == "indexed" else 3600)
        with Journal(path) as journal:
            if request.param == "between two":
                pair = ConversationKey(*(journal.account(name) for name in ("alice", "bob")))
                for text in texts:
                    assert isinstance(journal.change(SendPrivate(pair.who.id, pair.other.id, text, 0)), PrivateStored)
            else:
                journal.append(*(message(seq, text) for seq, text in enumerate(texts, 1)))
                journal.take(1)
            if request.param == "indexed":
                until(lambda: indexed(path) == len(texts))
    with contextlib.closing(Archive(open_to_read(str(path)))) as archive:
        yield archive, pair


def is_found_in(told: tuple[Archive, ConversationKey | None], text: str, words: str) -> bool:
    """Tell whether a text is found by these words."""
    archive, pair = told
    messages, is_all = archive.answer(Search(words, pair))
    assert is_all
    return text in [sent.text for sent in messages]


@pytest.mark.parametrize(("text", "words", "is_found"), CASES)
def test_what_is_found_by_which_words(
    told: tuple[Archive, ConversationKey | None], text: str, words: str, is_found: bool
) -> None:
    assert is_found_in(told, text, words) == is_found


@pytest.mark.parametrize("text", ["他说静默模式今晚测试", "重跑gen-itgc后再看", "部署v2.3完成", "วันนี้ประชุมที่ห้องน้ำ"])
def test_text_without_blanks_is_found_by_every_piece_of_it(
    told: tuple[Archive, ConversationKey | None], text: str
) -> None:
    pieces = {text[begin:end] for begin in range(len(text)) for end in range(begin + 1, len(text) + 1)}
    assert [piece for piece in sorted(pieces) if not is_found_in(told, text, piece)] == []


_WORDS = [
    "fox",
    "FOX",
    "fo",
    "füx",
    "fux",
    "K",
    "\u212a",
    "9",
    "a-b",
    "ﬁ",
    "fi",
    "İ",
    "ß",
    "-",
    "静",
    "默",
    "c++",
    "%",
    '"',
]
SAID = (
    st.lists(st.sampled_from(_WORDS) | st.text(max_size=3), min_size=1, max_size=4).map(" ".join).map(sanitize)
    | st.lists(st.sampled_from("静默ab9-é"), min_size=1).map("".join)
).filter(str.strip)


@given(texts=st.lists(SAID, min_size=1, max_size=5), words=SAID)
def test_the_index_finds_what_is_found_by_looking_at_each_text(texts: list[str], words: str) -> None:
    wanted = Wanted(words)
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        rows = [(seq, 0, "bob", text) for seq, text in enumerate(texts, 1)]
        connection.executemany("INSERT INTO messages (seq, time, name, text) VALUES (?, ?, ?, ?)", rows)
        fitting = {seq for seq, text in enumerate(texts, 1) if wanted.is_in(text)}
        may_match = connection.execute(f"SELECT seq FROM messages WHERE {wanted.may_match}", wanted.values)
        assert fitting <= {seq for (seq,) in may_match}
        if wanted.match:
            assert index.add(connection, 0, len(texts)) == len(texts)
            matching = connection.execute("SELECT rowid FROM words WHERE words MATCH ?", (wanted.match,))
            assert fitting <= {seq for (seq,) in matching}
            index.remove(connection, len(texts))
            assert connection.execute("SELECT rowid FROM words WHERE words MATCH ?", (wanted.match,)).fetchall() == []
        connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")


def test_hardly_anything_is_looked_at_closely() -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        for words, text, looked_at in (
            ("red fox", "a red dog", 0),
            ("red fox", "A Red Fox", 1),
            ("red-fox", "fox, red", 1),
            ("fox", "dög", 1),
            ("füx", "dog", 0),
            ("静", "dog", 0),
            ("...", "dog", 0),
        ):
            wanted = Wanted(words)
            query = f"SELECT {wanted.may_match} FROM (SELECT ? AS text)"
            assert connection.execute(query, (*wanted.values, text)).fetchone() == (looked_at,), (words, text)


def test_many_words_can_be_searched_for_though_few_are_looked_up(path: Path) -> None:
    words = " ".join(f"word{number}" for number in range(1500))
    assert Wanted(words).match.count("word") <= MOST_LOOKED_UP
    fill(path, message(1, words), message(2, words.removesuffix("9")))
    assert found(path, words) == [words]


@pytest.mark.parametrize(
    "text",
    ["a" + "\u0315" * 2000 + "\u0300" * 2000, "\ufdfa" * 1365, "静a" * 1000, "가" * 1300, "🚀" * 1000, "é" * 2000],
    ids=range(6),
)
def test_no_text_takes_more_than_twice_as_long_when_it_is_twice_as_long(text: str) -> None:
    def seconds_for(text: str) -> float:
        begun = time.process_time()
        for _ in range(10):
            words_of(text)
        return time.process_time() - begun

    ratio = in_rounds(lambda: seconds_for(text * 8) / seconds_for(text), lambda ratio: ratio < 16)
    assert ratio < 16, "8 is right, 64 is the square of it"


# The index of an older version.


def test_an_index_that_was_made_by_other_rules_is_made_anew(path: Path) -> None:
    fill(path, message(1, "静默模式"))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE facts SET value = '0' WHERE name = 'rules'")
        connection.execute("UPDATE facts SET value = 1 WHERE name = 'indexed'")
        connection.commit()
    assert found(path, "静默") == []  # as it is in the index
    with Journal(path):
        until(lambda: rows(path, "SELECT rowid FROM words WHERE words MATCH '静'") == [(1,)])
        assert indexed(path) == 1
    assert found(path, "静默") == ["静默模式"]
