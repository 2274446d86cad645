"""IRC clients, as they are in Debian, and sockets that speak as they do."""

import base64
import contextlib
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import pytest

from tests.programs import PATIENCE, SECRET, Nc, ServeProgram, seconds

_T = TypeVar("_T")


class IrcProgram(ServeProgram):
    """A running `asyncchat serve --irc`, on ports that the system chose."""

    def __init__(self, *arguments: str, **how: object) -> None:
        super().__init__("--irc", "0", "--rate", "0", *arguments, **how)

    @cached_property
    def irc_port(self) -> int:
        assert self.port
        found = re.search(r"IRC is at ircs?://127\.0\.0\.1:(\d+)", self.errors.line())
        assert found
        return int(found[1])

    def __enter__(self) -> Self:
        super().__enter__()
        assert self.irc_port
        return self


class Irc(Nc):
    """A scripted client that is in, and in the default room."""

    def __init__(self, server: IrcProgram, nick: str, password: str = "", *capabilities: str) -> None:
        super().__init__(server.irc_port)
        self.tell("CAP LS 302", f"NICK {nick}", "USER u 0 * :real")
        if capabilities or password:
            self.tell(f"CAP REQ :{' '.join([*capabilities, *(['sasl'] if password else [])])}")
        if password:
            said = base64.b64encode(f"\0{nick}\0{password}".encode()).decode()
            self.tell("AUTHENTICATE PLAIN", f"AUTHENTICATE {said}")
            self.until(" 903 ")
        self.tell("CAP END", "JOIN #lobby")
        self.until(" 366 ")

    def tell(self, *lines: str) -> None:
        self.send("".join(f"{line}\r\n" for line in lines))

    def until(self, wanted: str) -> list[str]:
        """Return the lines up to the one that has `wanted` in it."""
        return [line.removesuffix("\r") for line in self.lines.until(wanted)]


class WeeChat:
    """WeeChat without a screen: it is told what to do by its FIFO, and what it shows is in its log."""

    def __init__(self, port: int, nick: str, password: str = "", *, commands: tuple[str, ...] = ()) -> None:
        if not (program := shutil.which("weechat-headless")):
            pytest.skip("needs the Debian package weechat-headless")
        self._folder = tempfile.TemporaryDirectory(prefix="weechat-")
        options = ["-autojoin=#lobby", f"-nicks={nick}", f"-username={nick}"]
        if password:
            options += ["-sasl_mechanism=plain", f"-sasl_username={nick}", f"-sasl_password={password}"]
        run = [
            "/set logger.file.auto_log on",
            "/set logger.file.flush_delay 0",
            "/set fifo.file.enabled on",
            "/set irc.server_default.autoreconnect_delay 1",
            "/set irc.server_default.anti_flood_prio_high 0",
            "/set irc.server_default.anti_flood_prio_low 0",
            f"/server add chat 127.0.0.1/{port} -notls {' '.join(options)}",
            *commands,
            "/connect chat",
        ]
        self.process = subprocess.Popen(
            [program, "--dir", self._folder.name, "--run-command", ";".join(run)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def write(self, line: str, where: str = "irc.chat.#lobby") -> None:
        """Type a line in a window."""
        fifo = self._wait_for(lambda: next(iter(Path(self._folder.name).rglob("weechat_fifo_*")), None))
        fifo.write_text(f"{where} *{line}\n")

    def shows(self, text: str, window: str = "#lobby") -> str:
        """Wait until a window shows a text, and return all that it shows."""

        def found() -> str | None:
            for path in Path(self._folder.name).rglob("*.weechatlog"):
                if window in path.name and text in (shown := path.read_text()):
                    return shown
            return None

        try:
            return self._wait_for(found)
        except TimeoutError:
            logs = {path.name: path.read_text()[-800:] for path in Path(self._folder.name).rglob("*.weechatlog")}
            raise AssertionError(f"it does not show {text!r}: {logs}") from None

    @staticmethod
    def _wait_for(find: Callable[[], _T | None]) -> _T:
        deadline = time.monotonic() + seconds(PATIENCE)
        while time.monotonic() < deadline:
            if found := find():
                return found
            time.sleep(0.02)
        raise TimeoutError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
        self._folder.cleanup()


class Irssi:
    """irssi in a window of tmux."""

    def __init__(self, port: int, nick: str, password: str = "") -> None:
        if not (shutil.which("irssi") and shutil.which("tmux")):
            pytest.skip("needs the Debian packages irssi and tmux")
        self._folder = tempfile.TemporaryDirectory(prefix="irssi-")
        home = Path(self._folder.name)
        self._socket = str(home / "tmux")
        sasl = f'sasl_mechanism = "plain"; sasl_username = "{nick}"; sasl_password = "{password}";' if password else ""
        (home / "config").write_text(
            f"""
servers = ( {{ address = "127.0.0.1"; port = "{port}"; chatnet = "chat"; autoconnect = "yes"; }} );
chatnets = {{ chat = {{ type = "IRC"; {sasl} }}; }};
channels = ( {{ name = "#lobby"; chatnet = "chat"; autojoin = "yes"; }} );
settings = {{ core = {{ nick = "{nick}"; user_name = "u"; real_name = "r"; }};
  "irc/core" = {{ cmd_queue_speed = "10msec"; }}; server = {{ server_reconnect_time = "10sec"; }}; }};
"""
        )
        self._tmux("new-session", "-d", "-x", "150", "-y", "50", f"irssi --home={home}")

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", self._socket, *arguments], check=True, capture_output=True, text=True, timeout=30
        )
        return done.stdout

    def write(self, line: str) -> None:
        """Type a line."""
        self._tmux("send-keys", "-l", line)
        self._tmux("send-keys", "Enter")

    def enter_room(self) -> None:
        """Go to the window of the first room, as soon as it is there."""
        self.shows("[Act: 2]")
        self.write("/window 2")
        self.shows("[2:chat/#lobby(")

    def shows(self, text: str) -> str:
        """Wait until the screen shows a text, and return the screen."""
        deadline = time.monotonic() + seconds(PATIENCE)
        while text not in (screen := self._tmux("capture-pane", "-p")):
            assert time.monotonic() < deadline, screen
            time.sleep(0.05)
        return screen

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self._tmux("kill-server")
        self._folder.cleanup()


__all__ = ["SECRET", "Irc", "IrcProgram", "Irssi", "WeeChat"]
