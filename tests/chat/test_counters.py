"""What the server counts."""

import pytest

from asyncchat.chat.counters import Histogram


@pytest.mark.parametrize(("seconds_", "bucket"), [(0.0, 0), (0.5, 0), (0.6, 1), (9.0, 2)])
def test_a_duration_is_counted_in_its_bucket(seconds_: float, bucket: int) -> None:
    histogram = Histogram((0.5, 1.0))
    histogram.add(seconds_)
    assert list(histogram) == [(bound, float(index >= bucket)) for index, bound in enumerate(("0.5", "1.0", "+Inf"))]
