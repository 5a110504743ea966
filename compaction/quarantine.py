"""What could not become gold: counted by rule, shown byte for byte, and judged again by the contract of today."""

from collections.abc import Mapping, Sequence
from typing import Any

from lakehouse.lake import Lake
from lakehouse.messages.fields import Rejected
from lakehouse.messages.validation import validate
from lakehouse.schema.tables import QUARANTINE
from lakehouse.snapshots.pinned import TableSnapshot
from lakehouse.time_range import format_us

_LIST = """
SELECT topic, rule, field, count(*), epoch_us(min(broker_time)), epoch_us(max(broker_time)),
    arg_max({place}, broker_time)
FROM {rows} GROUP BY ALL ORDER BY count(*) DESC, topic, rule, field
""".replace("{place}", "topic_id || '/' || kafka_partition || '/' || kafka_offset")
_SHOW = """
SELECT topic, topic_id, kafka_partition, kafka_offset, epoch_us(broker_time), rule, field, reason, key, value, headers
FROM {rows}
WHERE topic_id = $topic_id AND kafka_partition = $partition AND kafka_offset = $offset
"""
_SHOWN = (
    "topic",
    "topic_id",
    "kafka_partition",
    "kafka_offset",
    "broker_time",
    "rule",
    "field",
    "reason",
    "key",
    "value",
    "headers",
)

Document = dict[str, Any]


def list_quarantined(lake: Lake) -> list[Document]:
    """How many messages broke which rule, the most frequent first, each with the place of its newest."""
    names = ("topic", "rule", "field", "n_messages", "first_broker_time", "last_broker_time", "newest")
    rows = _fetch(lake, _LIST)
    return [
        dict(zip(names, row, strict=True))
        | {"first_broker_time": format_us(row[4]), "last_broker_time": format_us(row[5])}
        for row in rows
    ]


def show_quarantined(lake: Lake, *, topic_id: str, partition: int, offset: int) -> Document | None:
    """One message with the rule that it broke, and what the contract says of it now; None where it is not there.

    A message that is good by now is in gold after a rebuild.
    """
    rows = _fetch(lake, _SHOW, topic_id=topic_id, partition=partition, offset=offset)
    if not rows:
        return None
    found = dict(zip(_SHOWN, rows[0], strict=True))
    verdict = validate(
        found["topic"], key=found["key"], value=found["value"], broker_time_us=found["broker_time"]
    )
    return found | {
        "broker_time": format_us(found["broker_time"]),
        "key": _to_text(found["key"]),
        "value": _to_text(found["value"]),
        "headers": [
            {"key": header["key"], "value": _to_text(header["value"])} for header in found["headers"] or ()
        ],
        "verdict_now": f"rejected: {verdict.reason}" if isinstance(verdict, Rejected) else "accepted",
    }


def in_words(document: Mapping[str, Any]) -> Sequence[str]:
    """A shown message, a line a field."""
    return [f"{name}: {value}" for name, value in document.items() if value not in (None, [])]


def _fetch(lake: Lake, statement: str, **bound: Any) -> list[tuple[Any, ...]]:
    def ask(table: TableSnapshot) -> list[tuple[Any, ...]]:
        return lake.session.fetch_rows(statement, table.files.paths.tolist(), spec=QUARANTINE, **bound)

    return lake.read(lambda: lake.snapshot(QUARANTINE.name), lambda snapshot: ask(snapshot[QUARANTINE.name]))


def _to_text(content: bytes | None) -> str | None:
    r"""Bytes as a person reads them; what is no UTF-8 is escaped.

    >>> _to_text(b"a\xff")
    'a\\xff'
    """
    return None if content is None else content.decode(errors="backslashreplace")
