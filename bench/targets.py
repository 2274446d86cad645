"""The servers that are measured, and how each is started: on loopback, pinned, with its limits out of the way."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import trustme

from bench.machine import Failed, for_child
from bench.wires import CHAT, IRC, JSON, NCAT, WEBSOCKET, Wire

_LISTENING = "listening on 127.0.0.1:"
_START = 30.0
_STOP = 5.0


class Target(NamedTuple):
    """A server that can be started.

    command: what starts it, from the directory for its files and a free port
    announces: what it says before the port at which it listens; if nothing, it listens at the one it was given
    program: what must be installed for it
    version: what shows its version
    window: how many peers may be on their way in at once
    most: how many peers it can hold
    tls: whether peers speak TLS to it
    """

    name: str
    wire: Wire
    command: Callable[[Path, int], list[str]]
    announces: str
    program: str
    version: list[str]
    window: int = 256
    most: int = 1 << 30
    tls: bool = False

    @property
    def installed(self) -> bool:
        """Whether it can be measured here."""
        return self.found is not None

    @property
    def found(self) -> str | None:
        """Where its program is."""
        return shutil.which(self.program, path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"]))


class Server(NamedTuple):
    """A server that runs."""

    name: str
    wire: Wire
    pid: int
    port: int
    window: int
    tls: bool


def _asyncchat(_directory: Path, _port: int) -> list[str]:
    command = [sys.executable, "-m", "asyncchat", "serve", "--port", "0", "--quiet"]
    for flag in ("--rate", "--max-per-address"):
        if flag in serve_help():
            command += [flag, "0"]
    return command


@cache
def serve_help() -> str:
    """Return what asyncchat says about its own flags."""
    command = [sys.executable, "-m", "asyncchat", "serve", "--help"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _stored(durability: str) -> Callable[[Path, int], list[str]]:
    def command(directory: Path, port: int) -> list[str]:
        return [*_asyncchat(directory, port), "--store", str(directory / "chat.db"), "--durability", durability]

    return command


def _with_page(directory: Path, port: int) -> list[str]:
    return [*_asyncchat(directory, port), "--web", "0"]


def _with_tls(directory: Path, port: int) -> list[str]:
    made = trustme.CA().issue_cert("localhost")
    pair = directory / "pair.pem"
    made.private_key_and_cert_chain_pem.write_to_path(str(pair))
    return [*_asyncchat(directory, port), "--tls-cert", str(pair), "--tls-key", str(pair)]


def _beside_this(name: str) -> Callable[[Path, int], list[str]]:
    return lambda _directory, _port: [sys.executable, str(Path(__file__).with_name(name))]


def _inspircd(directory: Path, port: int) -> list[str]:
    config = directory / "inspircd.conf"
    config.write_text(f"""
<server name="bench.local" description="bench" network="bench">
<admin name="bench" nick="bench" email="bench@localhost">
<bind address="127.0.0.1" port="{port}" type="clients">
<connect name="main" allow="*" timeout="60" pingfreq="1h" hardsendq="64M" softsendq="32M" recvq="1M"
 threshold="1000000" commandrate="1000000000" fakelag="no" localmax="20000" globalmax="20000" limit="20000"
 maxconnwarn="no" resolvehostnames="no" useident="no">
<performance softlimit="20000" somaxconn="4096" quietbursts="yes">
<path configdir="{directory}" datadir="{directory}" logdir="{directory}" runtimedir="{directory}">
<pid file="{directory}/inspircd.pid">
""")
    return ["inspircd", *["--runasroot"] * (os.geteuid() == 0), "--nofork", "--nopid", f"--config={config}"]


def _ngircd(directory: Path, port: int) -> list[str]:
    config = directory / "ngircd.conf"
    config.write_text(f"""
[Global]
Name = bench.local
Info = bench
AdminEMail = bench@localhost
Listen = 127.0.0.1
Ports = {port}
MotdPhrase = bench
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxPenaltyTime = 0
PingTimeout = 3600
PongTimeout = 3600
[Options]
DNS = no
Ident = no
PAM = no
""")
    return ["ngircd", "--nodaemon", "--config", str(config)]


def _ncat(_directory: Path, port: int) -> list[str]:
    return ["ncat", "--listen", "127.0.0.1", str(port), "--chat", "--max-conns", "2000"]


ASYNCCHAT = Target(
    "asyncchat", CHAT, _asyncchat, _LISTENING, sys.executable, ["python", "-m", "asyncchat", "--version"]
)
STORES = tuple(
    ASYNCCHAT._replace(name=f"asyncchat --store, {durability}", command=_stored(durability))
    for durability in ("normal", "full")
)
ASYNCCHAT_TLS = ASYNCCHAT._replace(name="asyncchat --tls", command=_with_tls, tls=True)
# The same events in lines and in WebSocket frames.
LINES = ASYNCCHAT._replace(name="asyncchat, JSON lines", wire=JSON, command=_with_page)
WEBSOCKETS = LINES._replace(name="asyncchat, WebSocket", wire=WEBSOCKET, announces="the page is at http://127.0.0.1:")
TEXTBOOK = Target("textbook", CHAT, _beside_this("textbook.py"), _LISTENING, sys.executable, [])
# The control of the part "stalled"; it is no chat server, so it is not measured elsewhere.
COPIER = Target("copier", CHAT, _beside_this("copier.py"), _LISTENING, sys.executable, [])
INSPIRCD = Target("InspIRCd", IRC, _inspircd, "", "inspircd", ["inspircd", "--version"])
# Both have room for ten in their queues of connections; ncat watches its peers with select(2).
NGIRCD = Target("ngIRCd", IRC, _ngircd, "", "ngircd", ["ngircd", "--version"], window=8)
NCAT_CHAT = Target("ncat --chat", NCAT, _ncat, "", "ncat", ["ncat", "--version"], window=8, most=1000)
TARGETS = (ASYNCCHAT, INSPIRCD, NGIRCD, NCAT_CHAT, TEXTBOOK)


def version(target: Target) -> str:
    """Return what an installed target says its version is."""
    if not target.version:
        return "asyncio streams"
    command = [target.found or target.program, *target.version[1:]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = (done.stdout or done.stderr).splitlines()
    return lines[0] if lines else "unknown"


@contextlib.contextmanager
def running(target: Target, more: Sequence[str] = ()) -> Iterator[Server]:
    """Run a target, with `more` arguments, as long as the `with` lasts. Raises Failed."""
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        directory = Path(place)
        port = _free_port()
        command = target.command(directory, port)
        log = directory / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [target.found or command[0], *command[1:], *more],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=directory,
                env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
                preexec_fn=for_child(),
            )
        try:
            port = _wait(process, log, target.announces, port)
            yield Server(target.name, target.wire, process.pid, port, target.window, target.tls)
            _check_alive(process)
        except Failed as failed:
            raise Failed(f"{failed}; its log ends with {log.read_text(errors='replace')[-300:]!r}") from None
        finally:
            process.terminate()
            try:
                process.wait(_STOP)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: "subprocess.Popen[bytes]", log: Path, announces: str, port: int) -> int:
    deadline = time.monotonic() + _START
    while time.monotonic() < deadline and process.poll() is None:
        if announces:
            if found := re.search(rf"{re.escape(announces)}(\d+)", log.read_text(errors="replace")):
                return int(found[1])
        elif f" 0100007F:{port:04X} 00000000:0000 0A " in Path("/proc/net/tcp").read_text(encoding="ascii"):
            return port  # not tried out: ncat ends when a peer comes and goes at once
        time.sleep(0.02)
    raise Failed("it does not start")


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _check_alive(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is not None:
        raise Failed(f"the server has ended with {process.returncode}")
