"""Rows of the generator as the contract's messages: JSON bytes, keyed by symbol."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from lakehouse.messages.contract import CONTRACT_VERSION, MessageContract, make_message_id

ORIGIN = "generated"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True, kw_only=True)
class Message:
    """Message to Kafka, and when it is published (epoch microseconds)."""

    topic: str
    key: bytes
    value: bytes | None
    publish_us: int


def to_time(time_us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=time_us)


def to_rfc3339(time_us: int) -> str:
    """Return an instant as the contract writes it.

    >>> to_rfc3339(1767225600250000)
    '2026-01-01T00:00:00.250Z'
    """
    return f"{to_time(time_us).isoformat(timespec='milliseconds')[:-6]}Z"


def to_value(
    contract: MessageContract,
    *,
    event_time_us: int,
    natural_key: tuple[str, ...],
    origin: str = ORIGIN,
    **fields: Any,
) -> bytes:
    """One message as JSON, its event time in whole milliseconds.

    ``fields`` are those of the contract but version, id, origin and event time.

    The same event time and natural key always give the same ``message_id``. A field that the contract does
    not know raises TypeError, so that no name can be misspelt.
    """
    unknown = fields.keys() - _known_names(contract)
    if unknown:
        raise TypeError(f"{contract.topic} has no field {', '.join(sorted(unknown))}")
    event_time = to_time(event_time_us)
    message_id = make_message_id(
        key=fields[contract.key_field], event_time=event_time, natural_key=natural_key
    )
    head = {
        "v": CONTRACT_VERSION,
        "message_id": message_id,
        "origin": origin,
        contract.time_field: to_rfc3339(event_time_us),
    }
    return _encode(head | fields)


def _known_names(contract: MessageContract) -> frozenset[str]:
    names = _NAMES.get(contract.topic)
    if names is None:
        names = _NAMES[contract.topic] = frozenset(field.name for field in contract.fields)
    return names


_NAMES: dict[str, frozenset[str]] = {}
