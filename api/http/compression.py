"""Content-Encoding: zstd or gzip where a client accepts it and a body is large enough.

BREACH needs a secret and an attacker's text in one body. Compressed bodies hold no secret: personal ones are `private`
or `no-store` or set a cookie, and stay as they are.
"""

import zlib
from collections.abc import Callable, Iterable, Iterator

import zstandard
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.cache import patch_vary_headers

MIN_BYTES = 1_000
ZSTD_LEVEL = 3
GZIP_LEVEL = 4
_GZIP_WINDOW_BITS = 31
# In order of preference, for clients that accept both alike.
ENCODINGS = ("zstd", "gzip")
_MEDIA_TYPES = (
    "application/json",
    "application/problem+json",
    "application/x-ndjson",
    "application/vnd.apache.arrow.stream",
    "image/svg+xml",
    "text/",
)
_NEVER = ("private", "no-store", "no-transform")


class CompressionMiddleware:
    """Middleware that compresses bodies. A strong ETag becomes weak, for it names other bytes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if not _is_compressible(response):
            return response
        patch_vary_headers(response, ("Accept-Encoding",))
        encoding = preferred_encoding(request.headers.get("Accept-Encoding", ""))
        if encoding is None or (not response.streaming and len(response.content) < MIN_BYTES):
            return response
        if isinstance(response, StreamingHttpResponse):
            response.streaming_content = _compress_pieces(encoding, response.streaming_content)
        else:
            response.content = _compress(encoding, response.content)
        response["Content-Encoding"] = encoding
        etag = response.get("ETag")
        if etag is not None and etag.startswith('"'):
            response["ETag"] = f"W/{etag}"
        return response


def preferred_encoding(accepted: str) -> str | None:
    """Return the one of ENCODINGS that a client prefers; None where it prefers plain bytes.

    >>> preferred_encoding("gzip, zstd;q=0.5"), preferred_encoding("gzip;q=0"), preferred_encoding("br, *;q=0.1")
    ('gzip', None, 'zstd')

    Source: RFC 9110, section 12.5.3.
    """
    quality = dict(_parse_quality(part) for part in accepted.lower().split(",") if part.strip())
    rest = quality.get("*", 0.0)
    best = max(ENCODINGS, key=lambda name: quality.get(name, rest))
    best_quality = quality.get(best, rest)
    return best if best_quality > 0 and best_quality >= quality.get("identity", 0.0) else None


def _parse_quality(part: str) -> tuple[str, float]:
    name, _, parameter = part.partition(";")
    key, _, value = parameter.partition("=")
    try:
        quality = float(value) if key.strip() == "q" else 1.0
    except ValueError:
        quality = 0.0
    return name.strip(), quality if 0 <= quality <= 1 else 0.0


def _is_compressible(response: HttpResponse) -> bool:
    if response.status_code in (204, 206, 304) or response.has_header("Content-Encoding") or response.cookies:
        return False
    if any(word in response.get("Cache-Control", "") for word in _NEVER):
        return False
    return str(response.get("Content-Type", "")).startswith(_MEDIA_TYPES)


def _compress(encoding: str, body: bytes) -> bytes:
    return b"".join(_compress_pieces(encoding, [body]))


def _compress_pieces(encoding: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield compressed pieces, each flushed, so that a stream is never held up."""
    if encoding == "zstd":
        zstd = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compressobj()
        for piece in pieces:
            yield zstd.compress(piece) + zstd.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
        yield zstd.flush()
        return
    gzip = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW_BITS)
    for piece in pieces:
        yield gzip.compress(piece) + gzip.flush(zlib.Z_SYNC_FLUSH)
    yield gzip.flush()
