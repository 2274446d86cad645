"""What is known of accounts that are gone."""

import pytest

from asyncchat.log import accounts as module
from asyncchat.log.accounts import Account, Accounts, Role
from asyncchat.text.usernames import parse_name


def test_when_a_name_was_given_up_is_known_of_the_last_and_the_worst_is_assumed_of_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOST_GIVEN_UP", 2)
    accounts = Accounts()

    def give_up(name: str, time: int) -> None:
        account = Account(time, parse_name(name), "hash", Role.REGISTERED)
        accounts.add(account)
        accounts.remove(account, time)

    give_up("alice", 1)
    give_up("bob", 2)
    assert [accounts.when_released(key) for key in ("alice", "bob", "carol")] == [1, 2, -1]
    give_up("alice", 3)
    give_up("dan", 4)
    assert [accounts.when_released(key) for key in ("alice", "bob", "carol", "dan")] == [3, 2, 2, 4]
