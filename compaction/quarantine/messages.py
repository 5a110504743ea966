"""Quarantined messages: counted by rule, shown byte for byte, and validated again by the contract of today."""

from dataclasses import dataclass
from typing import Any

from lakehouse.lake import Lake
from lakehouse.messages.fields import Rejected
from lakehouse.messages.record_id import RecordId
from lakehouse.messages.validation import validate
from lakehouse.schema.tables import QUARANTINE
from lakehouse.time_range import format_us

_GROUPS = """
SELECT topic, rule, field, count(*), epoch_us(min(broker_time)), epoch_us(max(broker_time)),
    arg_max(topic_id || '/' || kafka_partition || '/' || kafka_offset, broker_time)
FROM {rows} GROUP BY ALL ORDER BY count(*) DESC, topic, rule, field
"""
_COLUMNS = (
    *("topic", "topic_id", "kafka_partition", "kafka_offset", "broker_time"),
    *("rule", "field", "reason", "key", "value", "headers"),
)
_MESSAGE = f"""
SELECT {", ".join(_COLUMNS).replace("broker_time", "epoch_us(broker_time)")}
FROM {{rows}}
WHERE topic_id = $topic_id AND kafka_partition = $partition AND kafka_offset = $offset
"""


@dataclass(frozen=True, slots=True)
class QuarantinedRule:
    """Messages of a topic that broke one rule in one field; ``newest`` is the record id of the newest."""

    topic: str
    rule: str
    field: str | None
    n_messages: int
    first_broker_time: str
    last_broker_time: str
    newest: str

    def __str__(self) -> str:
        field = f" in {self.field}" if self.field else ""
        return f"{self.n_messages} of {self.topic} broke {self.rule}{field}, the newest: {self.newest}"


def list_quarantined(lake: Lake) -> list[QuarantinedRule]:
    """Count messages by topic, rule and field, the most frequent first."""
    rows = _fetch(lake, _GROUPS)
    return [
        QuarantinedRule(topic, rule, field, n_messages, format_us(first_us), format_us(last_us), newest)
        for topic, rule, field, n_messages, first_us, last_us, newest in rows
    ]


def show_quarantined(lake: Lake, record_id: RecordId) -> dict[str, Any] | None:
    """Read one message by the names of its columns, and validate it again; None where it is not quarantined.

    Bytes are text; those that are no UTF-8 are escaped. `validation_now` says whether the contract of today accepts
    it: then it is in gold after a rebuild.
    """
    topic_id, partition, offset = record_id
    rows = _fetch(lake, _MESSAGE, topic_id=topic_id, partition=partition, offset=offset)
    if not rows:
        return None
    message = dict(zip(_COLUMNS, rows[0], strict=True))
    key, value, broker_time_us = message["key"], message["value"], message["broker_time"]
    result = validate(message["topic"], key=key, value=value, broker_time_us=broker_time_us)
    headers = [{"key": each["key"], "value": _to_text(each["value"])} for each in message["headers"] or ()]
    return message | {
        "broker_time": format_us(broker_time_us),
        "key": _to_text(key),
        "value": _to_text(value),
        "headers": headers,
        "validation_now": f"rejected: {result.reason}" if isinstance(result, Rejected) else "accepted",
    }


def _fetch(lake: Lake, statement: str, **bound: Any) -> list[tuple[Any, ...]]:
    return lake.read(
        lambda: lake.snapshot(QUARANTINE.name),
        lambda snapshot: lake.session.fetch_rows(
            statement, snapshot[QUARANTINE.name].files.paths.tolist(), spec=QUARANTINE, **bound
        ),
    )


def _to_text(content: bytes | None) -> str | None:
    r"""Decode bytes; what is no UTF-8 is escaped.

    >>> _to_text(b"a\xff")
    'a\\xff'
    """
    return None if content is None else content.decode(errors="backslashreplace")
