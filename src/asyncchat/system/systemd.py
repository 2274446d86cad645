"""What systemd and a service tell each other: sd_notify(3), sd_watchdog_enabled(3) and sd_listen_fds(3)."""

import contextlib
import os
import socket

from asyncchat.errors import ChatError
from asyncchat.system.addresses import set_options

_FIRST = 3
"""The first inherited file descriptor."""


def notify(state: str) -> None:
    """Tell the service manager the state, such as READY=1, if there is one."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path.startswith(("/", "@")):
        return
    address = f"\0{path[1:]}" if path.startswith("@") else path
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        sender.setblocking(False)
        sender.sendto(state.encode(), address)


def watchdog_interval() -> float | None:
    """Return after how many seconds at most the service manager must be told WATCHDOG=1; None if never."""
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    microseconds = os.environ.get("WATCHDOG_USEC", "")
    return int(microseconds) / 1e6 if microseconds.isdecimal() and int(microseconds) else None


def listeners() -> dict[str, list[socket.socket]]:
    """Return the listening sockets that were inherited, by their names (FileDescriptorName=); they are taken once.

    Raises ChatError if one of them does not listen for TCP connections.
    """
    count, owner = os.environ.pop("LISTEN_FDS", ""), os.environ.pop("LISTEN_PID", "")
    names = os.environ.pop("LISTEN_FDNAMES", "").split(":")
    if owner != str(os.getpid()) or not count.isdecimal():
        return {}
    found: dict[str, list[socket.socket]] = {}
    for index in range(int(count)):
        name = names[index] if index < len(names) else ""
        inherited = _adopt(_FIRST + index)
        found.setdefault(name, []).append(inherited)
    return found


def _adopt(descriptor: int) -> socket.socket:
    try:
        inherited = socket.socket(fileno=descriptor)
        is_stream = inherited.family in {socket.AF_INET, socket.AF_INET6} and inherited.type == socket.SOCK_STREAM
        is_listening = is_stream and inherited.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError:
        is_listening = False
    if not is_listening:
        raise ChatError(
            f"the inherited file descriptor {descriptor} is no socket that listens for TCP connections: "
            "use ListenStream=PORT in the socket unit, and Accept=no"
        )
    inherited.set_inheritable(False)
    set_options(inherited)
    return inherited
