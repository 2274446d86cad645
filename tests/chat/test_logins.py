"""How often names may be registered, and the password of one account tried or changed, from wherever."""

import pytest
from hypothesis import given, strategies as st

from asyncchat.chat.rate_limits import (
    AT_ONCE,
    FORGOTTEN_AFTER,
    LONGEST_DELAY,
    MOST,
    PERIOD,
    REGISTRATION_PERIOD,
    REGISTRATIONS,
    REMEMBERED,
    LoginLimiter,
)
from asyncchat.log.accounts import Role
from asyncchat.text.refusals import RateLimited
from tests.chat.stored_chat import SECRET, StoredChat

TOO_MANY_TRIES = "Server: too many tries. Wait a minute, then write it again."


def tried(logins: LoginLimiter, seconds: int, *, begin: float = 0.0) -> list[float]:
    """Try one account once a second, each time from another address; return when that was allowed."""
    times = [begin + second for second in range(seconds)]
    return [time for time in times if logins.take("1", f"address {time}", time)]


def test_there_are_ten_tries_at_once_from_many_addresses_and_then_each_waits_longer() -> None:
    logins = LoginLimiter()
    assert [logins.take("1", f"address {number}", 0.0) for number in range(AT_ONCE + 1)] == [True] * AT_ONCE + [False]
    assert tried(logins, 200) == [2.0, 6.0, 14.0, 30.0, 62.0, 122.0, 182.0]


def test_another_account_does_not_wait() -> None:
    logins = LoginLimiter()
    tried(logins, 60)
    assert logins.take("2", "here", 60.0)


def test_an_address_that_was_right_before_has_its_own_tries() -> None:
    logins = LoginLimiter()
    logins.was_right("1", "home")
    tried(logins, 600)
    assert [logins.take("1", "home", 600.0) for _ in range(MOST + 1)] == [True] * MOST + [False]
    assert not logins.take("1", "elsewhere", 600.0)
    assert logins.take("2", "home", 600.0)


def test_it_is_forgotten_when_nobody_has_tried_for_an_hour() -> None:
    logins = LoginLimiter()
    last = tried(logins, 600)[-1]
    assert len(tried(logins, AT_ONCE, begin=last + FORGOTTEN_AFTER)) == AT_ONCE


def test_whoever_is_right_begins_anew() -> None:
    logins = LoginLimiter()
    for _ in range(MOST * 2):
        assert logins.take("1", "home", 0.0)
        logins.was_right("1", "home")


def test_only_the_last_owners_are_remembered() -> None:
    logins = LoginLimiter()
    logins.was_right("1", "first")
    for number in range(REMEMBERED):
        logins.was_right("1", f"address {number}")
    for number in range(AT_ONCE):
        logins.take("1", f"another {number}", 0.0)
    assert not logins.take("1", "first", 0.0)


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(0, 50)), max_size=200))
def test_nobody_gets_more_tries_however_they_are_spread(steps: list[tuple[float, int]]) -> None:
    logins, now, allowed = LoginLimiter(), 0.0, 0
    for pause, address in steps:
        now += pause
        allowed += logins.take("1", str(address), now)
    assert allowed <= AT_ONCE + 6 + now / LONGEST_DELAY


def test_where_somebody_came_in_by_a_token_or_registered_its_owner_is_known(chat: StoredChat) -> None:
    alice = chat.own_program("alice")
    account = alice.session.user.account
    assert account
    assert account.role == Role.REGISTERED
    for place in (chat, chat.started_again()):
        if place is not chat:
            back = place.program("alice", token=alice.token, epoch="chat")
            assert back.session.user.account
        limiter = place.core.credential_limiter
        for number in range(AT_ONCE):
            limiter.count_attempt(account, f"address {number}")
        limiter.count_attempt(account, alice.session.user.network)
        with pytest.raises(RateLimited):
            limiter.count_attempt(account, "elsewhere")


def test_from_one_address_there_are_no_more_than_for_one_and_those_refused_do_not_count_for_all() -> None:
    logins = LoginLimiter()
    assert [logins.take("alice", "here", 0.0) for _ in range(2 * AT_ONCE)] == [True] * MOST + [False] * (
        2 * AT_ONCE - MOST
    )
    assert logins.take("alice", "elsewhere", 0.0)


def test_from_one_address_a_hundred_names_are_registered_in_an_hour(chat: StoredChat) -> None:
    for number in range(REGISTRATIONS):
        chat.owner(f"user{number}")
    refused = "Server: too many names were registered from your address. Write it again in an hour."
    late = chat.connect()
    assert late.say(f"/register late {SECRET}") == [refused]
    assert late.say(f"/auth user0 {SECRET}")[0] == "Server: you are authorized successfully!"
    assert chat.connect("192.0.2.7").say(f"/register late {SECRET}")[0] == "Server: you are registered successfully!"
    chat.seconds += REGISTRATION_PERIOD
    assert chat.connect().say(f"/register later {SECRET}")[0] == "Server: you are registered successfully!"


@pytest.mark.parametrize("command", ["/auth alice not-the-password", "/unregister not-the-password"])
def test_a_wrong_password_can_be_tried_three_times_a_minute(chat: StoredChat, command: str) -> None:
    owner = chat.owner("alice")
    user = chat.connect() if command.startswith("/auth") else owner
    wrong = ["Server: incorrect password!"]
    assert [user.say(command) for _ in range(MOST)] == [wrong] * MOST
    assert user.say(command) == [TOO_MANY_TRIES]
    chat.seconds += PERIOD
    assert user.say(command) == wrong


def test_a_password_can_be_changed_three_times_a_minute(chat: StoredChat) -> None:
    alice = chat.owner("alice")
    assert [alice.say(f"/password {SECRET}-{number}") for number in range(MOST)] == [
        ["Server: your password is changed"]
    ] * MOST
    assert alice.say(f"/password {SECRET}") == [TOO_MANY_TRIES]
    assert chat.owner("bob").say(f"/password {SECRET}-1") == ["Server: your password is changed"]
    chat.seconds += PERIOD
    assert alice.say(f"/password {SECRET}") == ["Server: your password is changed"]


@pytest.mark.parametrize("jump", [-1, 1])
def test_a_clock_that_is_set_neither_locks_a_user_out_nor_allows_more_attempts(chat: StoredChat, jump: int) -> None:
    chat.owner("alice")
    user = chat.connect()
    assert [user.say("/auth alice not-the-password") for _ in range(MOST)]
    chat.time += jump * 365 * 86_400_000
    assert user.say(f"/auth alice {SECRET}") == [TOO_MANY_TRIES]
    chat.seconds += PERIOD
    assert user.say(f"/auth alice {SECRET}")[0] == "Server: you are authorized successfully!"


def test_a_name_whose_registration_was_refused_for_the_rate_is_free(chat: StoredChat) -> None:
    for number in range(REGISTRATIONS):
        chat.owner(f"user{number}")
    chat.connect().send(f"/register late {SECRET}\n")
    assert chat.guest("late").session.user.name
