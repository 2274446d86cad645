"""How entries are written for the other servers: each with its type, and with its result if others need that."""

from collections.abc import Iterable, Sequence
from typing import get_args

from msgspec import Raw, msgpack

from asyncchat.log.entries import CHANGES_NOTHING, IN_TABLES_ALONE, AnyEntry, Logged, PrivateStored
from asyncchat.log.log import Received
from asyncchat.log.room_events import Sent

_SHARED: list[type] = [Sent, *(kind for kind in get_args(AnyEntry) if kind not in CHANGES_NOTHING + IN_TABLES_ALONE)]
_encoder = msgpack.Encoder()
_decoders: dict[str, msgpack.Decoder[Logged]] = {kind.__name__: msgpack.Decoder(kind) for kind in _SHARED}
_of_message = _decoders[Sent.__name__]
_of_rows = msgpack.Decoder(list[tuple[str, Raw, PrivateStored | None]])


def encode(entries: Iterable[Received]) -> bytes:
    """Return entries as bytes, without those that no other server needs."""
    told = [
        ("" if type(entry) is Sent else type(entry).__name__, entry, result)
        for entry, result in entries
        if not isinstance(entry, CHANGES_NOTHING + IN_TABLES_ALONE)
    ]
    return _encoder.encode(told) if told else b""


def decode(data: bytes) -> Sequence[Received]:
    """Return the entries. Raises ValueError, as for those of another version of asyncchat."""
    try:
        return [
            Received(_of_message.decode(raw) if not kind else _decoders[kind].decode(raw), result)
            for kind, raw, result in _of_rows.decode(data)
        ]
    except KeyError as unknown:
        raise ValueError(str(unknown)) from None
