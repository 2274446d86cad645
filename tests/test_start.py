"""What the program loads before it does what it was asked for: nobody waits for what they don't use."""

import os
import subprocess
import sys
from pathlib import Path

import asyncchat
from tests.programs import ASYNCCHAT, Program, ServeProgram, in_rounds
from tests.ui.terminals import Terminal

HEAVY = {"asyncio", "msgspec", "prompt_toolkit", "uvloop", "precis_i18n"}


def loaded_by(code: str) -> set[str]:
    """Return which of the heavy libraries some code has imported when it ends."""
    tell = f"import sys; print(*{HEAVY!r} & sys.modules.keys(), file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", f"try:\n    {code}\nfinally:\n    {tell}"],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    return set(done.stderr.split())


def command(*arguments: str) -> str:
    return f"from asyncchat.cli import main; main({list(arguments)!r})"


def test_each_command_does_its_work_in_an_interpreter_of_its_own(tmp_path: Path) -> None:
    store, copy = str(tmp_path / "chat.db"), str(tmp_path / "copy.db")
    with (
        ServeProgram("--store", store, command=ASYNCCHAT) as room,
        Terminal(room.address, "--name", "alice", state=tmp_path, command=ASYNCCHAT) as alice,
    ):
        alice.until_prompt()
        for form in ("--plain", "--threads", "--json"):
            with Program("join", room.address, form, "--name", "bob", command=ASYNCCHAT) as bob:
                bob.write(f"with {form}\n")
                bob.end_input()
                assert bob.wait() == 0
            alice.until_said(f"bob: with {form}")
        with Program("backup", "--store", store, copy, command=ASYNCCHAT) as backup:
            assert backup.wait() == 0
    for arguments, printed in (
        (("filter", "--store", copy), "bob: with --plain\nbob: with --threads\nbob: with --json\n"),
        (("admin", "--store", copy, "list"), "admin: admin\n"),
    ):
        with Program(*arguments, command=ASYNCCHAT) as program:
            assert program.out.rest().decode() == printed
            assert program.wait() == 0


def test_help_loads_no_library() -> None:
    assert loaded_by(command("--help")) == set()
    assert loaded_by(command("join", "--help")) == set()


def test_the_filter_loads_only_itself_and_a_parser() -> None:
    tell = "import sys; from asyncchat.cli import main; main(['filter']); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", tell], capture_output=True, stdin=subprocess.DEVNULL, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert {module for module in loaded if module.startswith("asyncchat")} == {
        "asyncchat",
        "asyncchat.cli",
        "asyncchat.cli.arguments",
        "asyncchat.cli.filter",
        "asyncchat.conversation",
        "asyncchat.errors",
        "asyncchat.system",
        "asyncchat.system.stdio",
    }
    assert not loaded & {*HEAVY, "datetime", "logging", "shutil", "socket", "sqlite3", "threading", "typing"}


def test_the_filter_starts_in_two_and_a_half_times_what_bare_python_takes(tmp_path: Path) -> None:
    environment = {"PYTHONPYCACHEPREFIX": str(tmp_path), "PATH": os.environ["PATH"]}

    def seconds_of(*arguments: str) -> float:
        # Of the processor: it does not count what the machine's other work takes.
        pid = os.posix_spawn(
            sys.executable,
            [sys.executable, *arguments],
            environment,
            file_actions=[(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)],
        )
        _, status, usage = os.wait4(pid, 0)
        assert status == 0
        return usage.ru_utime + usage.ru_stime

    def ratio() -> float:
        pairs = [(seconds_of("-m", "asyncchat", "filter"), seconds_of("-c", "pass")) for _ in range(5)]
        return min(ours for ours, _ in pairs) / min(bare for _, bare in pairs)

    seconds_of("-m", "asyncchat", "filter")  # which compiles it, as an installation does
    assert in_rounds(ratio, lambda ratio: ratio <= 2.5) <= 2.5


def test_importing_the_package_loads_no_library() -> None:
    assert loaded_by("import asyncchat") == set()


def test_what_programs_use_is_there_when_they_ask_for_it() -> None:
    assert {"msgspec", "asyncio"} <= loaded_by("from asyncchat import connect")
    assert all(getattr(asyncchat, name) for name in asyncchat.__all__)
    assert not hasattr(asyncchat, "nonsense")


def test_pipes_do_not_load_what_draws() -> None:
    assert "prompt_toolkit" not in loaded_by(command("join", "--plain", "127.0.0.1:1"))
    assert "prompt_toolkit" not in loaded_by(command("join", "--json", "--name", "bot", "127.0.0.1:1"))
