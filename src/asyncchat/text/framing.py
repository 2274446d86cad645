"""Bytes to lines with a limit."""

BYTE_ORDER_MARK = "\ufeff".encode()

_HTTP = b"GET ", b"HEAD ", b"POST ", b"PUT ", b"DELETE ", b"CONNECT ", b"OPTIONS ", b"TRACE ", b"PATCH "


def is_http(begin: bytes) -> bool:
    """Tell whether a stream that begins in this way is a request of HTTP (RFC 9110, 9.3), and not for a chat.

    A web page can make a browser send one to any port, with lines in it that the page has chosen.
    """
    return begin.startswith(_HTTP)


class MarkDropper:
    """Drops one byte order mark at the start of a stream, in whatever pieces it arrives (RFC 3629, 6).

    held: what may be the beginning of one
    """

    __slots__ = ("_is_past_start", "held")

    def __init__(self) -> None:
        self.held = b""
        self._is_past_start = False

    def drop(self, data: bytes) -> bytes:
        """Return `data` without the mark."""
        if self._is_past_start:
            return data
        data = self.held + data
        if len(data) < len(BYTE_ORDER_MARK) and BYTE_ORDER_MARK.startswith(data):
            self.held = data
            return b""
        self._is_past_start = True
        self.held = b""
        return data.removeprefix(BYTE_ORDER_MARK)


class LineDecoder:
    """Splits what arrives into lines at LF, in whatever pieces it arrives; a CR before the LF belongs to the line end,
    and a byte order mark at the start to nothing.

    A line with more than `limit` bytes comes out once, as None, as soon as it is known to be too long. What follows
    of it, up to its LF, is thrown away: the end of a flood must never be read as a line of its own.
    Never holds more than `limit` + 1 bytes, and never searches a byte twice.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._mark = MarkDropper()
        self._tail = b""
        self._skipping = False

    @property
    def unfinished(self) -> bool:
        """Whether a line has begun that no LF has ended yet."""
        return bool(self._tail or self._mark.held) or self._skipping

    def feed(self, data: bytes) -> list[bytes | None]:
        """Return the lines that `data` completes, without their ends."""
        pieces = self._mark.drop(data).split(b"\n")
        if not self._skipping:
            pieces[0] = self._tail + pieces[0]
        elif len(pieces) > 1:
            self._skipping = False
            del pieces[0]
        else:
            return []
        self._tail = pieces.pop()
        if pieces and b"\r" not in data and len(data) <= self.limit:  # as almost always
            lines: list[bytes | None] = [self._line(pieces[0]), *pieces[1:]]
        else:
            lines = [self._line(piece) for piece in pieces]
        if len(self._tail) > self.limit + self._tail.endswith(b"\r"):  # which may belong to the line end
            self._tail = b""
            self._skipping = True
            lines.append(None)
        return lines

    def _line(self, piece: bytes) -> bytes | None:
        line = piece[:-1] if piece.endswith(b"\r") else piece
        return line if len(line) <= self.limit else None
