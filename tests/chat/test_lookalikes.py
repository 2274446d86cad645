"""Names that look alike."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from asyncchat.log.accounts import Account, Accounts, Role
from asyncchat.text import prototypes
from asyncchat.text.confusables import ConfusableIndex, looks_of, skeleton
from asyncchat.text.usernames import Name, NameRefused, parse_name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("paypal", "рaypal"),  # Cyrillic er
        ("admin", "adrnin"),
        ("bob", "bоb"),
        ("scope", "ѕсоре"),  # all of it Cyrillic
        ("alice", "aIice"),
        ("O0", "OO"),
        ("Zoé", "Zoe\u0301"),
        ("admin", "admi\u0307n"),
        ("jo", "j\u0307\u0307o"),
    ],
)
def test_what_looks_the_same_has_the_same_skeleton(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize(("one", "other"), [("alice", "alicia"), ("bob", "rob"), ("anna", "änna"), ("李", "木子")])
def test_what_looks_different_has_not(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


def names() -> st.SearchStrategy[Name]:
    def try_to_prepare(raw: str) -> Name | None:
        try:
            return parse_name(raw)
        except NameRefused:
            return None

    letters = st.characters(categories=["Ll", "Lu", "Lo", "Nd"])
    return st.text(letters, min_size=1, max_size=8).map(try_to_prepare).filter(bool)  # type: ignore[return-value]


@given(names())
def test_a_skeleton_stands_for_itself(name: Name) -> None:
    once = skeleton(name.shown)
    assert skeleton(once) == once


def is_like(accounts: Accounts, name: Name) -> str:
    """Return what a name looks like too much, or nothing."""
    alike = accounts.find_confusable(name)
    return alike.shown if alike else ""


@given(st.lists(names(), unique_by=lambda name: name.key, max_size=8), st.data())
def test_accounts_are_found_by_their_names_and_their_looks_as_long_as_they_are_there(
    some: list[Name], data: st.DataObject
) -> None:
    accounts = Accounts()
    known = [Account(number, name, "", Role.REGISTERED) for number, name in enumerate(some)]
    for account in known:
        accounts.add(account)
    for account in data.draw(st.permutations(known)):
        assert accounts.find(account.name.key) is accounts.get(account.id) is account
        is_like(accounts, account.name)
        accounts.remove(account, 0)
        known.remove(account)
        assert accounts.find(account.name.key) is accounts.get(account.id) is None
        alike = [other.name.shown for other in known if {*looks_of(other.name)} & {*looks_of(account.name)}]
        assert is_like(accounts, account.name) in (alike or [""])
    assert accounts.get(None) is None


@given(st.lists(names(), max_size=8), st.data())
def test_of_all_that_look_alike_each_is_found_as_long_as_it_is_there(some: list[Name], data: st.DataObject) -> None:
    looks = ConfusableIndex(*some, *some)
    left = {name.key: name for name in some}
    for key in data.draw(st.permutations(sorted(left))):
        name = left[key]
        others = [other for other in left.values() if other is not name and {*looks_of(other)} & {*looks_of(name)}]
        assert looks.find(name) in (others or (None,))
        assert not others or looks.find(others[0], but=name) is not name
        looks.remove(left.pop(key))
    assert all(looks.find(name) is None for name in some)


def test_the_table_of_what_looks_alike_is_the_one_that_was_made() -> None:
    root = Path(__file__).parent.parent.parent
    made = subprocess.run(
        [sys.executable, root / "docs/make_prototypes.py"], check=True, capture_output=True, text=True
    )
    assert made.stdout == Path(prototypes.__file__).read_text()


def test_one_of_two_that_look_alike_is_still_known_when_the_other_is_gone() -> None:
    one, other = (Account(number, parse_name(name), "", Role.REGISTERED) for number, name in enumerate(["bob", "b0b"]))
    accounts = Accounts([one, other])
    accounts.remove(one, 0)
    assert is_like(accounts, parse_name("bоb")) == "b0b"


def test_a_name_that_is_about_to_be_somebodys_is_like_one_that_is() -> None:
    accounts = Accounts()
    accounts.reserve(parse_name("bob"))
    assert accounts.is_reserved("bob")
    assert is_like(accounts, parse_name("b0b")) == "bob"
    accounts.release("bob")
    accounts.release("bob")
    assert not accounts.is_reserved("bob")
    assert is_like(accounts, parse_name("b0b")) == ""
