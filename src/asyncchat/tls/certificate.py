"""The server's certificate and key: they are checked, and can be replaced while connections use the old ones."""

import hashlib
import os
import re
import ssl
from datetime import datetime
from typing import Any

from asyncchat.errors import ChatError

_VALIDITY = re.compile(
    rb"\x30.(?:\x17\x0d[0-9]{12}|\x18\x0f[0-9]{14})Z(?:\x17\x0d([0-9]{12})|\x18\x0f([0-9]{14}))Z", re.DOTALL
)
"""The two times of a certificate, as DER has them."""

_LARGEST = 1 << 20
"""Bytes of a file with certificates, at most."""


class Certificate:
    """A certificate and its key, as PEM files. Raises ChatError if they can't be used.

    context: for all servers that use this certificate; it stays the same after `reload`
    fingerprint: the SHA-256 of the certificate, in hexadecimal digits
    ends: until when it is valid, in seconds since 1970
    """

    def __init__(self, certificate: str, key: str) -> None:
        self._files = certificate, key
        self.context = self._load()
        self._current = self.context
        # Loading another pair into a context that is in use would break each handshake if the pair does not fit: so
        # each handshake is told the context of its own.
        self.context.sni_callback = self._choose

    def reload(self) -> None:
        """Use what the files contain now for new connections. Raises ChatError, and then nothing changes."""
        self._current = self._load()

    def _choose(self, connection: Any, _name: str | None, _context: ssl.SSLContext) -> None:
        connection.context = self._current

    def _load(self) -> ssl.SSLContext:
        certificate, key = self._files
        der = _first(certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.options |= ssl.OP_NO_RENEGOTIATION
        context.num_tickets = 0  # a session that is resumed would save little, and each ticket costs memory
        try:
            context.load_cert_chain(certificate, key, password=lambda: "")  # without it, OpenSSL asks at the terminal
        except ssl.SSLError as error:
            raise ChatError(f"{certificate} and {key} are no certificate with its key: {_reason(error)}") from None
        except OSError as error:
            raise ChatError(f"can't read {key}: {os.strerror(error.errno or 0).lower()}") from None
        self.fingerprint = fingerprint_of(der)
        self.ends = end_of(der)
        return context


def fingerprint_in(path: str) -> str:
    """Return the fingerprint of the first certificate in a file. Raises ChatError."""
    return fingerprint_of(_first(path))


def fingerprint_of(der: bytes) -> str:
    """Return the SHA-256 of a certificate, in hexadecimal digits."""
    return hashlib.sha256(der).hexdigest()


def end_of(der: bytes) -> float | None:
    """Return until when a certificate is valid, in seconds since 1970; None if it does not say (RFC 5280, 4.1.2.5)."""
    if not (found := _VALIDITY.search(der)):
        return None
    digits = found[1] or found[2]
    century = "" if len(digits) > 12 else "19" if digits >= b"50" else "20"
    try:
        return datetime.strptime(f"{century}{digits.decode()}+0000", "%Y%m%d%H%M%S%z").timestamp()
    except ValueError:
        return None


def _first(path: str) -> bytes:
    """Return the first certificate in a file. Raises ChatError."""
    end = "-----END CERTIFICATE-----"
    try:
        with open(path, "rb") as file:
            text = file.read(_LARGEST).decode("ascii", "replace")
        before, found, _ = text.partition(end)
        if found:
            return ssl.PEM_cert_to_DER_cert(f"{before[before.index('-----BEGIN CERTIFICATE') :]}{end}")
    except OSError as error:
        raise ChatError(f"can't read {path}: {os.strerror(error.errno or 0).lower()}") from None
    except ValueError:
        pass
    raise ChatError(f"{path} has no certificate in it: it must be a PEM file")


def _reason(error: ssl.SSLError) -> str:
    code = error.reason or "it can't be read; a key must have no password"
    known = {"KEY_VALUES_MISMATCH": "the key belongs to another certificate", "NO_START_LINE": "one of them is missing"}
    return known.get(code, code.lower().replace("_", " "))
