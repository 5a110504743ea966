"""Decompression of HTTP bodies: gzip of any number of members, and deflate with or without its zlib header."""

import zlib
from typing import Final

MAX_CODINGS: Final = 2
CODINGS: Final = ("gzip", "x-gzip", "deflate")
GZIP_MAGIC: Final = b"\x1f\x8b"
_GZIP_BITS: Final = 16 + zlib.MAX_WBITS
_RAW_BITS: Final = -zlib.MAX_WBITS
# Source: RFC 1950: compression method 8, and a header that is a multiple of 31.
_ZLIB_METHOD: Final = 8
# The rest of the body is copied for each.
_MAX_MEMBERS: Final = 1_000


class DecompressionError(ValueError):
    """Compressed bytes that are malformed, or have no end."""


class UnknownCodingError(DecompressionError):
    """A content coding that was not requested, or too many of them on top of each other."""


def decode_body(body: bytes, content_encoding: str, *, max_bytes: int) -> bytes:
    """Return a body without the codings that its header lists, and without gzip that it does not list.

    At most ``max_bytes`` come of any step. Raises: DecompressionError; OverflowError where it is longer.
    """
    codings = read_codings(content_encoding)
    for coding in reversed(codings):
        body = decompress(body, coding, max_bytes=max_bytes)
    return decompress(body, "gzip", max_bytes=max_bytes) if body.startswith(GZIP_MAGIC) else body


def read_codings(content_encoding: str) -> list[str]:
    """Return the codings of a Content-Encoding header, in the order in which they were applied.

    Raises: UnknownCodingError.
    """
    given = (each.strip() for each in content_encoding.lower().split(","))
    codings = [each for each in given if each not in ("", "identity")]
    if len(codings) > MAX_CODINGS or not all(each in CODINGS for each in codings):
        raise UnknownCodingError(f"content-encoding {', '.join(codings)!r} was not requested")
    return codings


def decompress(body: bytes, coding: str, *, max_bytes: int) -> bytes:
    """Return what a body of a coding of `CODINGS` holds, never more than ``max_bytes``.

    After the last member of gzip anything else is ignored, as browsers do: servers pad. Raises: DecompressionError;
    OverflowError where it is longer.

    >>> import gzip
    >>> decompress(gzip.compress(b"a") + gzip.compress(b"b"), "gzip", max_bytes=2)
    b'ab'
    """
    if coding == "deflate":
        bits = zlib.MAX_WBITS if _has_zlib_header(body) else _RAW_BITS
        return _decompress_one(body, bits, max_bytes)[0]
    content, rest = _decompress_one(body, _GZIP_BITS, max_bytes)
    members = [content]
    while rest.startswith(GZIP_MAGIC):
        if len(members) >= _MAX_MEMBERS:
            raise DecompressionError(f"it has more than {_MAX_MEMBERS} members")
        max_bytes -= len(content)
        content, rest = _decompress_one(rest, _GZIP_BITS, max_bytes)
        members.append(content)
    return b"".join(members)


def _decompress_one(body: bytes, bits: int, max_bytes: int) -> tuple[bytes, bytes]:
    """Return the content of one stream, and what follows it."""
    decompressor = zlib.decompressobj(bits)
    try:
        content = decompressor.decompress(body, max_bytes + 1)
    except zlib.error as error:
        raise DecompressionError(str(error)) from error
    if len(content) > max_bytes:
        raise OverflowError(max_bytes)
    if not decompressor.eof:
        raise DecompressionError("it has no end")
    return content, decompressor.unused_data


def _has_zlib_header(body: bytes) -> bool:
    return len(body) >= 2 and body[0] & 15 == _ZLIB_METHOD and int.from_bytes(body[:2], "big") % 31 == 0
