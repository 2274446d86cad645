"""How fast one peer may go on."""

import pytest
from hypothesis import given, strategies as st

from asyncchat.chat.rate_limits import RateLimiter


def test_a_burst_goes_at_once_and_then_one_after_the_other() -> None:
    pace = RateLimiter(rate=10, burst=3)
    assert [pace.take(100.0) for _ in range(5)] == pytest.approx([0, 0, 0, 0.1, 0.2])


def test_whoever_keeps_to_the_rate_never_waits() -> None:
    pace = RateLimiter(rate=10, burst=1)
    assert [pace.take(100 + number / 10) for number in range(50)] == pytest.approx([0] * 50, abs=1e-9)


def test_a_rest_gives_the_burst_back_and_no_more() -> None:
    pace = RateLimiter(rate=10, burst=3)
    for _ in range(3):
        pace.take(100.0)
    assert [pace.take(1000.0) for _ in range(4)] == pytest.approx([0, 0, 0, 0.1])


def test_without_a_rate_nobody_waits() -> None:
    pace = RateLimiter(rate=0, burst=1)
    assert [pace.take(100.0) for _ in range(1000)] == [0.0] * 1000


@given(
    rate=st.floats(0.1, 1000),
    burst=st.integers(1, 100),
    gaps=st.lists(st.floats(0, 10), min_size=1, max_size=200),
)
def test_whoever_waits_as_told_sends_no_more_than_a_burst_and_the_rate(
    rate: float, burst: int, gaps: list[float]
) -> None:
    pace = RateLimiter(rate, burst)
    now = 100.0
    sent: list[float] = []
    for gap in gaps:
        now += gap
        now += pace.take(now)
        sent.append(now)
    for first, begun in enumerate(sent):
        for last in range(first, len(sent)):
            assert last - first + 1 <= burst + (sent[last] - begun) * rate + 1e-6
