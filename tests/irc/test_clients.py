"""WeeChat and irssi, as people use them, with all other kinds of users."""

import signal

from tests.irc import SECRET, IrcProgram, Irssi, WeeChat
from tests.programs import ADMIN


def test_weechat_talks_with_all_others() -> None:
    with IrcProgram() as server, server.join("bob") as bob, WeeChat(server.irc_port, "alice") as alice:
        alice.shows("alice", "#lobby")
        alice.write("hello from weechat")
        assert bob.line() == "alice: hello from weechat"
        bob.send("hi from nc\n/me smiles\n")
        bob.lines.until("smiles")
        alice.shows("hi from nc")
        alice.shows("smiles")
        alice.write("/me waves")
        assert bob.line() == "* alice waves"


def test_irssi_talks_with_all_others() -> None:
    with IrcProgram() as server, server.join("bob") as bob, Irssi(server.irc_port, "alice") as alice:
        alice.enter_room()
        alice.write("hello from irssi")
        assert bob.line() == "alice: hello from irssi"
        bob.send("hi from nc\n")
        bob.line()
        alice.shows("hi from nc")
        alice.write("/me waves")
        assert bob.line() == "* alice waves"


def test_weechat_logs_in_with_sasl_and_gets_what_came_meanwhile_once_after_a_restart(with_people: str) -> None:
    with IrcProgram("--store", with_people) as server:
        port, irc_port = server.port, server.irc_port
        with WeeChat(irc_port, "alice", SECRET) as alice:
            alice.shows("alice", "#lobby")
            with server.connect() as bob:
                bob.send(f"/auth bob {SECRET}\n/msg alice in private\nbefore\n")
                alice.shows("before")
                alice.shows("in private", "bob")
            server.signal(signal.SIGTERM)
            assert server.wait() == 0
            with (
                IrcProgram("--store", with_people, "--port", str(port), "--irc", str(irc_port)) as again,
                again.connect() as bob,
            ):
                bob.send(f"/auth bob {SECRET}\nmeanwhile\n")
                alice.shows("meanwhile")
                alice.write("back again")
                bob.lines.until("alice: back again")
                assert alice.shows("meanwhile").count("meanwhile") == 1


def test_a_wrong_password_is_told_to_weechat(with_people: str) -> None:
    with (
        IrcProgram("--store", with_people) as server,
        WeeChat(server.irc_port, "alice", "wrong-horse-battery") as alice,
    ):
        alice.shows("SASL authentication failed", "irc.server")


def test_irssi_logs_in_with_sasl_and_moderates(with_people: str) -> None:
    with (
        IrcProgram("--store", with_people) as server,
        server.connect() as admin,
        server.join("troll") as troll,
        Irssi(server.irc_port, "alice", SECRET) as alice,
    ):
        admin.send(f"/auth admin {ADMIN}\n/grant alice\n")
        admin.lines.until("moderator")
        alice.enter_room()
        alice.write("/topic a topic")
        alice.shows("a topic")
        alice.write("/kick troll out")
        assert "kicked" in troll.lines.rest().decode()
        alice.write("/msg bob for you")
        with server.connect() as bob:
            bob.send(f"/auth bob {SECRET}\n/chat alice\n")
            bob.lines.until("alice: for you")
