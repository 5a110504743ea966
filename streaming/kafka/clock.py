"""Clocks of brokers, judged by the order of events alone: Kafka has no request that returns its time.

A record that is read was appended before it was read; a record at or beyond an end of the log was appended after that
end was read. Where its broker timestamp contradicts this by this machine's clock, one of the two clocks is wrong.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lakehouse.delta.position import TopicPartition

TOLERANCE_US = 60_000_000
"""Difference that clocks of well-kept machines never have."""


@dataclass(frozen=True, slots=True)
class Stamped:
    """Offset and broker time (epoch microseconds) of the newest record of a partition that was read."""

    key: TopicPartition
    offset: int
    broker_time_us: int


class BrokerClock:
    """Lower bounds of what brokers' clocks are off, by partition. No I/O and no clock of its own."""

    def __init__(self) -> None:
        self._ends: dict[TopicPartition, tuple[int, int]] = {}

    def note_ends(self, ends: Mapping[TopicPartition, int], *, time_us: int) -> None:
        """Note the ends of partitions, and an instant of this machine before they were asked for."""
        self._ends.update({key: (end, time_us) for key, end in ends.items()})

    def skews_us(self, newest: Iterable[Stamped], *, time_us: int) -> dict[TopicPartition, int]:
        """Return by how much brokers' clocks are ahead at least (negative: behind); 0 where nothing says so.

        ``time_us`` is an instant of this machine after the records were read.
        """
        return {stamped.key: self._skew_us(stamped, time_us) for stamped in newest}

    def _skew_us(self, stamped: Stamped, time_us: int) -> int:
        if stamped.broker_time_us > time_us:
            return stamped.broker_time_us - time_us
        noted = self._ends.get(stamped.key)
        if noted is None or stamped.offset < noted[0]:
            return 0
        return min(0, stamped.broker_time_us - noted[1])
