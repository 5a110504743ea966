"""Messages of the contract as they are published: JSON bytes with key, event time and id."""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import msgspec

from lakehouse.messages.contract import CONTRACT_VERSION, CONTRACTS, MessageContract, make_message_id
from lakehouse.time_range import to_time

ORIGIN = "generated"
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True, kw_only=True)
class Message:
    """A message to publish, and when (epoch microseconds)."""

    topic: str
    key: bytes
    value: bytes | None
    publish_us: int


@lru_cache(maxsize=64)  # the forecasts of a minute share their times
def to_rfc3339(time_us: int, *, timespec: str = "milliseconds") -> str:
    """Return an instant as RFC 3339 in UTC; ``timespec`` is that of `datetime.isoformat`.

    >>> to_rfc3339(1767225600250000)
    '2026-01-01T00:00:00.250Z'
    """
    return f"{to_time(time_us).isoformat(timespec=timespec)[:-6]}Z"


def to_value(
    contract: MessageContract,
    *,
    event_time_us: int,
    natural_key: tuple[str, ...],
    origin: str = ORIGIN,
    timespec: str = "milliseconds",
    **fields: Any,
) -> bytes:
    """Return one message as JSON, its event time with the precision of ``timespec``.

    ``fields`` are those of the contract but version, id, origin and event time. The same event time and natural key
    give the same ``message_id``. Raises: TypeError for a field that the contract does not have.
    """
    names = _field_names(contract.topic)
    if not names.issuperset(fields):
        raise TypeError(f"{contract.topic} has no field {', '.join(sorted(fields.keys() - names))}")
    message_id = make_message_id(
        key=fields[contract.key_field], event_time=to_time(event_time_us), natural_key=natural_key
    )
    head = {
        "v": CONTRACT_VERSION,
        "message_id": message_id,
        "origin": origin,
        contract.time_field: to_rfc3339(event_time_us, timespec=timespec),
    }
    return _encode(head | fields)


@cache
def _field_names(topic: str) -> frozenset[str]:
    return frozenset(field.name for field in CONTRACTS[topic].fields)
