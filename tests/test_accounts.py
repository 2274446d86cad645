"""Names that are one's own, private conversations and order, through real processes and in both formats."""

import contextlib
import os
import re
import select
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from asyncchat.aio.server.store_service import MOST_FROM_ONE
from asyncchat.commands.table import COMMANDS
from tests.programs import (
    ADMIN,
    ASYNCCHAT,
    NEW_ADMIN,
    PATIENCE,
    SECRET,
    Nc,
    Program,
    ServeProgram,
    in_rounds,
    seconds,
    until,
)
from tests.test_json_server import Bot

PACE = 0.003
"""Seconds between two messages, so that those who log in get something of the cores, too."""

UNNOTICED = 0.05
"""Seconds that nobody notices: where other tests take the same cores, twice as long as usual may be by chance.

Who waits for a password to be hashed waits longer.
"""


@pytest.fixture
def path(empty_store: str) -> str:
    return empty_store


def served(path: str, *arguments: str, admin: str = "", command: tuple[str, ...] = ()) -> ServeProgram:
    environment = {"ASYNCCHAT_ADMIN_PASSWORD": admin} if admin else {}
    return ServeProgram("--rate", "0", "--store", path, *arguments, environment=environment, command=command)


def hashing(path: str, *arguments: str) -> ServeProgram:
    """The same, where a password takes as much work as it does for users."""
    return served(path, *arguments, command=ASYNCCHAT)


@pytest.fixture
def chat(path: str) -> Iterator[ServeProgram]:
    with served(path) as chat:
        yield chat


@pytest.fixture
def known(with_people: str) -> Iterator[ServeProgram]:
    """A chat in which alice and bob are registered."""
    with served(with_people) as chat:
        yield chat


_open: list[Nc] = []


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Close the connections of all who took part."""
    yield
    while _open:
        _open.pop().socket.close()


class PlainActor:
    """Somebody with nc."""

    def __init__(self, room: ServeProgram) -> None:
        self.peer = room.connect()
        _open.append(self.peer)
        self.peer.line()
        self._marks = 0

    def say(self, line: str) -> list[str]:
        """Say something, and return what is heard until it was done."""
        self.peer.send(f"{line}\n")
        return self.heard()

    def heard(self) -> list[str]:
        """Return what is heard until now."""
        self._marks += 1
        mark = "/x" + "".join("abcdefghij"[int(digit)] for digit in str(self._marks))
        self.peer.send(f"{mark}\n")
        lines = []
        while f"unknown command {mark}." not in (line := self.peer.line()) and not line.startswith(
            "Server: this name can't be used: / "
        ):
            lines.append(line.removeprefix("Server: "))
        return lines

    def rest(self) -> list[str]:
        """Return all up to the end."""
        return [line.removeprefix("Server: ") for line in self.peer.lines.rest().decode().splitlines()]


class JsonActor:
    """A program."""

    def __init__(self, room: ServeProgram) -> None:
        self.peer = a_bot(room)

    def say(self, line: str) -> list[str]:
        """Say something, and return what is heard until it was done."""
        self.peer.say(line)
        return self.heard()

    def heard(self) -> list[str]:
        """Return what is heard until now."""
        self.peer.tell("ping")
        return [line for event in self.peer.until("pong") for line in self._line(event)]

    def _line(self, event: dict[str, object]) -> list[str]:
        match event:
            case {"type": "notice" | "refused" | "bye", "text": str(text)}:
                return [text]
            case {"type": "message", "conversation": _, "from": name, "text": text}:
                return [f"({'new' if event.get('new') else 'private'}) {name}: {text}"]
            case {"type": "message", "from": name, "text": text}:
                return [f"{name}: {text}"]
            case _:
                return []

    def rest(self) -> list[str]:
        """Return all up to the end."""
        return [line for event in self.peer.rest() for line in self._line(event)]


def a_bot(room: ServeProgram) -> Bot:
    """Return a program that has not said who it is."""
    bot = Bot(room)
    _open.append(bot)
    return bot


def plain(room: ServeProgram, name: str, role: str = "") -> PlainActor:
    """Return somebody with nc: with a `role`, whose name is or becomes his own, else a guest."""
    actor = PlainActor(room)
    if name == "admin":
        assert actor.say(f"/auth admin {ADMIN}")[0] == "you are authorized successfully!"
    elif role:
        assert "successfully" in actor.say(f"/register {name} {SECRET}")[0]
    else:
        actor.say(name)
    return actor


def json(room: ServeProgram, name: str, role: str = "") -> JsonActor:
    """Return a program, likewise."""
    actor = JsonActor(room)
    fields: dict[str, object] = {}
    if name == "admin":
        fields = {"password": ADMIN}
    elif role:
        fields = {"password": SECRET, "register": True}
    actor.peer.come_in(name, **fields)
    return actor


Format = Callable[..., PlainActor | JsonActor]
formats = pytest.mark.parametrize("actor", [plain, json], ids=["plain", "json"])


@formats
def test_every_command_and_what_it_answers(chat: ServeProgram, actor: Format) -> None:
    admin, alice, bob = (actor(chat, name, role="registered") for name in ("admin", "alice", "bob"))
    guest = actor(chat, "guest")
    for somebody in (admin, alice, bob, guest):
        somebody.heard()

    def step(who: PlainActor | JsonActor, line: str, *answers: str) -> None:
        said = [re.sub(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME", text) for text in who.say(line)]
        assert [text for text in said if text not in ("", "Server:")] == list(answers), line

    is_plain = actor is plain
    turned = ["you write to bob alone now. /room turns back."] * is_plain
    back = ["you write to everybody now."] * is_plain
    # Names.
    step(guest, "/auth alice wrong-password", "incorrect password!")
    step(guest, "/auth nobody whatever-it-is", "incorrect login!")
    step(guest, "/login alice", "write your name and your password: /auth LOGIN PASSWORD")
    step(guest, "/register short", "the password is too short!")
    step(guest, f"/register bob {SECRET}", "this login is already taken! Choose another one.")
    step(
        alice,
        f"/register carol {SECRET}",
        "you are registered already, as alice. Write /password PASSWORD for another password.",
    )
    step(guest, f"/register {SECRET}", "you are registered successfully!")
    step(guest, "/password another-password", "your password is changed")
    step(guest, f"/unregister {SECRET}", "incorrect password!")
    step(guest, "/unregister another-password", "your name is not registered any more")
    # Alone.
    refused = "this is for registered people. Write /register PASSWORD to make your name yours."
    step(guest, "/chat alice", refused)
    missed = "your line was not sent: /chat or /join did not work. Write it again to send it to everybody."
    step(guest, "meant for alice", missed)
    step(bob, "/list", "online: admin alice guest")
    step(alice, "/unread", "no one unread")
    step(alice, "/msg bob hello", "sent to bob")
    step(bob, "/unread", "unread from: alice(1)")
    step(alice, "/chat bob", *turned, "(private) alice: hello")
    step(alice, "how are you", "(private) alice: how are you")
    step(alice, "/history 1", "TIME alice: how are you")
    step(alice, "/search hello", "TIME alice: hello")
    step(alice, "/stats", "Statistics with bob:", "Total messages: 2", "Messages from alice: 2", "Messages from bob: 0")
    step(alice, "/room", *back)
    step(
        bob,
        "/chat alice",
        *(said.replace("bob", "alice") for said in turned),
        "(new) alice: hello",
        "(new) alice: how are you",
    )
    step(bob, "/chat", *back)
    step(alice, "/history 5", "there are no messages yet")
    step(guest, "/search hello", "nothing found: hello")
    # Order.
    step(alice, "/kick bob", "you are not a moderator or an admin!")
    step(alice, "/grant bob", "you are not an admin!")
    step(alice, "/topic mine", "you are not a moderator or an admin!")
    step(admin, "/grant alice", "alice is the new moderator!")
    assert alice.heard() == ["you are the new moderator now!"]
    step(admin, "/grant alice", "this user is already a moderator!")
    step(alice, "/kick alice", "you can't kick yourself!")
    step(alice, "/kick admin", "nobody can kick the admin!")
    step(alice, "/kick nobody", "the user is not online!")
    step(alice, "/topic the build", "the topic is: the build")
    step(bob, "/topic", "the topic is: the build")
    step(alice, "/mute guest 1h", "guest was muted until TIME!")
    step(guest, "hello?", "your line was not sent: you are muted!")
    step(alice, "/unmute guest", "guest is no longer muted!")
    step(alice, "/kick bob", "bob was kicked!")
    assert bob.rest()[-1] == "you have been kicked out of the server!"
    step(alice, "/bans", "banned: bob (until TIME)")
    step(alice, "/unban bob", "bob is no longer banned!")
    step(admin, "/ban alice", "alice was banned!")
    assert alice.rest()[-1] == "you are banned!"
    step(admin, "/unban alice", "alice is no longer banned!")
    step(admin, "/revoke alice", "alice is no longer a moderator!")
    step(admin, "/revoke alice", "this user is not a moderator!")
    step(
        admin,
        "/audit",
        "TIME admin: grant alice",
        "TIME alice: topic the build",
        "TIME alice: mute guest (until TIME)",
        "TIME alice: unmute guest",
        "TIME alice: kick bob (until TIME)",
        "TIME alice: unban bob",
        "TIME admin: ban alice",
        "TIME admin: unban alice",
        "TIME admin: revoke alice",
    )


@formats
def test_every_refusal_says_why_and_changes_nothing(known: ServeProgram, actor: Format) -> None:
    admin, mo, alice = (
        plain(known, "admin"),
        actor(known, "mo", role="registered"),
        actor(known, "ann", role="registered"),
    )
    guest, muted = actor(known, "guest"), actor(known, "muted")
    for line in ("/grant mo", "/ban bob", "/mute muted"):
        admin.say(line)
    mo.heard()
    before = admin.say("/audit")

    not_registered = "this is for registered people. Write /register PASSWORD to make your name yours."
    no_moderator, no_admin = "you are not a moderator or an admin!", "you are not an admin!"
    taken = "this login is already taken! Choose another one."
    can_not = "this name can't be used: "
    offline, unknown = "the user is not online!", "nobody is not registered. /list shows who is online."
    refusals: list[tuple[PlainActor | JsonActor, str, str]] = [
        # Names.
        *((guest, f"{line} {SECRET}", not_registered) for line in ("/password", "/unregister")),
        (guest, "/registration", "write a password for your name: /register PASSWORD"),
        (guest, "/name eve", "write /register LOGIN PASSWORD first, then /name and the same LOGIN."),
        (guest, "/register short", "the password is too short!"),
        (guest, f"/register ALICE {SECRET}", taken),
        (guest, f"/register mo {SECRET}", taken),
        (guest, f"/register muted {SECRET}", taken),
        (guest, f"/register server {SECRET}", f"{can_not}it is reserved. Choose another one."),
        (
            guest,
            f"/register b@b {SECRET}",
            f"{can_not}@ is not a letter, digit, underscore, dash or dot. Choose another one.",
        ),
        (guest, f"/register a1ice {SECRET}", f"{can_not}it looks like alice, which is registered. Choose another one."),
        (
            guest,
            "/register guest \ufdd0\ufdd0\ufdd0\ufdd0\ufdd0\ufdd0\ufdd0\ufdd0",
            "it has a character that no password can have.",
        ),
        (guest, "/auth", "write your name and your password: /auth LOGIN PASSWORD"),
        (guest, f"/auth nobody {SECRET}", "incorrect login!"),
        (guest, f"/auth b@b {SECRET}", "incorrect login!"),
        (guest, "/auth alice not the password", "incorrect password!"),
        (guest, f"/auth bob {SECRET}", "you are banned!"),
        (
            guest,
            f"/auth mo {SECRET}",
            "mo is here on another connection."
            " Leave with /exit, and write /auth when you are asked for a name: that takes its place.",
        ),
        (muted, f"/register another {SECRET}", "you are muted!"),
        (muted, f"/auth alice {SECRET}", "you are muted!"),
        (
            alice,
            f"/register {SECRET}",
            "you are registered already, as ann. Write /password PASSWORD for another password.",
        ),
        (
            alice,
            f"/auth alice {SECRET}",
            "you are authorized already, as ann. Leave with /exit to join under another name.",
        ),
        (alice, "/password", "write the new password: /password PASSWORD"),
        (alice, "/password short", "the password is too short!"),
        (alice, "/unregister", "this gives up your name and deletes your private conversations: /unregister PASSWORD"),
        (alice, "/unregister not the password", "incorrect password!"),
        (admin, f"/unregister {ADMIN}", "the admin can't be unregistered."),
        # Alone.
        *((guest, line, not_registered) for line in ("/msg alice hello", "/unread", "/stats")),
        (alice, "/msg", "the name or the text is missing: write /msg NAME TEXT"),
        (alice, "/msg alice", "the name or the text is missing: write /msg NAME TEXT"),
        (alice, "/msg nobody hello", unknown),
        (alice, "/msg guest hello", "guest is not registered. /list shows who is online."),
        (alice, "/msg ann hello", "that is you. Write /msg NAME TEXT with the name of another user."),
        (alice, "/stats", "this counts private messages: write /chat NAME first."),
        (alice, " /msg alice hello", "your line was not sent: write /msg with a plain / and nothing before it."),
        # What was said.
        (guest, "/history x", "x is not a number! Write something like /history 50."),
        (guest, "/history -1", "-1 is not a number! Write something like /history 50."),
        (guest, "/search", "write what to search for: /search WORDS"),
        (guest, "/nothing", "unknown command /nothing. Write /help to see the commands, // to say a line with /."),
        (muted, "hello", "your line was not sent: you are muted!"),
        (muted, "//hello", "your line was not sent: you are muted!"),
        # Order.
        *(
            (who, line, no_moderator)
            for who in (guest, alice)
            for line in (
                "/kick mo",
                "/ban mo",
                "/unban bob",
                "/bans",
                "/mute mo",
                "/unmute muted",
                "/audit",
                "/topic x",
            )
        ),
        *((who, line, no_admin) for who in (guest, alice, mo) for line in ("/grant alice", "/revoke mo")),
        (mo, "/kick", "the name is missing: write /kick NAME"),
        (mo, "/ban", "the name is missing: write /ban NAME, or /ban NAME 12h"),
        (mo, "/mute", "the name is missing: write /mute NAME, or /mute NAME 12h"),
        (mo, "/unban", "the name is missing: write /unban NAME"),
        (mo, "/unmute", "the name is missing: write /unmute NAME"),
        (admin, "/grant", "the name is missing: write /grant NAME"),
        (admin, "/revoke", "the name is missing: write /revoke NAME"),
        *((mo, f"/{act} mo", f"you can't {act} yourself!") for act in ("kick", "ban", "mute")),
        *((admin, f"/{act} admin", f"you can't {act} yourself!") for act in ("kick", "ban", "mute")),
        *((mo, f"/{act} admin", f"nobody can {act} the admin!") for act in ("kick", "ban", "mute")),
        *((mo, f"/{act} nobody", offline) for act in ("kick", "ban", "mute")),
        *((mo, f"/{act} b@b", offline) for act in ("kick", "ban", "mute")),
        (mo, "/kick alice", offline),
        (mo, "/ban ann long", "long is no duration: write something like 30m, 12h or 7d, or nothing."),
        (mo, "/mute ann 0m", "0m is no duration: write something like 30m, 12h or 7d, or nothing."),
        (mo, "/unban bob", "only the admin can change this ban!"),
        (mo, "/ban bob 1m", "only the admin can change this ban!"),
        (mo, "/unmute muted", "only the admin can change this mute!"),
        (mo, "/unban ann", "this user is not banned! Write /bans to see who is."),
        (mo, "/unmute ann", "this user is not muted!"),
        (admin, "/grant mo", "this user is already a moderator!"),
        (admin, "/grant guest", "guest is a guest, who has to write /register PASSWORD first!"),
        (admin, "/grant nobody", offline),
        (admin, "/revoke alice", "this user is not a moderator!"),
        (admin, "/revoke nobody", offline),
    ]
    for who, line, said in refusals:
        assert who.say(line) == [said], line
    missed = "your line was not sent: /chat or /join did not work. Write it again to send it to everybody."
    for line in ("/chat", "/chat mo"):
        assert guest.say(line) == [not_registered]
        assert guest.say("hello") == [missed]
    for line, why in (
        ("/chat nobody", unknown),
        ("/chat ann", "that is you. Write /chat NAME with the name of another user."),
    ):
        assert alice.say(line) == [why]
        assert alice.say("hello") == [missed]
    assert admin.say("/audit") == before
    assert mo.heard() == []


def test_every_refusal_of_somebody_who_wants_to_come_in(known: ServeProgram) -> None:
    admin, carol = plain(known, "admin"), plain(known, "carol")
    for line in ("/ban bob", "/kick carol"):
        admin.say(line)
    carol.rest()
    admin.say("/unban carol")
    plain(known, "dora")
    said = {
        "alice": "this name is registered. Write /auth alice PASSWORD, or choose another one.",
        "BOB": "this name is registered. Write /auth BOB PASSWORD, or choose another one.",
        "a1ice": "this name can't be used: it looks like alice, which is registered. Choose another one.",
        "dora": "this name is already taken! Choose another one.",
        "/auth": "write your name and your password: /auth LOGIN PASSWORD",
        "/register": "write the name and a password: /registration LOGIN PASSWORD",
        "/register eve": "write the name and a password: /registration LOGIN PASSWORD",
        "/register eve short": "the password is too short!",
        f"/register alice {SECRET}": "this login is already taken! Choose another one.",
        f"/register dora {SECRET}": "this login is already taken! Choose another one.",
        f"/register bob {SECRET}": "you are banned!",
        f"/auth bob {SECRET}": "you are banned!",
        f"/auth eve {SECRET}": "incorrect login!",
        "/auth alice not the password": "incorrect password!",
    }
    stranger = PlainActor(known)
    for line, why in said.items():
        assert stranger.say(line) == [why], line
    codes: list[tuple[dict[str, object], str]] = [
        ({"name": "alice"}, "name-registered"),
        ({"name": "a1ice"}, "name-refused"),
        ({"name": "dora"}, "name-taken"),
        ({"name": "eve", "password": "short", "register": True}, "short-password"),
        ({"name": "alice", "password": SECRET, "register": True}, "login-taken"),
        ({"name": "eve", "password": SECRET}, "incorrect-login"),
        ({"name": "alice", "password": "not the password"}, "incorrect-password"),
        ({"name": "bob", "password": SECRET}, "banned"),
        ({"name": "alice", "v": 2}, "version"),
    ]
    program = a_bot(known)
    for fields, code in codes:
        program.tell("hello", **({"v": 1} | fields))
        assert program.event()["code"] == code, fields
    program.come_in("alice", password=SECRET)
    assert program.hello("eve")["code"] == "in-already"


@formats
def test_without_a_store_what_needs_one_says_so(actor: Format) -> None:
    with ServeProgram() as chat:
        guest = actor(chat, "guest")
        for command in COMMANDS:
            if command.needs_store:
                assert guest.say(f"{command.names[0]} x")[0].startswith("nothing is kept here"), command
        assert a_bot(chat).hello("eve", password=SECRET, register=True)["code"] == "no-store"


def test_a_registered_name_is_asked_for_its_password_and_takes_the_place_of_its_old_connection(
    chat: ServeProgram,
) -> None:
    before = plain(chat, "alice", role="registered")
    after = PlainActor(chat)
    assert after.say("alice") == ["this name is registered. Write /auth alice PASSWORD, or choose another one."]
    assert after.say(f"/auth ALICE {SECRET}") == ["you are authorized successfully!"]
    assert before.rest() == ["you are here on another connection now"]


def test_whoever_takes_a_name_later_has_left_and_joined_in_the_transcript(known: ServeProgram) -> None:
    carol, eve = plain(known, "carol"), json(known, "eve")
    assert carol.say(f"/auth alice {SECRET}") == ["you are authorized successfully!"]
    carol.say("hello")
    assert known.out.until("alice sent")[-3:] == ["carol left", "alice joined", "alice sent hello"]
    assert [event["type"] for event in eve.peer.until("message")] == ["left", "joined", "message"]


def test_no_password_is_found_anywhere(tmp_path: Path) -> None:
    with served(str(tmp_path / "chat.db"), admin=ADMIN) as chat:
        alice, bob = plain(chat, "alice", role="registered"), plain(chat, "bob")
        for line in (
            f"/auth alice {SECRET}",
            f"/login alice {SECRET}x",
            f"/password {SECRET}y",
            f"/auht alice {SECRET}",
            f"/unregister {SECRET}",
            f" /auth alice {SECRET}",
            f"/auth\talice\t{SECRET}",
        ):
            assert not any(SECRET in answer for answer in alice.say(line))
            assert bob.heard() == []
        chat.signal(signal.SIGTERM)
        assert chat.wait() == 0
        printed = chat.out.rest() + chat.errors.rest()
    files = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for secret in (SECRET, ADMIN):
        assert secret.encode() not in printed
        assert secret.encode() not in files
    assert b"$argon2id$" in files


# What outlives the server.


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_all_of_it_is_there_after_the_server_was_started_again(path: str, end: signal.Signals) -> None:
    with served(path) as chat:
        admin = plain(chat, "admin")
        for name in ("alice", "bob", "mo"):
            plain(chat, name, role="registered").peer.socket.close()
        until(lambda: admin.say("/list") == ["no one online"])
        admin.say("/grant mo")
        guest, carol = plain(chat, "guest"), json(chat, "carol", role="registered")
        assert carol.say("/msg alice one") == ["sent to alice"]
        for line in ("/mute bob", "/ban mo 1h", "/kick guest", "/topic all is kept"):
            admin.say(line)
        guest.rest()
        chat.signal(end)
        chat.wait()
    with served(path) as chat:
        admin = plain(chat, "admin")
        assert admin.say("/topic") == ["the topic is: all is kept"]
        assert [line.split(" (")[0] for line in admin.say("/bans")[0].split(", ")] == ["banned: guest", "mo"]
        assert PlainActor(chat).say("someone else") == [
            "this name can't be used: it has a blank in it. Choose another one."
        ]
        assert PlainActor(chat).say("someone") == ["you are banned!"]
        admin.say("/unban guest")
        bob, alice = PlainActor(chat), PlainActor(chat)
        bob.say(f"/auth bob {SECRET}")
        alice.say(f"/auth alice {SECRET}")
        assert bob.say("hello") == ["your line was not sent: you are muted!"]
        assert alice.say("/chat carol")[-1] == "(new) carol: one"
        assert PlainActor(chat).say(f"/auth mo {SECRET}") == ["you are banned!"]
        admin.say("/unban mo")
        mo = PlainActor(chat)
        mo.say(f"/auth mo {SECRET}")
        assert mo.say("/bans") == ["no one banned"]


def test_a_program_is_still_itself_after_the_server_was_started_again(path: str) -> None:
    with served(path) as chat:
        plain(chat, "bob", role="registered").peer.socket.close()
        alice = a_bot(chat)
        welcome = alice.hello("alice", password=SECRET, register=True)
        ident = alice.say("/chat bob")
        alice.until("ack")
        ident = alice.say("one")
        assert next(event for event in alice.until("ack") if event["type"] == "ack")["seq"] == 1
        chat.signal(signal.SIGKILL)
        chat.wait()
    with served(path) as chat:
        alice = a_bot(chat)
        resumed = {"token": welcome["token"], "epoch": welcome["epoch"], "after": 0}
        again = alice.hello("alice", **resumed, conversation="bob", conversation_after=1)
        assert again["resumed"]
        assert alice.until("turned")[-1]["conversation"] == "bob"
        alice.tell("say", id=ident, text="one", conversation="bob")
        assert alice.until("ack")[-1] == {"type": "ack", "id": ident, "seq": 1}
        alice.tell("say", id=ident + 1, text="two")
        assert alice.until("ack")[-1] == {"type": "ack", "id": ident + 1, "seq": 2}
        with Nc(chat.port) as bob:
            bob.send(f"/auth bob {SECRET}\n/unread\n")
            assert bob.lines.until("unread from")[-1] == "Server: unread from: alice(2)"


def test_what_was_acknowledged_alone_is_there_when_the_server_was_killed(path: str) -> None:
    acknowledged = 0
    for _ in range(3):
        with served(path) as chat:
            with contextlib.suppress(AssertionError):
                plain(chat, "bob", role="registered").peer.socket.close()
            alice = a_bot(chat)
            assert alice.hello("alice", password=SECRET, register=not acknowledged)["type"] == "welcome"
            for number in range(40):
                alice.tell("say", id=number, text=f"line {number}", conversation="bob")
            for _ in range(10):
                alice.until("ack")
            acknowledged += 10
            chat.signal(signal.SIGKILL)
            acknowledged += sum(b'"ack"' in line for line in alice.lines.rest().splitlines())
    with contextlib.closing(sqlite3.connect(path)) as connection:
        numbers = [row[0] for row in connection.execute("SELECT seq FROM private ORDER BY seq")]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= acknowledged


# Somebody who is curious.


@formats
def test_nobody_else_sees_what_two_say_alone_whatever_they_try(path: str, actor: Format) -> None:
    secret = "xyzzy-plugh"
    with served(path) as chat:
        alice, bob = actor(chat, "alice", role="registered"), actor(chat, "bob", role="registered")
        alice.say("/chat bob")
        bob.say("/chat alice")
        alice.say(f"{secret} one")
        assert f"(private) alice: {secret} one" in bob.heard()
        bob.say(f"{secret} two")
        tokens = Bot(chat)
        _open.append(tokens)
        welcome = tokens.hello("mallory", password=SECRET, register=True)
        tokens.socket.close()
        seen: list[str] = []
        for name in ("BOB", "bоb", "b0b", "bob\u200b", "аlice", "Alice"):
            seen += PlainActor(chat).say(name) + PlainActor(chat).say(f"/auth {name} not-the-password")
            seen += PlainActor(chat).say(f"/registration {name} {SECRET}")
        for name, fields in (
            ("mallory", {"token": welcome["token"]}),
            ("mallory", {"password": SECRET}),
            ("guest", {"token": "0" * 32}),
            ("bob", {"token": welcome["token"]}),
            ("alice", {"token": welcome["token"], "password": "not the password"}),
        ):
            for after in (0, 1, 2**53 - 1):
                forged = {"epoch": welcome["epoch"], "after": after, "conversation_after": after}
                mallory = JsonActor(chat)
                mallory.peer.tell("hello", v=1, name=name, conversation="bob", **forged, **fields)
                for line in ("/history 99", f"/search {secret}", "/unread", "/stats", "/audit", "/chat alice"):
                    mallory.say(line)
                for line in ("/history 99", f"/search {secret}", "/stats"):
                    mallory.peer.tell("say", id=900 + after % 7, text=line, conversation="alice")
                mallory.peer.tell("ping")
                mallory.peer.end_input()
                seen.append(mallory.peer.lines.rest().decode())
        admin = actor(chat, "admin")
        for line in ("/history 99", f"/search {secret}", "/audit", "/chat alice", "/history 99", f"/search {secret}"):
            seen += admin.say(line)
        chat.signal(signal.SIGTERM)
        chat.wait()
        seen.append((chat.out.rest() + chat.errors.rest()).decode())
    with Program("filter", "--store", path) as program:
        seen.append(program.out.rest().decode())
    assert [said for said in seen if secret in said.replace(f"nothing found: {secret}", "")] == []


def test_nobody_waits_for_what_somebody_else_searches(with_people: str) -> None:
    with contextlib.closing(sqlite3.connect(with_people, isolation_level=None)) as connection:
        (one,), (other,) = connection.execute("SELECT id FROM accounts WHERE key IN ('alice', 'bob') ORDER BY id")
        connection.execute("INSERT INTO conversations (id, one, other, last) VALUES (1, ?, ?, 60000)", (one, other))
        connection.execute(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 60000)"
            " INSERT INTO private (conversation, seq, time, sender, nth, text) SELECT 1, n, n, ?, n, 'é' FROM numbers",
            (one,),
        )
    with served(with_people, "--search-timeout", str(seconds(PATIENCE))) as chat:
        alice, bob = PlainActor(chat), PlainActor(chat)
        alice.say(f"/auth alice {SECRET}")
        alice.say("/chat bob")
        bob.say(f"/auth bob {SECRET}")
        alice.peer.send("/search à\n")
        for _ in range(5):
            assert bob.say("/unread") == ["no one unread"]
        searching = select.poll()
        searching.register(alice.peer.socket, select.POLLIN)
        assert not searching.poll(0)
        assert alice.heard() == ["nothing found: à"]


# The admin's password.


def test_a_password_for_the_admin_is_made_and_shown_once(tmp_path: Path) -> None:
    path = str(tmp_path / "chat.db")
    with served(path) as chat:
        password = chat.admin_password
        with Nc(chat.port) as admin:
            admin.send(f"/auth admin {password}\n")
            assert "you are authorized successfully!" in admin.lines.until("authorized")[-1]
    with served(path) as chat:
        assert NEW_ADMIN not in chat.said_first
        with Nc(chat.port) as admin:
            admin.send(f"/auth admin {password}\n")
            admin.lines.until("you are authorized successfully!")


def test_the_password_that_is_given_is_the_admins_from_then_on(tmp_path: Path) -> None:
    path = str(tmp_path / "chat.db")
    with served(path, admin="the first password"):
        pass
    file = tmp_path / "password"
    file.write_text("  the second password \n")
    file.chmod(0o600)
    with served(path, "--admin-password-file", str(file)) as chat, Nc(chat.port) as admin:
        admin.send("/auth admin the first password\n/auth admin the second password\n")
        assert [admin.line() for _ in range(3)][1:] == [
            "Server: incorrect password!",
            "Server: you are authorized successfully!",
        ]


@pytest.mark.parametrize(
    ("mode", "content", "said"),
    [
        (0o640, "long enough", "others can read FILE, which has a password in it: write chmod 600 FILE"),
        (0o604, "long enough", "others can read FILE, which has a password in it: write chmod 600 FILE"),
        (0o600, "short", "FILE: the password is too short! It needs 8 to 128 characters."),
        (0o600, "", "FILE: the password is too short! It needs 8 to 128 characters."),
        (None, "", "can't read FILE: no such file or directory"),
    ],
)
def test_a_file_that_is_not_good_for_a_password_is_refused(
    path: str, tmp_path: Path, mode: int | None, content: str, said: str
) -> None:
    file = tmp_path / "password"
    if mode is not None:
        file.write_text(content)
        file.chmod(mode)
    with Program("serve", "--port", "0", "--store", path, "--admin-password-file", str(file)) as program:
        assert program.wait() == 1
        assert program.errors.rest().decode() == f"asyncchat: {said.replace('FILE', str(file))}\n"


@pytest.mark.parametrize("flag", [["--require-account"], ["--admin-password-file", "x"]])
def test_what_needs_a_store_is_refused_without_one(flag: list[str]) -> None:
    with Program("serve", "--port", "0", *flag) as program:
        assert program.wait() == 2
        assert f"{flag[0]} goes with --store only" in program.errors.rest().decode()


# Only registered people, and the clients.


def test_guests_stay_outside_if_they_shall(path: str) -> None:
    with served(path, "--require-account") as chat:
        stranger = PlainActor(chat)
        assert stranger.say("alice")[0].startswith("this chat is for registered people. Write /registration alice")
        assert stranger.say(f"/registration alice {SECRET}") == ["you are registered successfully!"]
        assert a_bot(chat).hello("bob")["code"] == "guest"


def join(chat: ServeProgram, *arguments: str, password: str = SECRET) -> Program:
    environment = {"ASYNCCHAT_PASSWORD": password} if password else {}
    return Program("join", chat.address, "--name", "alice", *arguments, environment=environment)


@pytest.mark.parametrize("arguments", [[], ["--threads"], ["--json"]])
def test_a_client_in_a_pipe_shows_the_password_from_its_environment(known: ServeProgram, arguments: list[str]) -> None:
    carol = plain(known, "carol")
    with join(known, *arguments) as alice:
        alice.write("hello\n")
        alice.end_input()
        assert alice.wait() == 0
    assert carol.heard() == ["alice: hello"]


@pytest.mark.parametrize("arguments", [[], ["--threads"], ["--json"]])
@pytest.mark.parametrize(
    ("password", "said"),
    [
        (
            "",
            "this name is registered. Write /auth alice PASSWORD, or choose another one."
            " If it is yours, set ASYNCCHAT_PASSWORD to its password.",
        ),
        ("not my password", "incorrect password! Set ASYNCCHAT_PASSWORD to the right one."),
    ],
)
def test_a_client_in_a_pipe_says_what_to_do_without_the_password(
    known: ServeProgram, arguments: list[str], password: str, said: str
) -> None:
    with join(known, *arguments, password=password) as alice:
        assert alice.wait() == 1
        assert alice.errors.rest().decode() == f"asyncchat: alice: {said}\n"


@pytest.mark.parametrize("arguments", [[], ["--threads"], ["--json"]])
def test_a_client_in_a_pipe_says_what_to_do_if_nobody_has_registered_the_name(
    known: ServeProgram, arguments: list[str]
) -> None:
    with join(known, "--name", "nobody", *arguments) as nobody:
        assert nobody.wait() == 1
        hint = "It is not registered: join as a guest, without ASYNCCHAT_PASSWORD."
        assert nobody.errors.rest().decode() == f"asyncchat: nobody: incorrect login! {hint}\n"


@pytest.mark.parametrize("arguments", [[], ["--threads"], ["--json"]])
def test_a_client_in_a_pipe_that_is_banned_is_not_told_to_take_another_name(
    known: ServeProgram, arguments: list[str]
) -> None:
    admin = plain(known, "admin")
    admin.say("/ban alice")
    with join(known, *arguments) as alice:
        assert alice.wait() == 1
        assert alice.errors.rest().decode() in ("asyncchat: alice: you are banned!\n", "asyncchat: you are banned!\n")


def test_a_client_that_was_replaced_does_not_fight_for_its_place(known: ServeProgram) -> None:
    with join(known, "--json", "-n") as first:
        first.out.until('"you"')
        with join(known, "--json", "-n") as second:
            second.out.until('"you"')
            assert first.wait() == 1
            assert "you are here on another connection now" in first.errors.rest().decode()


def test_the_server_ends_in_time_though_passwords_wait_to_be_hashed(path: str) -> None:
    with hashing(path, "--drain-timeout", "0.5") as chat:
        peers = [chat.connect() for _ in range(60)]
        for number, peer in enumerate(peers):
            peer.send(f"/registration user{number} {SECRET}\n")
        peers[0].lines.until("successfully")
        chat.signal(signal.SIGTERM)
        assert chat.seconds_to_end(0) < 30
        for peer in peers:
            peer.socket.close()


def test_a_store_of_before_there_were_accounts_loses_nothing(tmp_path: Path) -> None:
    path = str(tmp_path / "chat.db")
    from asyncchat.store.schema import APPLICATION, migrate

    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    migrate(connection, newest=2)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.executemany(
        "INSERT INTO messages VALUES (?, ?, 'bob', ?, NULL, NULL)", [(seq, seq, f"line {seq}") for seq in range(1, 21)]
    )
    (epoch,) = connection.execute("SELECT value FROM facts WHERE name = 'epoch'").fetchone()
    connection.close()
    os.chmod(path, 0o600)
    with served(path) as chat:
        assert plain(chat, "alice").say("/history 20")[0].endswith("bob: line 1")
        alice = JsonActor(chat)
        assert alice.peer.hello("carol", epoch=epoch, after=5)["epoch"] == epoch
        assert plain(chat, "bob", role="registered").say("/search line 7")[0].endswith("bob: line 7")


# Passwords.


def with_accounts(path: str, number: int, **how: int) -> None:
    """Let a store have accounts user0, user1 and so on, whose password is SECRET; `how` it is hashed."""
    hasher = PasswordHasher(**({"parallelism": 1} | how))  # type: ignore[arg-type]
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        password = hasher.hash(SECRET)
        connection.executemany(
            "INSERT INTO accounts (key, name, password, role) VALUES (?, ?, ?, 1)",
            [(f"user{index}", f"user{index}", password) for index in range(number)],
        )


def test_there_are_three_wrong_passwords_a_minute(path: str) -> None:
    with_accounts(path, 2)
    with served(path) as chat:
        actor = PlainActor(chat)
        answers = [actor.say("/auth user0 not the password")[0] for _ in range(5)]
        refused = "too many tries. Wait a minute, then write it again."
        assert answers == ["incorrect password!"] * 3 + [refused] * 2
        assert PlainActor(chat).say(f"/auth user0 {SECRET}") == [refused]
        assert PlainActor(chat).say(f"/auth user1 {SECRET}") == ["you are authorized successfully!"]


def test_a_password_that_was_hashed_with_less_work_is_hashed_anew(path: str) -> None:
    with_accounts(path, 1, time_cost=1, memory_cost=64)

    def kept() -> str:
        with contextlib.closing(sqlite3.connect(path)) as connection:
            (password,) = connection.execute("SELECT password FROM accounts WHERE key = 'user0'").fetchone()
            return str(password)

    before = kept()
    with hashing(path) as chat:
        for _ in range(2):
            assert PlainActor(chat).say(f"/auth user0 {SECRET}") == ["you are authorized successfully!"]
        assert kept() != before
    assert "m=65536,t=3" in kept()


def test_whoever_comes_from_elsewhere_does_not_wait_for_all_who_come_from_one_address(path: str) -> None:
    with_accounts(path, 2 * MOST_FROM_ONE)
    with hashing(path) as chat:
        for number in range(2 * MOST_FROM_ONE):
            crowded = Nc(chat.port, source=f"127.0.0.{2 + number % 2}")
            _open.append(crowded)
            crowded.send(f"/auth user{number} {SECRET}\n")
        first, *others = _open
        assert first.lines.until("successfully")
        victim = PlainActor(chat)
        assert victim.say(f"/auth admin {ADMIN}") == ["you are authorized successfully!"]
        waiting = select.poll()
        for other in others[-10:]:
            other.line()
            waiting.register(other.socket, select.POLLIN)
        assert not waiting.poll(0)


def test_a_password_is_not_changed_again_and_again(known: ServeProgram) -> None:
    alice = plain(known, "carol", role="registered")
    answers = [alice.say(f"/password {SECRET}")[0] for _ in range(4)]
    assert answers == ["your password is changed"] * 3 + ["too many tries. Wait a minute, then write it again."]


def test_whoever_is_kicked_while_registering_gets_no_account(path: str) -> None:
    with_accounts(path, 8)
    with hashing(path) as chat:
        admin, troll = plain(chat, "admin"), plain(chat, "troll")
        for number in range(6):  # so that it takes a while until it is troll's turn
            crowded = Nc(chat.port)
            _open.append(crowded)
            crowded.send(f"/auth user{number} {SECRET}\n")
        troll.peer.send(f"/registration second {SECRET}\n/name second\n")
        assert admin.say("/kick troll") == ["troll was kicked!"]
        assert troll.rest()[1:] == ["you have been kicked out of the server!"]  # it was asked back first
        for number in (6, 7):  # by then it was troll's turn
            assert PlainActor(chat).say(f"/auth user{number} {SECRET}") == ["you are authorized successfully!"]
        assert PlainActor(chat).say(f"/auth second {SECRET}") == ["incorrect login!"]


def test_what_was_seen_is_not_unread_right_after_it(known: ServeProgram) -> None:
    alice, bob = PlainActor(known), PlainActor(known)
    for actor, name, other in ((alice, "alice", "bob"), (bob, "bob", "alice")):
        actor.say(f"/auth {name} {SECRET}")
        actor.say(f"/chat {other}")
    for number in range(50):
        alice.peer.send(f"line {number}\n")
        bob.peer.lines.until(f"line {number}")
        assert bob.say("/unread") == ["no one unread"]


def test_what_was_written_to_a_dead_connection_waits(known: ServeProgram) -> None:
    alice, bob = PlainActor(known), PlainActor(known)
    for actor, name, other in ((alice, "alice", "bob"), (bob, "bob", "alice")):
        actor.say(f"/auth {name} {SECRET}")
        actor.say(f"/chat {other}")
    for number in range(5):
        alice.say(f"line {number}")
    bob.peer.reset()
    again = PlainActor(known)
    again.say(f"/auth bob {SECRET}")
    assert again.say("/unread") == ["unread from: alice(5)"]


def test_more_passwords_than_can_wait_are_told_to_come_again(path: str) -> None:
    with_accounts(path, 70)
    with hashing(path) as chat:
        actors = [PlainActor(chat) for _ in range(70)]
        for index, actor in enumerate(actors):
            actor.peer.send(f"/auth user{index} {SECRET}\n")
        waiting = select.poll()
        for actor in actors:
            waiting.register(actor.peer.socket, select.POLLIN)
        answers: list[str] = []
        while not any("too many are waiting already. Write it again in a minute." in answer for answer in answers):
            ready = [actor for actor in actors if actor.peer.socket.fileno() in dict(waiting.poll())]
            answers += [actor.peer.line() for actor in ready]


def test_fifty_who_log_in_at_once_do_not_slow_the_room(path: str) -> None:
    with_accounts(path, 50)
    with hashing(path, "--quiet") as chat, chat.join("alice") as alice, chat.join("bob") as bob:

        def delay(more: Callable[[int], bool]) -> float:
            """Return how long most messages take from one to the other, nine of ten, sent as long as there are more."""
            took: list[float] = []
            while more(len(took)):
                begun = time.perf_counter()
                alice.send(f"{len(took)}\n")
                bob.lines.until(f": {len(took)}")
                took.append(time.perf_counter() - begun)
                time.sleep(PACE)
            return sorted(took)[len(took) * 9 // 10]

        def busy() -> float:
            with contextlib.ExitStack() as leaving:
                peers = [leaving.enter_context(chat.connect()) for _ in range(50)]
                for index, peer in enumerate(peers):
                    peer.line()
                    peer.send(f"/auth user{index} {SECRET}\n")
                served = select.poll()
                served.register(peers[20].socket, select.POLLIN)
                took = delay(lambda sent: not (sent and served.poll(0)))
                assert [peer.line() for peer in peers[:21]] == ["Server: you are authorized successfully!"] * 21
                return took

        limit = max(2 * delay(lambda sent: sent < 100), seconds(UNNOTICED))
        assert in_rounds(busy, lambda took: took <= limit) <= limit
