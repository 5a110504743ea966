"""Instants and half-open ranges of them, in epoch microseconds."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Half-open range: ``start_us`` belongs to it, ``end_us`` does not. Empty where they are equal."""

    start_us: int
    end_us: int

    def __post_init__(self) -> None:
        if self.start_us > self.end_us:
            raise ValueError(f"range starts at {self.start_us}, after its end {self.end_us}")

    @property
    def span_us(self) -> int:
        """Length in microseconds."""
        return self.end_us - self.start_us

    @property
    def start_time(self) -> datetime:
        """First instant."""
        return to_time(self.start_us)

    @property
    def end_time(self) -> datetime:
        """First instant after it."""
        return to_time(self.end_us)


def to_time(epoch_us: int) -> datetime:
    """Return the instant of epoch microseconds, in UTC.

    >>> to_time(1767225600000000).isoformat()
    '2026-01-01T00:00:00+00:00'
    """
    return _EPOCH + timedelta(microseconds=epoch_us)


def to_us(time: datetime) -> int:
    """Return epoch microseconds of an aware instant."""
    return (time - _EPOCH) // _MICROSECOND


def format_us(epoch_us: int) -> str:
    """Return RFC 3339 in UTC, with microseconds only where they are not zero.

    >>> format_us(1767225600250000)
    '2026-01-01T00:00:00.250000Z'
    """
    return to_time(epoch_us).replace(tzinfo=None).isoformat() + "Z"
