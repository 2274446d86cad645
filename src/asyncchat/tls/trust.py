"""How a client knows that a certificate is the server's: by authorities, or by its fingerprint."""

import re
import ssl
from collections.abc import Callable
from typing import Any

from asyncchat.errors import ConnectError
from asyncchat.system.addresses import Address
from asyncchat.system.state_folder import state_folder
from asyncchat.tls.certificate import fingerprint_of
from asyncchat.tls.known_hosts import AUTHORITIES, KnownHosts

_FINGERPRINT = re.compile("[0-9a-f]{64}")


class Untrusted(ConnectError):
    """This certificate is not the server's, as far as is known: nothing was sent to it."""

    def __init__(self, text: str) -> None:
        super().__init__(text, "untrusted")


class Trust:
    """Checks the certificates of one server, over one connection after the other.

    `context`: it decides alone. `fingerprint`: only the certificate with this one is right, and with `notice` it is
    remembered for a server that is not known. Without either, the file
    `known` decides, and for a server that is not in it the authorities that the system trusts do; if they don't know
    the certificate, `notice` is told that it is remembered from now on; without `notice` it is refused.

    Call `accept` after each handshake with `context`, and `failed` if it has failed.
    """

    def __init__(
        self,
        address: Address,
        *,
        context: ssl.SSLContext | None = None,
        fingerprint: str = "",
        known: KnownHosts | None = None,
        notice: Callable[[str], object] | None = None,
    ) -> None:
        self._address = address
        self._known = known or KnownHosts(state_folder() / "known_hosts")
        self._notice = notice
        self._given = context
        self._pin = fingerprint
        self._may_pin = self._is_new = False
        self._found = ""
        if fingerprint and notice:
            self._is_new = not self._known.find(address)
        elif not (context or fingerprint):
            self._found = self._known.find(address)
            self._pin = "" if self._found == AUTHORITIES else self._found
            self._may_pin = self._is_new = not self._found
        self.context = context or (_unverified() if self._pin else ssl.create_default_context())

    def failed(self, error: ssl.SSLError) -> None:
        """Try again without the authorities, if that may be. Raises ConnectError."""
        if not isinstance(error, ssl.SSLCertVerificationError):
            raise ConnectError(
                f"can't reach {self._address} with TLS: {_reason(error)}. Does the server use TLS? "
                "If not, connect without --tls."
            ) from None
        why = error.verify_message.rstrip(".") or "it is not trusted"
        if self._found == AUTHORITIES:
            raise Untrusted(
                f"the certificate of {self._address} is not trusted: {why}. Authorities knew the one before: this may "
                f"be another server. If it is the right one, delete its line from {self._known.path}"
            ) from None
        if self._given or not self._may_pin or not self._notice:
            hint = "" if self._given else " Pass the certificate's fingerprint, or run `asyncchat join --tls` once."
            raise Untrusted(f"the certificate of {self._address} is not trusted: {why}.{hint}") from None
        self.context = _unverified()

    def accept(self, connection: Any) -> None:
        """Check the certificate of an open connection (an SSLObject). Raises Untrusted."""
        if self._given:
            return
        found = fingerprint_of(connection.getpeercert(binary_form=True) or b"")
        if self._pin and found != self._pin:
            raise Untrusted(self._changed(found))
        if not self._is_new:
            return
        self._is_new = self._may_pin = False
        if self.context.verify_mode == ssl.CERT_NONE:
            self._pin = self._found = found
            if self._notice:
                self._notice(f"{self._address} is new: its certificate, {found} (SHA-256), is remembered")
        else:
            self._found = AUTHORITIES
        if self._notice:
            self._known.add(self._address, self._found)

    def _changed(self, found: str) -> str:
        what = f"the certificate of {self._address} is another one: it was {self._pin}, and is {found} (SHA-256)."
        if not self._found:
            return f"{what} Ask the operator which one is right"
        return (
            f"{what} This may be another server. Ask the operator; if the new one is right, delete the line of "
            f"{self._address} from {self._known.path}"
        )


def parse_fingerprint(text: str) -> str:
    """Return a SHA-256 fingerprint, written with or without colons. Raises ValueError."""
    digits = text.replace(":", "").lower()
    if not _FINGERPRINT.fullmatch(digits):
        raise ValueError(f"{text!r} is not a fingerprint; write the 64 hexadecimal digits of the SHA-256")
    return digits


def _unverified() -> ssl.SSLContext:
    """Return a context that accepts each certificate: its fingerprint is compared before anything is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _reason(error: ssl.SSLError) -> str:
    return (error.reason or "the handshake failed").lower().replace("_", " ")
