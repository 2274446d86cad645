"""How often somebody may try a password."""

from asyncchat.chat.rate_limits import MOST, PERIOD, REMEMBERED, AttemptLimiter


def test_there_are_three_tries_a_minute_for_a_name_from_an_address() -> None:
    tries = AttemptLimiter()
    assert [tries.take("alice", "here", now) for now in (0.0, 1.0, 2.0, 3.0, 59.9)] == [True] * MOST + [False] * 2
    assert tries.take("alice", "elsewhere", 3.0)
    assert tries.take("bob", "here", 3.0)


def test_a_minute_later_there_is_one_more_for_each_that_is_over() -> None:
    tries = AttemptLimiter()
    for now in (0.0, 30.0, 31.0):
        tries.take("alice", "here", now)
    assert [tries.take("alice", "here", PERIOD + extra) for extra in (0.0, 1.0, 30.0)] == [True, False, True]


def test_whoever_was_right_begins_anew() -> None:
    tries = AttemptLimiter()
    for _ in range(10):
        assert tries.take("alice", "here", 0.0)
        tries.forget("alice", "here")
    tries.forget("bob", "here")


def test_only_the_last_are_remembered() -> None:
    tries = AttemptLimiter()
    for _ in range(MOST):
        tries.take("first", "here", 0.0)
    for number in range(REMEMBERED):
        tries.take(f"name{number}", "here", 0.0)
    assert tries.take("first", "here", 0.0)
