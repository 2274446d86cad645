"""The servers whose certificates are remembered: a file with one line for each, only for oneself to read."""

import os
from pathlib import Path

from asyncchat.errors import ChatError
from asyncchat.system.addresses import Address

AUTHORITIES = "authorities"
"""Stands in place of a fingerprint: the authorities that the system trusts have vouched for the certificate."""

_LARGEST = 1 << 20
"""Bytes of the file that are read."""


class KnownHosts:
    """The file at `path`; each line has HOST:PORT, and a fingerprint or AUTHORITIES."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def find(self, address: Address) -> str:
        """Return what is remembered of a server; empty if nothing is. Raises ChatError."""
        try:
            with self.path.open("rb") as file:
                lines = file.read(_LARGEST).decode(errors="replace").splitlines()
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise ChatError(f"can't read {self.path}: {os.strerror(error.errno or 0).lower()}") from None
        known = [line.split() for line in lines]
        return next((parts[1] for parts in reversed(known) if len(parts) == 2 and parts[0] == _key(address)), "")

    def add(self, address: Address, known: str) -> None:
        """Remember a server. Raises ChatError."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.fchmod(descriptor, 0o600)  # it may have been copied here
                os.write(descriptor, f"{_key(address)} {known}\n".encode())  # one write: lines don't mix
            finally:
                os.close(descriptor)
        except OSError as error:
            raise ChatError(f"can't write {self.path}: {os.strerror(error.errno or 0).lower()}") from None


def _key(address: Address) -> str:
    return str(address).lower()
