"""The cursor between two pages of one series: opaque, signed, and enough for any process to go on."""

import base64
import binascii
import hashlib
import hmac
from typing import TypeVar

import msgspec

from lakehouse.errors import QueryError

_VERSION = 1
_PURPOSE = b"cursor"
_MAC_BYTES = 16
_MAX_CHARACTERS = 8_000
CURSOR_PATTERN = f"^[A-Za-z0-9_-]{{22,{_MAX_CHARACTERS}}}$"
CURSOR_HINT = "the cursor of a previous answer's next, untouched"

Sealed = TypeVar("Sealed")

Key = tuple[int, str, int, int]
"""Of a row: time in epoch microseconds, topic id, partition, offset. Of a bucket: its start and an empty rest."""


class CursorMarkets(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Markets of a cursor: (venue, quote, prices seen until), (start, end, name) of assets, and parts.

    A part is its first hour since the epoch, the hour of its end, the index of its market, and that of its asset.
    """

    markets: list[tuple[str, str, int]] = []
    assets: list[tuple[int, int, str | None]] = []
    parts: list[tuple[int, int, int, int]] = []
    is_cut: bool = False


class Cursor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The position and the range of a series, and the key of the oldest point already given.

    ``parameters`` are those of the request, as given; ``observed_after`` is the observed bucket after the next page,
    where gaps are filled on a line to it.
    """

    v: int = _VERSION
    series: str
    symbol: str
    parameters: dict[str, str]
    build_id: str
    positions: dict[str, dict[str, list[int]]]
    start_us: int
    end_us: int
    interval: str
    as_of_us: int
    last_key: Key
    markets: CursorMarkets = CursorMarkets()
    observed_after: tuple[int | float | None, ...] | None = None


def encode_cursor(cursor: Cursor, key: bytes) -> str:
    return seal(msgspec.json.encode(cursor), key, purpose=_PURPOSE)


def decode_cursor(text: str, key: bytes) -> Cursor:
    """Return the cursor that `encode_cursor` wrote with the same key. Raises QueryError for anything else."""
    cursor = unseal(text, key, purpose=_PURPOSE, kind=Cursor)
    if cursor.v != _VERSION:
        raise _not_made_here()
    return cursor


def seal(content: bytes, key: bytes, *, purpose: bytes) -> str:
    """Return a content as an opaque text that only a holder of the key can make."""
    return base64.urlsafe_b64encode(_sign(content, key, purpose) + content).decode().rstrip("=")


def unseal(text: str, key: bytes, *, purpose: bytes, kind: type[Sealed]) -> Sealed:
    """Return the value whose JSON `seal` wrote with the same key for the same purpose.

    Raises: QueryError for anything else.
    """
    try:
        if len(text) > _MAX_CHARACTERS or not text.isascii():
            raise ValueError("not a cursor")
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        content = raw[_MAC_BYTES:]
        if not hmac.compare_digest(raw[:_MAC_BYTES], _sign(content, key, purpose)):
            raise ValueError("signature does not match")
        return msgspec.json.decode(content, type=kind)
    except (ValueError, binascii.Error, msgspec.MsgspecError) as error:
        raise _not_made_here() from error


def _not_made_here() -> QueryError:
    return QueryError(
        parameter="cursor", problem="it was not made here, or was changed", accepted=CURSOR_HINT
    )


def _sign(content: bytes, key: bytes, purpose: bytes) -> bytes:
    return hmac.new(key, b"cryptoviz " + purpose + b"\0" + content, hashlib.sha256).digest()[:_MAC_BYTES]
