"""Names that are one's own and private conversations, at a real terminal with the real server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from asyncchat.ui.passwords import AGAIN
from tests.programs import ADMIN, SECRET, Nc, ServeProgram
from tests.ui.terminals import ENTER, HOME, TAB, UP, Terminal


@pytest.fixture
def chat(with_people: str) -> Iterator[ServeProgram]:
    """A group chat in which alice and bob are registered."""
    with ServeProgram("--rate", "0", "--store", with_people) as chat:
        yield chat


@pytest.fixture
def bob(chat: ServeProgram) -> Iterator[Nc]:
    with chat.connect() as bob:
        bob.send(f"/auth bob {SECRET}\n")
        bob.lines.until("successfully")
        yield bob


NEW = "new password, 8 characters at least: "


def join(chat: ServeProgram, state: Path, name: str = "alice", password: str = SECRET, **how: object) -> Terminal:
    arguments = ("--name", name) if name else ()
    environment = {"ASYNCCHAT_PASSWORD": password} if password else {}
    return Terminal(chat.address, *arguments, state=state, **environment, **how)  # type: ignore[arg-type]


def prompt(terminal: Terminal, said: str) -> None:
    """Wait until this stands before what is typed."""
    terminal.until(lambda: any(row.startswith(said.rstrip()) for row in terminal.rows))


def refuse(guest: Terminal, line: str) -> None:
    """Let a guest write something for registered people, and wait until it comes back."""
    guest.until_prompt()
    guest.write(line + ENTER)
    guest.until_row("not sent: this is for registered people.")
    guest.until_typed(line)


def test_asks_for_the_password_of_a_registered_name_and_shows_nothing_of_it(chat: ServeProgram, tmp_path: Path) -> None:
    with join(chat, tmp_path, password="") as alice:
        alice.until_row("alice is registered: write its password.")
        prompt(alice, "password of alice (Enter alone for another name):")
        alice.write("not my password\n")
        alice.until_row("alice: incorrect password!")
        alice.until(lambda: sum(row.startswith("password of alice") for row in alice.rows) == 2)
        alice.write(f"{SECRET}\n")
        alice.until_prompt()
        assert b"not my password" not in alice.raw
        assert SECRET.encode() not in alice.raw


def test_another_name_may_be_chosen_instead(chat: ServeProgram, tmp_path: Path) -> None:
    with join(chat, tmp_path, password="") as alice:
        prompt(alice, "password of alice")
        alice.write("\n")
        prompt(alice, "write your name:")
        alice.write("carol\n")
        alice.until_prompt()
        alice.until_row("You are carol")


def test_the_commands_that_work_before_one_has_a_name_work_at_the_question_for_it(
    chat: ServeProgram, tmp_path: Path
) -> None:
    with join(chat, tmp_path, name="", password="") as somebody:
        prompt(somebody, "write your name:")
        somebody.write("/auth alice\n")
        prompt(somebody, "password of alice")
        somebody.write(f"{SECRET}\n")
        somebody.until_prompt()
        somebody.write("/exit" + ENTER)
        assert somebody.ended() == 0
    with join(chat, tmp_path, name="", password="") as somebody:
        prompt(somebody, "write your name:")
        somebody.write("/registration carol\n")
        prompt(somebody, "new password of carol")
        somebody.write("short\n")
        somebody.until_row("the password is too short!")
        somebody.write(f"{SECRET}\n")
        prompt(somebody, AGAIN)
        somebody.write(f"{SECRET}\n")
        somebody.until_row("You are carol")


def test_registers_where_guests_stay_outside(empty_store: str, tmp_path: Path) -> None:
    with (
        ServeProgram("--store", empty_store, "--require-account") as chat,
        join(chat, tmp_path, password="") as alice,
    ):
        alice.until_row("this chat is for registered people: write a new password, and alice is yours.")
        prompt(alice, "new password of alice")
        alice.write(f"{SECRET}\n")
        prompt(alice, AGAIN)
        alice.write(f"{SECRET}\n")
        alice.until_prompt()


@pytest.mark.parametrize(
    ("typed", "question", "said"),
    [
        ("/register", "new password, 8 characters at least: ", "you are registered successfully!"),
        ("/auth alice", "password of alice: ", "You are alice now."),
    ],
)
def test_a_command_without_its_password_asks_for_it_unseen(
    chat: ServeProgram, tmp_path: Path, typed: str, question: str, said: str
) -> None:
    with join(chat, tmp_path, name="carol", password="") as carol, chat.join("eve") as bob:
        carol.until_prompt()
        carol.write(typed + ENTER)
        prompt(carol, question)
        carol.until_row("What you type now is a password, and not shown. Enter alone: do nothing.")
        carol.write(SECRET)
        prompt(carol, f"{question}***")
        carol.write(ENTER)
        if typed == "/register":
            prompt(carol, AGAIN)
            carol.write(SECRET + ENTER)
        carol.until_row(said)
        carol.write("hello" + ENTER)
        carol.until(lambda: any(row.endswith(": hello") for row in carol.rows))
        assert bob.line().endswith(": hello")
        carol.write(UP)
        carol.until_typed("hello")
        assert SECRET.encode() not in carol.raw
    (kept,) = tmp_path.rglob("history-*")
    assert SECRET not in kept.read_text()


def test_a_password_that_is_refused_is_asked_for_again_unseen_when_enter_is_pressed(
    chat: ServeProgram, tmp_path: Path
) -> None:
    with join(chat, tmp_path, name="carol", password="") as carol, chat.join("eve") as eve:
        carol.until_prompt()
        carol.write("/auth alice" + ENTER)
        prompt(carol, "password of alice:")
        carol.write("not my password" + ENTER)
        carol.until_row("not sent: incorrect password!")
        carol.until_row("Enter asks for the password again, unseen.")
        carol.until_typed("/auth alice")
        carol.write(ENTER)
        prompt(carol, "password of alice:")
        carol.write(SECRET + ENTER)
        carol.until_row("You are alice now.")
        assert SECRET.encode() not in carol.raw
        carol.write("hello" + ENTER)
        assert eve.line().endswith(": hello")


def test_what_is_typed_when_a_password_is_refused_is_a_message_and_the_password_itself_is_none(
    chat: ServeProgram, tmp_path: Path
) -> None:
    with join(chat, tmp_path, name="carol", password="") as carol, chat.join("eve") as eve:
        carol.until_prompt()
        carol.write("/auth alice" + ENTER)
        prompt(carol, "password of alice:")
        carol.write("not my password" + ENTER + "hunter2hunter")
        carol.until_row("not sent: incorrect password!")
        carol.until_typed("hunter2hunter")
        carol.write(ENTER)
        carol.until_row("not sent: it may be a password.")
        carol.write("\x15hi" + ENTER)
        assert eve.line() == "carol: hi"


def test_a_new_password_that_is_not_typed_twice_is_asked_for_anew(chat: ServeProgram, tmp_path: Path) -> None:
    with join(chat, tmp_path, name="carol", password="") as carol, chat.join("eve") as eve:
        carol.until_prompt()
        # Typed blindly: what was meant for all does not become the password.
        carol.write("/register" + ENTER + "hello everybody" + ENTER + "how are you" + ENTER)
        carol.until_row("That was not the same. What you type now is a password")
        prompt(carol, NEW)
        carol.write("short" + ENTER)
        carol.until_row("the password is too short! What you type now is a password")
        carol.write(ENTER + "hi" + ENTER)
        assert eve.line() == "carol: hi"


def test_no_other_line_gets_into_a_password_and_none_of_it_out(chat: ServeProgram, tmp_path: Path) -> None:
    kill, yank, search = "\x15", "\x19", "\x12"
    with join(chat, tmp_path, name="carol", password="") as carol, chat.join("eve") as eve:
        carol.until_prompt()
        carol.write("before" + ENTER + "killed" + kill + "/register" + ENTER)
        assert eve.line() == "carol: before"
        prompt(carol, NEW)
        carol.write(UP + yank + search + "be" + ENTER + "x")
        prompt(carol, f"{NEW}*")
        assert not any(row.startswith(f"{NEW}**") for row in carol.rows)
        carol.write(kill + "hunter2" + kill + ENTER)
        carol.until_prompt()
        carol.write("x" + yank)
        carol.until_typed("xkilled")
        assert b"hunter2" not in carol.raw


def test_ctrl_c_at_a_password_question_leaves_the_question_and_not_the_chat(chat: ServeProgram, tmp_path: Path) -> None:
    with join(chat, tmp_path, name="carol", password="") as carol, chat.join("eve") as eve:
        carol.until_prompt()
        carol.write("/register" + ENTER)
        prompt(carol, NEW)
        carol.write("half of a pass\x03")
        carol.until_prompt()
        carol.write("hello" + ENTER)
        assert eve.line() == "carol: hello"


def test_ctrl_d_leaves_though_a_refused_line_came_back(chat: ServeProgram, tmp_path: Path) -> None:
    with join(chat, tmp_path, name="carol", password="") as carol:
        refuse(carol, "/msg alice hi")
        carol.write("\x04")
        assert carol.wait() == 0


def test_whoever_types_no_password_is_where_one_was(chat: ServeProgram, tmp_path: Path) -> None:
    with join(chat, tmp_path, name="carol", password="") as carol, chat.join("eve") as eve:
        carol.until_prompt()
        carol.write("/register" + ENTER)
        prompt(carol, NEW)
        carol.write(ENTER)
        carol.until_prompt()
        carol.write("hello" + ENTER)
        assert eve.line() == "carol: hello"


def test_what_is_typed_next_replaces_a_refused_line_that_came_back(chat: ServeProgram, tmp_path: Path) -> None:
    with join(chat, tmp_path, name="carol", password="") as carol, chat.join("eve") as eve:
        refuse(carol, "/msg alice hi")
        carol.write("hello")
        carol.until_typed("hello")
        carol.write(ENTER)
        assert eve.line() == "carol: hello"


@pytest.mark.parametrize(
    ("keys", "left"),
    [("\x02", "/msg alice hxi"), ("\x05", "/msg alice hix"), ("\x1bb", "/msg alice xhi"), ("\x06", "/msg alice hix")],
)
def test_a_key_that_moves_keeps_a_refused_line_that_came_back(
    chat: ServeProgram, tmp_path: Path, keys: str, left: str
) -> None:
    with join(chat, tmp_path, name="carol", password="") as carol:
        refuse(carol, "/msg alice hi")
        carol.write(keys + "x")
        carol.until_typed(left)


def test_a_refused_line_that_came_back_can_be_mended(chat: ServeProgram, tmp_path: Path) -> None:
    with join(chat, tmp_path, name="carol", password="") as carol, chat.join("eve") as eve:
        refuse(carol, "/msg alice hi")
        carol.write(HOME + "/")
        carol.until_typed("//msg alice hi")
        carol.write(ENTER)
        assert eve.line() == "carol: /msg alice hi"


def test_a_typed_password_is_kept_nowhere_and_not_shown_while_it_waits(chat: ServeProgram, tmp_path: Path) -> None:
    with join(chat, tmp_path, name="carol", password="") as carol:
        carol.until_prompt()
        carol.write("/register longenough" + ENTER)
        carol.until_row("you are registered successfully!")
        carol.until(lambda: not any("longenough" in row for row in carol.rows))
        carol.write(UP)
        carol.write("x")
        carol.until_typed("x")
    assert not any("longenough" in kept.read_text() for kept in tmp_path.rglob("history-*"))


def test_another_name_is_asked_back_before_anybody_sees_it(chat: ServeProgram, tmp_path: Path) -> None:
    with join(chat, tmp_path, name="carol", password="") as carol, chat.join("eve") as eve:
        carol.until_prompt()
        carol.write("/register dave longenough" + ENTER)
        carol.until_row("not sent: nothing is registered yet.")
        eve.send("/list\n")
        assert eve.line() == "Server: online: carol"
        carol.write("/name dave" + ENTER)
        carol.until_row("You are dave now.")


def test_the_prompt_says_to_whom_one_writes(chat: ServeProgram, bob: Nc, tmp_path: Path) -> None:
    with join(chat, tmp_path) as alice:
        alice.until_prompt()
        alice.write("/chat bob" + ENTER)
        prompt(alice, "bob>")
        alice.write("only for you" + ENTER)
        alice.until_said("(private) alice: only for you")
        bob.send("/chat alice\n")
        assert bob.lines.until("(new) alice: only for you")
        bob.send("and for you\n")
        alice.until_said("(private) bob: and for you")
        alice.write("/room" + ENTER + "to all" + ENTER)
        alice.until_said("alice: to all")
        alice.until(lambda: ">" in alice.rows)
        bob.lines.until("alice: to all")


def test_who_has_written_stands_in_the_status_line_until_it_is_read(
    chat: ServeProgram, bob: Nc, tmp_path: Path
) -> None:
    with join(chat, tmp_path) as alice:
        alice.until_prompt()
        bob.send("/msg alice one\n/msg alice two\n")
        alice.until(lambda: "2:bob(2!)" in alice.rows[-1])
        alice.until_row("bob has written to you alone: /chat bob")
        assert b"\x07" in alice.raw
        alice.write("/chat bob" + ENTER)
        alice.until_said("(new) bob: two")
        alice.until(lambda: "2:bob " in alice.rows[-1])


def test_what_is_written_behind_a_mistyped_name_is_shown_to_nobody(chat: ServeProgram, bob: Nc, tmp_path: Path) -> None:
    with join(chat, tmp_path) as alice:
        alice.until_prompt()
        alice.write("/chat bobb" + ENTER + "a secret" + ENTER)
        alice.until_row("not sent: bobb is not registered")
        alice.until(lambda: sum(row.startswith("not sent:") for row in alice.rows) == 2)
        alice.until_typed("/chat bobb")
        alice.write("\x15to all" + ENTER)
        assert bob.line() == "alice: to all"
        alice.until_typed("a secret")


def test_the_line_after_chat_did_not_work_comes_back_and_enter_sends_it(
    chat: ServeProgram, bob: Nc, tmp_path: Path
) -> None:
    with join(chat, tmp_path) as alice:
        alice.until_prompt()
        alice.write("/chat bobb" + ENTER)
        alice.until_row("not sent: bobb is not registered")
        alice.until_typed("/chat bobb")
        alice.write("\x15for whom?" + ENTER)
        alice.until_row("not sent: /chat or /join did not work. Write it again to send it to everybody.")
        alice.until_typed("for whom?")
        alice.write(ENTER)
        assert bob.line() == "alice: for whom?"


def test_a_refused_line_does_not_come_back_into_the_password(chat: ServeProgram, tmp_path: Path) -> None:
    with join(chat, tmp_path, name="carol", password="") as carol:
        carol.until_prompt()
        carol.write("/chat nobody" + ENTER + "/register" + ENTER)
        prompt(carol, NEW)
        carol.until_row("not sent: this is for registered people.")
        carol.write(SECRET + ENTER + SECRET + ENTER)
        carol.until_row("you are registered successfully!")
    with Nc(chat.port) as again:
        again.send(f"/auth carol {SECRET}\n")
        again.lines.until("you are authorized successfully!")


def test_somebody_who_is_put_out_is_told_why_and_the_client_ends(chat: ServeProgram, tmp_path: Path) -> None:
    with Nc(chat.port) as admin, join(chat, tmp_path, name="carol", password="") as carol:
        admin.send(f"/auth admin {ADMIN}\n")
        admin.lines.until("authorized")
        carol.until_prompt()
        admin.send("/kick carol\n")
        assert carol.ended() == 1
        assert carol.errors.rest() == b"asyncchat: you have been kicked out of the server!\n"


def test_the_topic_is_shown_to_whoever_comes_and_when_it_changes(chat: ServeProgram, tmp_path: Path) -> None:
    with Nc(chat.port) as admin:
        admin.send(f"/auth admin {ADMIN}\n/topic the build\n")
        admin.lines.until("the topic is: the build")
        with join(chat, tmp_path) as alice:
            alice.until_row("The topic is: the build")
            alice.until_prompt()
            admin.send("/topic lunch\n")
            alice.until_row("The topic is: lunch")


def test_tab_completes_the_commands_of_the_server(chat: ServeProgram, tmp_path: Path) -> None:
    with join(chat, tmp_path) as alice:
        alice.until_prompt()
        alice.write("/unr")
        alice.until_typed("/unr")
        alice.write(TAB)
        alice.until_row("show who has sent you private messages")


def test_a_password_may_have_blanks(chat: ServeProgram, tmp_path: Path) -> None:
    with join(chat, tmp_path, name="carol", password="") as carol:
        carol.until_prompt()
        carol.write("/register" + ENTER)
        prompt(carol, NEW)
        carol.write("a horse and a battery" + ENTER + "a horse and a battery" + ENTER)
        carol.until_row("you are registered successfully!")
    with Nc(chat.port) as again:
        again.send("/auth carol a horse and a battery\n")
        again.lines.until("you are authorized successfully!")
