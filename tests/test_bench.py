"""The benchmark counts every delivery, and its short form runs."""

import subprocess
import sys
from pathlib import Path

import pytest
from bench.machine import Failed
from bench.stream import Sender, Stream
from bench.wires import CHAT

from tests.programs import seconds

ROOT = Path(__file__).parent.parent
SIZE = 64


def message(number: int) -> bytes:
    return b"p00000: " + CHAT.line(0, number, SIZE)


def stream() -> Stream:
    return Stream(CHAT.pattern(SIZE), [Sender(0)])


def test_the_short_form_finds_every_delivery(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--short", "--out", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=seconds(240),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "0 failures" in done.stdout
    assert "asyncchat" in (tmp_path / "results.md").read_text()
    assert "<svg" in (tmp_path / "bench.svg").read_text()


def test_a_missing_message_fails_the_run() -> None:
    with pytest.raises(Failed, match="message 2 of sender 0 came where 1 was due"):
        stream().take(0, memoryview(message(0) + message(2)))


def test_a_doubled_message_fails_the_run() -> None:
    with pytest.raises(Failed, match="message 0 of sender 0 came where 1 was due"):
        stream().take(0, memoryview(message(0) + message(0)))


def test_a_peer_that_gets_something_else_fails_the_run() -> None:
    checked = stream()
    checked.take(0, memoryview(message(0) + message(1)))
    with pytest.raises(Failed, match="a peer got other bytes"):
        checked.take(0, memoryview(message(1)))


def test_an_unknown_part_is_wrong_usage() -> None:
    done = subprocess.run([sys.executable, "-m", "bench", "nonsense"], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 2
