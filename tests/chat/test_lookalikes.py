"""Names that look alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asyncchat.chat.accounts import Account, Accounts
from asyncchat.chat.commands import Who
from asyncchat.chat.lookalikes import looks_of, skeleton
from asyncchat.chat.names import Name, NameRefused, prepare


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
            return prepare(raw)
        except NameRefused:
            return None

    letters = st.characters(categories=["Ll", "Lu", "Lo", "Nd"])
    return st.text(letters, min_size=1, max_size=8).map(try_to_prepare).filter(bool)  # type: ignore[return-value]


@given(names())
def test_a_skeleton_stands_for_itself(name: Name) -> None:
    once = skeleton(name.shown)
    assert skeleton(once) == once


@given(st.lists(names(), unique_by=lambda name: name.key, max_size=8), st.data())
def test_accounts_are_found_by_their_names_and_their_looks_as_long_as_they_are_there(
    some: list[Name], data: st.DataObject
) -> None:
    accounts = Accounts()
    known = [Account(number, name, "", Who.REGISTERED) for number, name in enumerate(some)]
    for account in known:
        accounts.add(account)
    for account in data.draw(st.permutations(known)):
        assert accounts.find(account.name.key) is accounts.get(account.id) is account
        assert accounts.like(account.name) is not account.name
        accounts.remove(account, 0)
        known.remove(account)
        assert accounts.find(account.name.key) is accounts.get(account.id) is None
        alike = [other.name for other in known if looks_of(other.name) & looks_of(account.name)]
        assert (accounts.like(account.name) in alike) if alike else (accounts.like(account.name) is None)
    assert accounts.get(None) is None


def test_one_of_two_that_look_alike_is_still_known_when_the_other_is_gone() -> None:
    one, other = (Account(number, prepare(name), "", Who.REGISTERED) for number, name in enumerate(["bob", "b0b"]))
    accounts = Accounts([one, other])
    accounts.remove(one, 0)
    assert accounts.like(prepare("bоb")) is other.name
