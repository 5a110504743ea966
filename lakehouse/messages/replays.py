"""Replays: messages that were published again, with a header that names the original record.

The original record is a message's identity for ever: of an original and its replays, and the replays' replays, one
becomes a gold row, however often, and with whatever bytes, it is published again.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.messages.record_id import RecordId, parse_record_id

REPLAY_OF_HEADER = "cryptoviz-replay-of"


def replay_of(headers: Sequence[Mapping[str, Any]] | None) -> RecordId | None:
    """Return the original record that headers name, each with ``key`` and ``value``.

    None where they name none, or not in the form of a record id.
    """
    for header in headers or ():
        if header["key"] == REPLAY_OF_HEADER:
            try:
                return parse_record_id((header["value"] or b"").decode())
            except UnicodeDecodeError:
                return None
    return None


def replays_of(headers: pa.ChunkedArray) -> list[RecordId | None] | None:
    """Return the original of each record; None where no record has a header at all, which is the rule."""
    if not pc.sum(pc.list_value_length(headers)).as_py():
        return None
    return [replay_of(of_record) for of_record in headers.to_pylist()]
