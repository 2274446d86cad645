"""What the documents say is what the program does."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from asyncchat import __version__
from asyncchat.formats import codec, events
from asyncchat.formats.checked import from_server
from asyncchat.limits import Limits
from tests.programs import Nc, Program, ServeProgram

ROOT = Path(__file__).parent.parent


def test_the_session_in_the_readme_is_what_happens(room: ServeProgram) -> None:
    shown: list[str] = ["$ nc 127.0.0.1 23456"]
    with Program("join", room.address, "--name", "bob") as bob, Nc(room.port) as alice:

        def types(line: str) -> None:
            alice.send(f"{line}\n")
            shown.append(f"< {line}")

        def sees(lines: int = 1) -> None:
            shown.extend(alice.line() for _ in range(lines))

        bob.write("anybody here?\n")
        bob.out.line()
        sees()
        types("alice")
        sees()
        types("hello bob")
        sees()
        bob.write("hi alice\n")
        sees()
        with Program("join", room.address, "--name", "ci") as ci:
            transcript = room.out.until("ci joined")
            types("/list")
            sees()
            ci.write("build 41 done\n")
            ci.end_input()
            sees()
            transcript += room.out.until("ci left")
            types("/exit")
            assert alice.lines.rest() == b""
            transcript += room.out.until("alice left")
    readme = (ROOT / "README.md").read_text()
    assert "".join(f"    {line}\n" for line in shown) in readme
    assert "".join(f"    {line}\n" for line in transcript) in readme


@pytest.mark.parametrize(("field", "default"), Limits()._asdict().items())
def test_every_limit_is_in_the_operations_guide_with_its_default(field: str, default: float) -> None:
    flag = f"--{field.replace('_', '-')}"
    (row,) = [line for line in (ROOT / "docs/operations.md").read_text().splitlines() if f"`{flag}`" in line]
    assert re.search(rf"(?<!\d){default:.0f}(?!\d)", row)


def test_the_commands_in_the_documents_are_those_that_there_are() -> None:
    made = subprocess.run([sys.executable, ROOT / "docs/make_commands.py"], check=True, capture_output=True, text=True)
    assert made.stdout == (ROOT / "docs/commands.md").read_text()


def test_the_reference_of_the_api_is_what_the_docstrings_say() -> None:
    made = subprocess.run([sys.executable, ROOT / "docs/make_api.py"], check=True, capture_output=True, text=True)
    assert made.stdout == (ROOT / "docs/api.md").read_text()


def in_python(document: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / document).read_text(), re.DOTALL)


def test_the_bot_in_the_documents_is_the_one_in_the_examples() -> None:
    assert (ROOT / "examples/counter.py").read_text() in in_python("docs/bots.md")


def test_the_program_in_the_readme_does_what_it_says(room: ServeProgram) -> None:
    (code,) = in_python("README.md")
    command = (sys.executable, "-W", "error", "-c", code.replace("127.0.0.1:23456", room.address))
    with room.join("alice") as alice, Program(command=command) as program:
        room.out.until("echo joined")
        alice.send("hello\n")
        assert [alice.line() for _ in range(2)] == ["alice: hello", "echo: hello"]
        alice.send("!exit\n")
        assert program.wait() == 0


def json_lines(side: str) -> list[str]:
    return re.findall(rf"^    {side}: (\{{.*\}})$", (ROOT / "docs/protocol.md").read_text(), re.MULTILINE)


def test_the_events_in_the_protocol_are_those_that_are_understood() -> None:
    assert {type(codec.from_client(line.encode())) for line in json_lines("C")} == {events.Hello, events.Say}
    assert all(from_server(line.encode()) for line in json_lines("S"))


def test_every_type_of_event_is_in_the_protocol() -> None:
    protocol = (ROOT / "docs/protocol.md").read_text()
    types = {kind.__struct_config__.tag for kind in (*events.FromClient.__args__, *events.FromServer.__args__)}
    assert {tag for tag in types if f"`{tag}`" not in protocol} == set()


def test_every_flag_in_the_documents_exists() -> None:
    documents = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    spans = [span for path in documents for span in re.findall(r"`([^`\n]+)`", path.read_text())]
    ours = [span for span in spans if span.startswith(("--", "serve", "asyncchat"))]
    flags = {flag for span in ours for flag in re.findall(r"--[a-z-]+", span)}
    known = ""
    for command in ("serve", "join", "filter", "admin", "backup"):
        with Program(command, "--help") as program:
            known += program.out.rest().decode()
    assert {flag for flag in flags if flag not in known and flag != "--help"} == set()


def test_the_version_is_in_the_changelog() -> None:
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.parametrize("guide", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_every_file_that_a_guide_names_with_its_folder_exists(guide: str) -> None:
    named = re.findall(r"`(\w+/[\w/]+\.py)`", (ROOT / guide).read_text())
    assert len(named) > 10
    folders = (ROOT, ROOT / "src/asyncchat")
    assert [path for path in named if not any((folder / path).is_file() for folder in folders)] == []


def test_the_table_of_packages_names_each_package_and_only_files_that_are_in_it() -> None:
    rows = re.findall(r"^\| `(\w+)/`.*?\| (.*) \|$", (ROOT / "docs/architecture.md").read_text(), re.MULTILINE)
    source = ROOT / "src/asyncchat"
    assert {package for package, _ in rows} == {path.parent.name for path in source.glob("*/__init__.py")}
    for package, text in rows:
        files = {path.name for path in (source / package).rglob("*.py")}
        assert set(re.findall(r"`(\w+\.py)`", text)) <= files


def test_the_glossary_is_in_alphabetical_order() -> None:
    words = re.findall(r"^- \*\*(.*?)\*\*", (ROOT / "docs/glossary.md").read_text(), re.MULTILINE)
    assert words == sorted(words)
