"""ETags of histories: weak, of the content of an answer, not of the versions of tables.

A page's is a digest of its points: compaction and other symbols' messages leave it, and whatever would change an
answer changes it. A stream's is of its rows' keys instead, for a gold row never changes.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from api.http.encoding import encode_json

_DIGEST_BYTES = 16


def page_etag(
    *,
    representation: str,
    builds: Sequence[str],
    requete: Mapping[str, Any],
    others: Mapping[str, Any],
    points: bytes,
) -> str:
    """``others`` are members of the envelope that say what the points are."""
    return _etag([representation, builds, requete, others], points)


def stream_etag(
    *,
    representation: str,
    builds: Sequence[str],
    requete: Mapping[str, Any],
    fingerprint: str,
    others: Mapping[str, Any],
) -> str:
    """``others`` are the positions of the tables that the rows are completed from."""
    return _etag([representation, builds, requete, others], fingerprint.encode())


def _etag(members: Sequence[Any], content: bytes) -> str:
    digest = hashlib.blake2b(encode_json(members), digest_size=_DIGEST_BYTES)
    digest.update(content)
    return f'W/"{digest.hexdigest()}"'
