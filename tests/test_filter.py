"""The first form: `asyncchat filter`."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.programs import ASYNCCHAT, Program, in_rounds


def run(transcript: bytes, *arguments: str) -> tuple[bytes, str, int]:
    with Program("filter", *arguments) as program:
        program.write(transcript)
        program.end_input()
        return program.out.rest(), program.errors.rest().decode(), program.wait()


@pytest.mark.parametrize(
    ("transcript", "conversation"),
    [
        (b"alice sent hello\n", b"alice: hello\n"),
        (b"alice joined\nalice left\nalice connected\nalice disconnected\n", b""),
        (b"alice sent bob sent hi\n", b"alice: bob sent hi\n"),
        (b"sent sent sent\n", b"sent: sent\n"),
        (b"joined sent joined\n", b"joined: joined\n"),
        (b"sent joined\njoined left\n", b""),
        (b"alice sent \n", b"alice: \n"),
        (b"alice sent   two  blanks  \n", b"alice:   two  blanks  \n"),
        (b"alice sent /me waves\n", b"alice: /me waves\n"),
        (b"alice sent caf\xe9 \x00\xff\n", b"alice: caf\xe9 \x00\xff\n"),
        (b"\xff\x00 sent x\n", b"\xff\x00: x\n"),
        (b"alice sent no end", b"alice: no end\n"),
        (b"alice sent windows\r\nalice left\r\n", b"alice: windows\r\n"),
        (b"", b""),
    ],
)
def test_only_the_messages_come_out(transcript: bytes, conversation: bytes) -> None:
    assert run(transcript) == (conversation, "", 0)


@pytest.mark.parametrize(
    "line",
    [
        b"alice",
        b"alice sent",
        b"alice  sent x",
        b" alice sent x",
        b"alice sang x",
        b"alice joined x",
        b"x y sent z",
        b"",
    ],
)
def test_a_line_that_is_no_event_is_dropped_and_reported_with_its_number(line: bytes) -> None:
    out, errors, code = run(b"alice joined\nalice sent 1\n" + line + b"\nalice sent 2\n")
    assert (out, code) == (b"alice: 1\nalice: 2\n", 0)
    assert errors.startswith("asyncchat: line 3 ")
    assert errors.count("\n") == 1


def test_strict_makes_such_a_line_an_error() -> None:
    assert run(b"nonsense\nalice sent x\n", "--strict")[::2] == (b"alice: x\n", 1)
    assert run(b"alice joined\nalice sent x\n", "--strict")[::2] == (b"alice: x\n", 0)


def test_the_first_ten_are_reported_and_then_their_count() -> None:
    _, errors, _ = run(b"nonsense\n" * 25)
    reports = errors.splitlines()
    assert [report.split()[2] for report in reports[:10]] == [str(number) for number in range(1, 11)]
    assert reports[10:] == ["asyncchat: 25 lines dropped in all, of which the first 10 are shown"]


def test_what_a_bad_line_says_cannot_move_the_cursor() -> None:
    assert "\x1b" not in run(b"\x1b[2J\n")[1]


def test_a_line_appears_as_soon_as_its_end_has_arrived() -> None:
    with Program("filter") as program:
        program.write("alice joined\nalice sent one\nalice sent tw")
        assert program.out.line() == "alice: one"
        program.write("o\n")
        assert program.out.line() == "alice: two"


def test_files_are_read_one_after_the_other(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"alice sent a")
    (tmp_path / "b").write_bytes(b"nonsense\nbob sent b\n")
    out, errors, code = run(b"carol sent c\n", str(tmp_path / "a"), "-", str(tmp_path / "b"))
    assert (out, code) == (b"alice: a\ncarol: c\nbob: b\n", 0)
    assert f"{tmp_path / 'b'}: line 1 " in errors


@pytest.mark.parametrize(("name", "reason"), [("missing", "no such file or directory"), (".", "is a directory")])
def test_a_file_that_cannot_be_read_is_one_clear_line(tmp_path: Path, name: str, reason: str) -> None:
    path = str(tmp_path / name)
    with Program("filter", path) as program:
        assert program.wait() == 1
        assert program.errors.rest().decode() == f"asyncchat: can't read {path}: {reason}\n"


def test_ends_quietly_when_nobody_reads_on(tmp_path: Path) -> None:
    transcript = tmp_path / "transcript"
    transcript.write_bytes(b"alice sent hello\n" * 200_000)
    with Program("filter", str(transcript)) as program:
        assert program.out.line() == "alice: hello"
        assert program.process.stdout
        program.process.stdout.close()
        assert program.wait() == 0
        assert program.errors.rest() == b""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no device that is always full")
def test_a_full_disk_is_one_clear_line() -> None:
    with open("/dev/full", "wb") as full, Program("filter", stdout=full.fileno()) as program:
        program.write("alice sent hello\n")
        assert program.wait() == 1
        assert program.errors.rest() == b"asyncchat: can't write the output: no space left on device\n"


def test_a_closed_output_is_an_error() -> None:
    with Program("filter", command=("sh", "-c", '"$@" >&-', "sh", *ASYNCCHAT)) as program:
        program.write("alice sent hello\n")
        assert program.wait() == 1
        assert program.errors.rest() == b"asyncchat: can't write the output: bad file descriptor\n"


def big_transcript(path: Path, lines: int) -> None:
    """Write a transcript of 44 bytes a line, of which one in ten is no message."""
    block = b"".join(
        b"user%02d joined\n" % n if n % 10 == 0 else b"user%02d sent the quick brown fox has sent a word\n" % n
        for n in range(100)
    )
    with path.open("wb") as file:
        for _ in range(lines // 100):
            file.write(block)


def cost(command: Sequence[str], output: Path) -> float:
    """Run `command` and return the seconds of CPU that it took, disturbed less by other programs than the wall's."""
    with output.open("wb") as file:
        process = subprocess.Popen(command, stdout=file)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_utime + usage.ru_stime


@pytest.mark.skipif(not shutil.which("mawk"), reason="mawk is not installed")
def test_two_million_lines_take_no_longer_than_with_mawk(tmp_path: Path) -> None:
    transcript, ours, theirs = tmp_path / "transcript", tmp_path / "ours", tmp_path / "theirs"
    big_transcript(transcript, 2_000_000)
    mawk = ["mawk", '$2=="sent"{n=$1; sub(/^[^ ]+ sent /,""); print n": "$0}', str(transcript)]
    asyncchat = [sys.executable, "-m", "asyncchat", "filter", str(transcript)]

    def ratio() -> float:
        return cost(asyncchat, ours) / cost(mawk, theirs)

    assert in_rounds(ratio, lambda ratio: ratio <= 1) <= 1
    assert ours.read_bytes() == theirs.read_bytes()


def peak_memory(path: Path) -> int:
    """Return the most kilobytes that the filter needed at once for a file.

    It says so itself: what the system tells about a child includes the memory that its parent had when it started it.
    """
    code = (
        "import pathlib, re, sys; from asyncchat.cli import main; main()\n"
        "sys.stderr.write(re.search(r'VmHWM:\\s+(\\d+)', pathlib.Path('/proc/self/status').read_text())[1])"
    )
    command = [sys.executable, "-c", code, "filter", str(path)]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)
    return int(done.stderr)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    big_transcript(small, 10_000)
    big_transcript(large, 1_000_000)
    assert peak_memory(large) < peak_memory(small) + 2000


def test_a_long_line_is_not_searched_again_and_again(tmp_path: Path) -> None:
    long, short, out = tmp_path / "long", tmp_path / "short", tmp_path / "out"
    long.write_bytes(b"alice sent " + b"x" * 10_000_000 + b"\n")
    short.write_bytes(b"alice sent hello\n" * (10_000_000 // 17))
    command = [sys.executable, "-m", "asyncchat", "filter"]

    def ratio() -> float:
        as_many_bytes_in_short_lines = cost([*command, str(short)], out)
        return cost([*command, str(long)], out) / as_many_bytes_in_short_lines

    assert in_rounds(ratio, lambda ratio: ratio <= 1) <= 1
    assert out.stat().st_size == len("alice: \n") + 10_000_000
