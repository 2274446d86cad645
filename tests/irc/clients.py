"""The IRC clients that people use, as they come from Debian: WeeChat without its screen, and irssi in tmux."""

import contextlib
import shutil
import subprocess
import time
from pathlib import Path
from typing import Self

from tests.programs import PATIENCE, seconds, until


class _Client:
    """A client whose windows are read from the logs that it writes itself."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[str, int] = {}

    def path(self, window: str) -> Path:
        raise NotImplementedError

    def log(self, window: str) -> str:
        """Return what a window has shown."""
        path = self.path(window)
        return path.read_text() if path.exists() else ""

    def until(self, window: str, wanted: str) -> str:
        """Wait until a window has shown something after what was waited for before, and return that line."""
        deadline = time.monotonic() + seconds(PATIENCE)
        while (at := self.log(window).find(wanted, self._read.get(window, 0))) < 0:
            assert time.monotonic() < deadline, f"{wanted!r} is not in {window}: {self.log(window)}{self.trouble()}"
            time.sleep(0.01)
        log = self.log(window)
        self._read[window] = at + len(wanted)
        return log[log.rfind("\n", 0, at) + 1 :].partition("\n")[0]

    def trouble(self) -> str:
        return ""


class WeeChat(_Client):
    """WeeChat, which takes commands from a pipe."""

    def __init__(self, folder: Path, port: int, nick: str, password: str = "", rooms: str = "#lobby") -> None:
        super().__init__(folder)
        self.folder.mkdir()
        commands = [
            f"/set fifo.file.path {folder}/fifo",
            "/fifo disable",
            "/fifo enable",
            "/set logger.file.flush_delay 0",
            "/set irc.server_default.autoreconnect_delay 1",
            "/set irc.server_default.autoreconnect_max_delay 1",
            "/set irc.server_default.anti_flood_prio_high 0",
            "/set irc.server_default.anti_flood_prio_low 0",
            f"/server add here 127.0.0.1/{port} -notls -autojoin={rooms}",
            f"/set irc.server.here.nicks {nick}",
            *([f"/set irc.server.here.sasl_username {nick}"] if password else []),
            *([f"/set irc.server.here.sasl_password {password}"] if password else []),
            "/connect here",
        ]
        self._process = subprocess.Popen(
            ["weechat-headless", "-d", str(folder), *[word for command in commands for word in ("-r", command)]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def path(self, window: str) -> Path:
        name = f"server.{window}" if window == "here" else f"here.{window}"
        return self.folder / "logs" / f"irc.{name}.weechatlog"

    def type(self, text: str, window: str = "#lobby") -> None:
        """Type a line in a window."""
        name = "server.here" if window == "here" else f"here.{window}"
        with (self.folder / "fifo").open("w") as pipe:
            pipe.write(f"irc.{name} *{text}\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()


_IRSSI = """
servers = ({{ address = "127.0.0.1"; chatnet = "here"; port = "{port}"; autoconnect = "yes"; }});
chatnets = {{ here = {{ type = "IRC"; nick = "{nick}"; {sasl} }}; }};
channels = ({{ name = "#lobby"; chatnet = "here"; autojoin = "yes"; }});
settings = {{
  core = {{ real_name = "{nick}"; user_name = "{nick}"; nick = "{nick}"; }};
  "irc/core" = {{ cmd_queue_speed = "{pace}"; }};
  "server-reconnect" = {{ server_reconnect_time = "2sec"; }};
  "core" = {{ nick = "{nick}"; user_name = "{nick}"; real_name = "{nick}"; server_reconnect_time = "2sec"; }};
  "fe-common/core" = {{ autolog = "yes"; autolog_level = "ALL"; autolog_path = "{folder}/logs/$0.log"; }};
}};
"""


class Irssi(_Client):
    """Irssi on a screen of tmux."""

    def __init__(self, folder: Path, port: int, nick: str, password: str = "", pace: str = "100msec") -> None:
        super().__init__(folder)
        (folder / "logs").mkdir(parents=True)
        sasl = f'sasl_mechanism = "PLAIN"; sasl_username = "{nick}"; sasl_password = "{password}";' if password else ""
        config = _IRSSI.format(port=port, nick=nick, sasl=sasl, pace=pace, folder=folder)
        (folder / "config").write_text(config)
        irssi = shutil.which("irssi")
        self._tmux(
            "-f", "/dev/null", "new-session", "-d", "-s", "irssi", "-x", "120", "-y", "40", f"{irssi} --home={folder}"
        )

    def _tmux(self, *arguments: str) -> str:
        return subprocess.run(
            ["tmux", "-S", str(self.folder / "tmux"), *arguments], check=True, capture_output=True, text=True
        ).stdout

    def path(self, window: str) -> Path:
        return self.folder / "logs" / f"{window}.log"

    def type(self, text: str) -> None:
        """Type a line in the window that is shown."""
        self._tmux("send-keys", "-t", "irssi", "-l", text)
        self._tmux("send-keys", "-t", "irssi", "Enter")

    def trouble(self) -> str:
        return self._tmux("capture-pane", "-t", "irssi", "-p", "-J")

    def until_seen(self, wanted: str) -> None:
        """Wait until the screen shows something."""
        until(lambda: wanted in self.trouble())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self._tmux("kill-server")
