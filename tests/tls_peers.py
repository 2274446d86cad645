"""Certificates, servers with TLS, and peers that speak it."""

import contextlib
import ssl
from pathlib import Path

import trustme

from tests.programs import Lines, Nc, ServeProgram

AUTHORITY = trustme.CA()


def write_pair(folder: Path, authority: trustme.CA = AUTHORITY) -> tuple[str, str]:
    """Write a new certificate for this machine, and its key; return their paths."""
    made = authority.issue_cert("127.0.0.1", "localhost")
    certificate, key = folder / "cert.pem", folder / "key.pem"
    made.cert_chain_pems[0].write_to_path(str(certificate))
    made.private_key_pem.write_to_path(str(key))
    return str(certificate), str(key)


class TlsProgram(ServeProgram):
    """A running server with TLS, whose certificate is in `folder`; peers connect with TLS."""

    def __init__(self, folder: Path, *arguments: str, **how: object) -> None:
        certificate, key = write_pair(folder)
        super().__init__("--tls-cert", certificate, "--tls-key", key, *arguments, **how)

    def connect(self, receive_buffer: int = 0) -> "TlsNc":
        return TlsNc(self.port, receive_buffer)


class TlsNc(Nc):
    """A plain peer behind TLS, like `openssl s_client`; it trusts each server."""

    def __init__(self, port: int, receive_buffer: int = 0) -> None:
        super().__init__(port, receive_buffer=receive_buffer)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.tls = context.wrap_socket(self.socket, suppress_ragged_eofs=True)
        self.lines = _TlsLines(self.tls)

    @property
    def certificate(self) -> bytes | None:
        """The certificate that the server has shown."""
        return self.tls.getpeercert(binary_form=True)

    def send(self, text: str | bytes) -> None:
        self.tls.sendall(text.encode() if isinstance(text, str) else text)

    def end_input(self) -> None:
        """End the TLS connection, as programs do that know no other way to say that nothing more comes."""
        with contextlib.suppress(OSError):
            self.tls.unwrap()

    def __exit__(self, *_: object) -> None:
        self.tls.close()


class _TlsLines(Lines):
    def __init__(self, tls: ssl.SSLSocket) -> None:
        super().__init__(tls.fileno())
        self._tls = tls

    def _more(self, limit: float) -> None:
        self._tls.settimeout(limit)
        try:
            data = self._tls.recv(1 << 16)
        except ConnectionResetError:
            data = b""
        self.ended = not data
        self._buffer += data
