"""Replays: messages that were published again, and whose header names the record that they are.

That record, the origin, is a message's identity for ever: of an origin and its replays, and the replays' replays, one
becomes a gold row, however often, and with whatever bytes, it is published again.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

ORIGIN_HEADER = "cryptoviz-origin"

Place = tuple[str, int, int]
"""(topic id, partition, offset) of a record."""


def format_record_id(place: Place) -> str:
    """
    >>> format_record_id(("Zk3", 0, 7))
    'Zk3/0/7'
    """
    return "/".join(map(str, place))


def parse_record_id(text: str) -> Place | None:
    """The place that a text names, as `format_record_id` writes it; None where it is no such text.

    >>> parse_record_id("Zk3/0/7"), parse_record_id("Zk3/0/-7")
    (('Zk3', 0, 7), None)
    """
    parts = text.split("/")
    if len(parts) != 3 or not parts[0] or not all(part.isascii() and part.isdigit() for part in parts[1:]):
        return None
    partition, offset = int(parts[1]), int(parts[2])
    return (parts[0], partition, offset) if partition < 2**31 and offset < 2**63 else None


def origin_of(headers: Sequence[Mapping[str, Any]] | None) -> Place | None:
    """The origin that headers name, each with ``key`` and ``value``; None where they name none, or not in that form."""
    for header in headers or ():
        if header["key"] == ORIGIN_HEADER:
            try:
                return parse_record_id((header["value"] or b"").decode())
            except UnicodeDecodeError:
                return None
    return None


def origins_of(headers: pa.ChunkedArray) -> list[Place | None] | None:
    """The origin of each record; None where none of them has a header at all, which is the rule."""
    if not pc.sum(pc.list_value_length(headers)).as_py():
        return None
    return [origin_of(found) for found in headers.to_pylist()]
