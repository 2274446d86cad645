"""Bytes to lines with a limit, and lines to text that can do no harm on a screen."""


class BadLine(ValueError):
    """A line that can't be taken; the message says why, to the one who wrote it."""


BYTE_ORDER_MARK = "\ufeff".encode()


class MarkDropper:
    """Drops one byte order mark at the start of a stream, in whatever pieces it arrives (RFC 3629, 6).

    held: what may be the beginning of one
    """

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


def text(line: bytes | None, limit: int) -> str:
    """Return what a decoded line says, in a form that can be shown to others.

    Raises BadLine if the line has more than `limit` bytes (None if it had so many more that they were thrown away), or
    is not UTF-8.
    """
    if line is None or len(line) > limit:
        raise BadLine(too_long(limit, None if line is None else len(line)))
    try:
        return visible(line.decode())
    except UnicodeDecodeError:
        raise BadLine("it is not UTF-8") from None


def too_long(limit: int, length: int | None = None) -> str:
    """Return what is wrong with a line of more than `limit` bytes; `length`: how many it has, if that is known."""
    if length is None:
        return f"it is too long: {limit} bytes are the most"
    return f"it is too long: it has {length} bytes, and {limit} are the most"


def visible(raw: str) -> str:
    """Return `raw` with a visible stand-in for each character that could forge a line, a name or a terminal command.

    C0 (but tab) and DEL become their control pictures, as ESC becomes ␛ (Unicode block U+2400); C1, the line
    separators U+0085, U+2028, U+2029, and the bidirectional overrides and isolates become <U+XXXX>.
    """
    return raw if raw.isprintable() else raw.translate(_STAND_INS)


_STAND_INS = {
    **{code: chr(0x2400 + code) for code in range(0x20) if code != ord("\t")},
    0x7F: "\u2421",
    **{
        code: f"<U+{code:04X}>"
        for code in (*range(0x80, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
    },
}
