"""What is written wrong on the command line: a line that says what, one that says where to find help, exit code 2."""

import pytest

from asyncchat.cli import main
from tests.programs import ASK_NAME, Program, ServeProgram


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return what is said to wrong usage, without the name of the command."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    said, where = printed.err.splitlines()
    command, _, reason = said.partition(": ")
    assert command in {"asyncchat", f"asyncchat {arguments[0]}" if arguments else ""}
    assert where == f"`{command} --help` tells more."
    return reason


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "the following arguments are required: COMMAND"),
        (("jion",), "argument COMMAND: invalid choice: 'jion'"),
        (("--", "join"), ""),
        (("join", "--nonsense"), "unknown: --nonsense"),
        (("join", "--port", "x"), "argument --port: 'x' is not a port; write a number from 1 to 65535"),
        (("join", "a", "--host", "b"), "the address is given twice: write either HOST:PORT or --host and --port"),
        (("join", "a:1", "--port", "2"), "the address is given twice: write either HOST:PORT or --host and --port"),
        (("serve", "--history", "many"), "argument --history: 'many' is not a whole number from 0 to 1000"),
        (("serve", "--mode", "pair", "--history", "5"), "--history goes with --mode room only"),
        (("filter", "--since", "now"), "argument --since: 'now' is not a time"),
    ],
)
def test_one_line_says_what_is_wrong(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], reason: str
) -> None:
    assert refused(capsys, *arguments).startswith(reason)


@pytest.mark.parametrize("nothing", ["", " ", "\u200b"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("serve", "--store"),
        ("serve", "--host"),
        ("serve", "--port"),
        ("serve", "--mode"),
        ("serve", "--keep"),
        ("serve", "--durability"),
        ("serve", "--history"),
        ("serve", "--store", "x", "--admin-password-file"),
        ("join", "--host"),
        ("join", "--port"),
        ("join", "--name"),
        ("join", "--bell"),
        ("join",),
        ("filter", "--store"),
        ("filter", "--since"),
        ("filter", "-"),
        ("filter", "--"),
        ("filter",),
    ],
)
def test_a_value_that_is_empty_because_a_variable_was_not_set_is_refused(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], nothing: str
) -> None:
    *before, last = arguments if len(arguments) > 1 else (f"asyncchat {arguments[0]}",)
    reason = "what follows `{}` is empty: is a variable not set?"
    assert refused(capsys, *arguments, nothing) == reason.format(last)
    if last.startswith("--") and last != "--":
        assert refused(capsys, *before, f"{last}={nothing}") == reason.format(f"{last}=")


@pytest.mark.parametrize("name", ["ASYNCCHAT_HOST", "ASYNCCHAT_PORT", "ASYNCCHAT_NAME", "ASYNCCHAT_PASSWORD"])
def test_an_empty_variable_of_the_environment_is_one_that_is_not_set(room: ServeProgram, name: str) -> None:
    given = {"ASYNCCHAT_HOST": "127.0.0.1", "ASYNCCHAT_PORT": str(room.port)} | {name: ""}
    port = ["--port", str(room.port)] * (name == "ASYNCCHAT_PORT")
    with Program("join", "--plain", *port, environment=given) as program:
        assert program.out.line() == ASK_NAME


@pytest.mark.parametrize(
    ("address", "what_to_write"),
    [
        ("http://host:1/", "'http://host:1/' is not an address; write host:1"),
        ("https://host/room?x", "'https://host/room?x' is not an address; write host"),
        ("telnet://host", "'telnet://host' is not an address; write host"),
        ("http://", "'http://' is not an address; write HOST:PORT"),
        ("alice@host:1", "'alice@host:1' is not an address; write host:1"),
        ("host/", "'host/' is not an address; write host"),
        ("host 31877", "'host 31877' is not an address; write host:31877"),
        (" host ", "' host ' is not an address; write host"),
        ("31877", "'31877' is a port alone; write :31877"),
        ("[::1", "'[::1' is not an address; write [HOST]:PORT"),
        ("[::1]:", "'[::1]:' has no port; write [::1], or [::1]:PORT"),
        ("host:", "'host:' has no port; write host, or host:PORT"),
        (":", "':' has no port; write :PORT"),
        ("a:b:c", "'a:b:c' is not an address; write HOST:PORT, or [HOST]:PORT for an IPv6 address"),
        ("host:port", "'port' is not a port; write a number from 1 to 65535"),
    ],
)
def test_what_is_no_address_is_answered_with_what_to_write(
    capsys: pytest.CaptureFixture[str], address: str, what_to_write: str
) -> None:
    assert refused(capsys, "join", address) == f"argument HOST[:PORT]: {what_to_write}"


def test_a_host_and_a_port_with_a_blank_between_is_answered_with_what_to_write(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert refused(capsys, "join", "host", "31877") == "unknown: 31877: write the address as HOST:PORT"


@pytest.mark.parametrize("command", ["serve", "join"])
def test_a_host_has_no_port(capsys: pytest.CaptureFixture[str], command: str) -> None:
    reason = "argument --host: 'host:1' is a host and a port; write host here, and the port apart"
    assert refused(capsys, command, "--host", "host:1") == reason


def test_a_wrong_host_in_the_environment_is_wrong_usage(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASYNCCHAT_HOST", "http://host")
    assert refused(capsys, "join") == "ASYNCCHAT_HOST: 'http://host' is not an address; write host"


def test_a_port_alone_is_on_this_machine(room: ServeProgram) -> None:
    with Program("join", "--plain", f":{room.port}") as program:
        assert program.out.line() == ASK_NAME


@pytest.mark.parametrize("form", ["--plain", "--threads"])
@pytest.mark.parametrize("typed", ["hi\n", "hi"])
def test_a_pipe_whose_only_line_became_the_name_fails_and_names_the_option(
    room: ServeProgram, form: str, typed: str
) -> None:
    with Program("join", room.address, form) as script:
        script.write(typed)
        script.end_input()
        assert script.wait() == 1
        said = "asyncchat: nothing was said: the first line was taken for the name. Give a name with --name.\n"
        assert script.errors.rest().decode() == said


@pytest.mark.parametrize("form", ["--plain", "--threads"])
def test_the_first_line_of_a_pipe_that_has_more_is_the_name(room: ServeProgram, form: str) -> None:
    with Program("join", room.address, form) as script:
        script.write("ci\nhi\n")
        script.end_input()
        assert script.wait() == 0
        assert script.out.rest().decode().endswith("ci: hi\n")


def test_somebody_at_a_plain_terminal_may_leave_without_a_word(room: ServeProgram) -> None:
    with Program("join", room.address, "--plain", terminal=True) as person:
        person.write("alice\n")
        room.out.until("alice joined")
        person.write("\x04")
        assert person.wait() == 0
