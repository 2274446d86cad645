"""A peer's connection by TLS, for a load generator that waits with epoll."""

import ssl

_CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
_CONTEXT.check_hostname = False
_CONTEXT.verify_mode = ssl.CERT_NONE


class TlsSocket(ssl.SSLSocket):
    """Takes all that has arrived at once: epoll does not know what OpenSSL has taken from the kernel already."""

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        """Return what has arrived; at least something."""
        buffer = bytearray(buflen)
        return bytes(buffer[: self.recv_into(buffer)])

    def recv_into(self, buffer: "bytearray | memoryview", nbytes: int | None = None, flags: int = 0) -> int:  # type: ignore[override]
        """Fill `buffer` with what has arrived; return how many bytes that is."""
        view, count = memoryview(buffer), 0
        try:
            while count < len(view) and (more := super().recv_into(view[count:])):
                count += more
        except ssl.SSLWantReadError:
            if not count:
                raise
        return count


_CONTEXT.sslsocket_class = TlsSocket
wrap = _CONTEXT.wrap_socket
