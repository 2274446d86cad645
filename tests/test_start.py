"""What the program loads before it does what it was asked for: nobody waits for what they don't use."""

import subprocess
import sys

import asyncchat

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


def test_help_loads_no_library() -> None:
    assert loaded_by(command("--help")) == set()
    assert loaded_by(command("join", "--help")) == set()


def test_the_filter_loads_only_what_knows_names() -> None:
    assert loaded_by(command("filter")) <= {"precis_i18n"}


def test_importing_the_package_loads_no_library() -> None:
    assert loaded_by("import asyncchat") == set()


def test_what_programs_use_is_there_when_they_ask_for_it() -> None:
    assert {"msgspec", "asyncio"} <= loaded_by("from asyncchat import connect")
    assert all(getattr(asyncchat, name) for name in asyncchat.__all__)
    assert not hasattr(asyncchat, "nonsense")


def test_pipes_do_not_load_what_draws() -> None:
    assert "prompt_toolkit" not in loaded_by(command("join", "--plain", "127.0.0.1:1"))
    assert "prompt_toolkit" not in loaded_by(command("join", "--json", "--name", "bot", "127.0.0.1:1"))
