"""Reading of messages through the one validator: the columns that an analysis uses."""

from collections.abc import Callable
from operator import itemgetter
from typing import Any

from lakehouse.messages.validation import Rejected, message_columns, validator_of

ReadColumns = Callable[[bytes | None, bytes | None, int], tuple[Any, ...] | None]


def reader_of(topic: str, *columns: str) -> ReadColumns:
    """Return a function from key, value and broker time (us) to the columns; None for a rejected message."""
    validate = validator_of(topic)
    names = message_columns(topic)
    select = itemgetter(*(names.index(column) for column in columns))

    def read(key: bytes | None, value: bytes | None, broker_time_us: int) -> tuple[Any, ...] | None:
        row = validate(key, value, broker_time_us)
        return None if isinstance(row, Rejected) else select(row)

    return read
