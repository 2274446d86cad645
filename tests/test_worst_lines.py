"""What one line of anybody may cost all others: the lines are in chat/worst_lines.py.

This is not in tests/chat, for what is measured there is how long a line takes with the coverage written down.
"""

import pytest

from tests.chat.worst_lines import KINDS, PIECES, costs

MOST = 0.015
"""Seconds of the CPU: several times what is measured, a fraction of what anything takes that is not linear."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("piece", PIECES)
def test_no_line_keeps_the_others_waiting(kind: str, piece: str) -> None:
    cost = max(costs(kind, piece))
    assert cost.seconds < MOST, cost.line[:40]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "before login" in kind])
@pytest.mark.parametrize("piece", PIECES)
def test_what_a_peer_without_a_name_writes_is_not_said_back(kind: str, piece: str) -> None:
    assert max(cost.answer for cost in costs(kind, piece)) < 1024
