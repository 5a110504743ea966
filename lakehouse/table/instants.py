"""Instants as callers have them: datetimes, days, ISO 8601 text, and the scalars of NumPy, pandas and Arrow."""

from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, time
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from lakehouse.errors import QueryError
from lakehouse.time_range import to_time, to_us

Instant: TypeAlias = datetime | date | str | np.datetime64
"""An aware datetime (a pandas Timestamp is one), a day (its midnight in UTC), either as ISO 8601 text (UTC where it has
no offset), or a datetime64 (UTC, as NumPy defines it)."""
INSTANT_ACCEPTED = (
    "an aware datetime, a date, a datetime64, or ISO 8601 text such as 2026-01-31T09:30:00Z, "
    "from the year 1 to 9999"
)
_EPOCH_YEAR = 1970


def to_instant_us(parameter: str, instant: Instant) -> int:
    """Return epoch microseconds; an instant between two of them is the later one, which bounds the same rows.

    Raises QueryError for what is no instant, and for a datetime without a zone.

    >>> to_instant_us("start", "2026-01-01")
    1767225600000000
    """
    epoch_us, is_exact = parse_instant(parameter, instant)
    return epoch_us if is_exact else epoch_us + 1


def parse_instant(parameter: str, instant: Any) -> tuple[int, bool]:
    """Return (epoch microseconds, whether they are the instant exactly or the last before it). Raises QueryError."""
    plain = to_python(instant)
    try:
        if isinstance(plain, np.datetime64):
            return _of_datetime64(plain)
        epoch_us = to_us(_to_datetime(parameter, plain))
        to_time(epoch_us)
    except (ValueError, OverflowError) as error:
        raise _no_instant(parameter, repr(plain)) from error
    return epoch_us, not getattr(plain, "nanosecond", 0)


def to_python(value: Any) -> Any:
    """Return the value of an Arrow scalar, of an array without dimensions or of a buffer; any other as it is."""
    if isinstance(value, (bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, pa.Scalar):
        if pa.types.is_timestamp(value.type) and value.is_valid and value.type.unit == "ns":
            return _of_arrow_nanoseconds(value)
        return value.as_py()
    return value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value


def _of_arrow_nanoseconds(value: Any) -> Any:
    """Return a datetime64 of an aware scalar, which holds UTC; `as_py` needs pandas for it."""
    instant = np.datetime64(value.value, "ns")
    return instant if value.type.tz is not None else instant.astype("M8[us]").item()


def _of_datetime64(instant: np.datetime64) -> tuple[int, bool]:
    if np.isnat(instant):
        raise ValueError("not a time")
    year = int(instant.astype("M8[Y]").astype(np.int64)) + _EPOCH_YEAR
    if not MINYEAR <= year <= MAXYEAR:  # conversion to microseconds would overflow without an error
        raise OverflowError(f"year {year}")
    floor = instant.astype("M8[us]")
    return int(floor.astype(np.int64)), bool(floor == instant)


def _to_datetime(parameter: str, instant: Any) -> datetime:
    if isinstance(instant, str):
        parsed = datetime.fromisoformat(instant.strip())
        return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    if isinstance(instant, datetime):
        if instant != instant:
            raise ValueError("not a time")
        if instant.tzinfo is None:
            raise _no_instant(parameter, f"{instant} has no zone, and")
        return instant
    if isinstance(instant, date):
        return datetime.combine(instant, time(), UTC)
    raise _no_instant(parameter, repr(instant))


def _no_instant(parameter: str, shown: str) -> QueryError:
    return QueryError(parameter=parameter, problem=f"{shown} is no instant", accepted=INSTANT_ACCEPTED)
