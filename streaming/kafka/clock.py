"""Clocks of brokers, judged by the order of events alone: Kafka has no request that returns its time.

A record that is read was appended before it was read; a record at or beyond an end of the log was appended after that
end was read. Where its broker timestamp contradicts this by this machine's clock, one of the two clocks is wrong.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lakehouse.delta.position import TopicPartition

TOLERANCE_US = 60_000_000
"""Difference that clocks of well-kept machines never have."""
MAX_NOTES = 16
"""Noted ends of a partition that wait for a record beyond them."""


@dataclass(frozen=True, slots=True)
class Stamped:
    """Offset and broker time (epoch microseconds) of the newest record of a partition that was read."""

    key: TopicPartition
    offset: int
    broker_time_us: int


class BrokerClock:
    """Lower bounds of what brokers' clocks are off, by partition. Bounded memory, no I/O and no clock of its own.

    A noted end is held until a record at or beyond it is judged: records that are read while the next ones are appended
    come before the newest end, always.
    """

    def __init__(self) -> None:
        self._notes: dict[TopicPartition, deque[tuple[int, int]]] = {}

    def note_ends(self, ends: Mapping[TopicPartition, int], *, time_us: int) -> None:
        """Note the ends of partitions, and an instant of this machine before they were asked for."""
        for key, end in ends.items():
            notes = self._notes.setdefault(key, deque())
            while notes and notes[-1][0] > end:  # records were lost: the log grows again from here
                notes.pop()
            if notes and (notes[-1][0] == end or len(notes) == MAX_NOTES):
                notes.pop()  # nothing was appended since, or the middle is given up
            notes.append((end, time_us))

    def skews_us(self, newest: Iterable[Stamped], *, time_us: int) -> dict[TopicPartition, int]:
        """Return by how much brokers' clocks are ahead at least (negative: behind); 0 where nothing says so.

        ``time_us`` is an instant of this machine after the records were read.
        """
        return {stamped.key: self._skew_us(stamped, time_us) for stamped in newest}

    def _skew_us(self, stamped: Stamped, time_us: int) -> int:
        if stamped.broker_time_us > time_us:
            return stamped.broker_time_us - time_us
        notes = self._notes.get(stamped.key, deque())
        while len(notes) > 1 and notes[1][0] <= stamped.offset:
            notes.popleft()
        if not notes or stamped.offset < notes[0][0]:
            return 0
        return min(0, stamped.broker_time_us - notes[0][1])
