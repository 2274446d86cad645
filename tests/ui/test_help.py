"""/help and Tab at a terminal: what one may use here, and that there is more than is shown."""

from pathlib import Path

from tests.programs import SECRET, ServeProgram
from tests.ui.terminals import ENTER, TAB, Terminal

WITHOUT_STORE = ["/away", "/bell", "/clear", "/delete", "/edit", "/exit", "/go", "/help", "/ignore", "/join", "/leave"]
WITHOUT_STORE += ["/list", "/me", "/room", "/rooms", "/unignore", "/whois"]


def offered(terminal: Terminal) -> list[str]:
    """Return the commands in the menu below the line."""
    line = max((index for index, row in enumerate(terminal.rows) if row.startswith(">")), default=0)
    return [row.split()[0] for row in terminal.rows[line + 1 : -1] if row.strip()]


def test_help_is_seen_whole_and_tab_offers_the_same(room: ServeProgram, tmp_path: Path) -> None:
    with Terminal(room.address, "--name", "alice", state=tmp_path, columns=40) as alice:
        alice.until_prompt()
        alice.write("/help" + ENTER)
        alice.until_row("/help COMMAND explains one.")
        text = "\n".join(alice.rows).partition("Chat:")[2].partition("/help COMMAND")[0]
        assert sorted(word for word in text.split() if word[0] == "/") == WITHOUT_STORE
        alice.write("/" + TAB)
        alice.until(lambda: offered(alice) == WITHOUT_STORE[:8])
        alice.until(lambda: alice.rows[-2].endswith("↓"))
        alice.write("\x15/k" + TAB)
        alice.until(lambda: alice.typed == "/k" and offered(alice) == [])


def test_a_role_has_more_and_the_menu_says_that_it_goes_on(with_people: str, tmp_path: Path) -> None:
    with (
        ServeProgram("--store", with_people) as server,
        Terminal(server.address, "--name", "alice", state=tmp_path, ASYNCCHAT_PASSWORD=SECRET) as alice,
    ):
        alice.until_prompt()
        alice.write("/unread" + ENTER)
        alice.until_row("Server: no one unread")  # so it knows the role, too
        alice.write("/help" + ENTER)
        alice.until_row("/help COMMAND explains one.")
        help_text = "\n".join(alice.rows)
        assert "/chat [NAME]" in help_text
        assert "/bell off|mentions|all" in help_text
        assert "/kick" not in help_text
        alice.write("/help msg" + ENTER)
        alice.until_row("/msg NAME TEXT: send one private message.")
        alice.until_row("For registered users.")
        alice.write("/help nothing" + ENTER)
        alice.until_row("not sent: there is no command nothing.")
        alice.write("\x15/" + TAB)
        alice.until(lambda: len(offered(alice)) == 8 and alice.rows[-2].endswith("↓"))
        alice.write(TAB * 12)
        alice.until(lambda: any(row.endswith("↑") for row in alice.rows))
        alice.write("\x15/u" + TAB)
        alice.until(lambda: offered(alice) == ["/unignore", "/unread", "/unregister"])
        assert not {"↑", "↓"} & set("".join(alice.rows))


def test_who_made_a_room_has_the_commands_of_its_moderators_there(with_people: str, tmp_path: Path) -> None:
    with (
        ServeProgram("--store", with_people) as server,
        Terminal(server.address, "--name", "alice", state=tmp_path, ASYNCCHAT_PASSWORD=SECRET) as alice,
    ):
        alice.until_prompt()
        alice.write("/unread" + ENTER)
        alice.until_row("Server: no one unread")  # so it knows the role, too
        alice.write("/pr" + TAB)
        alice.until(lambda: alice.typed == "/pr" and offered(alice) == [])
        alice.write("\x15/join #ops" + ENTER)
        alice.until_row("You are in #ops, 1 online.")
        alice.write("/pr" + TAB)
        alice.until_row("#ops> /private")
        alice.write("\x15/go 1" + ENTER)
        alice.until_prompt()
        alice.write("/pr" + TAB)
        alice.until(lambda: alice.typed == "/pr" and offered(alice) == [])
