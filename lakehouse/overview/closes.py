"""Last price of each minute of one market, of the minutes that an overview looks at."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lakehouse.delta.position import TopicPartition
from lakehouse.time_range import MINUTE_US

Integers = npt.NDArray[np.int64]


def _no_integers() -> Integers:
    return np.empty(0, dtype=np.int64)


def _no_numbers() -> npt.NDArray[np.float64]:
    return np.empty(0, dtype=np.float64)


@dataclass(slots=True, eq=False)
class MinuteCloses:
    """One price a minute, the last in the total order of rows; ``minutes`` since the epoch ascend.

    About 40 bytes a minute. The owner's lock guards it.
    """

    minutes: Integers = field(default_factory=_no_integers)
    times: Integers = field(default_factory=_no_integers)
    offsets: Integers = field(default_factory=_no_integers)
    prices: npt.NDArray[np.float64] = field(default_factory=_no_numbers)
    sources: list[TopicPartition] = field(default_factory=list)

    def add(self, time_us: int, source: TopicPartition, offset: int, price: float) -> None:
        """Add a price of any minute; idempotent, for a row that is there already is not later than itself."""
        minute = time_us // MINUTE_US
        at = int(np.searchsorted(self.minutes, minute))
        if at < len(self.minutes) and self.minutes[at] == minute:
            if (time_us, source, offset) > (self.times[at], self.sources[at], self.offsets[at]):
                self.times[at], self.offsets[at], self.prices[at] = time_us, offset, price
                self.sources[at] = source
            return
        self.minutes = np.insert(self.minutes, at, minute)
        self.times = np.insert(self.times, at, time_us)
        self.offsets = np.insert(self.offsets, at, offset)
        self.prices = np.insert(self.prices, at, price)
        self.sources.insert(at, source)

    def last_before(self, end_us: int, *, since_us: int) -> tuple[int, float] | None:
        """Return time and price of the last row within [``since_us``, ``end_us``), the end being a whole minute."""
        at = int(np.searchsorted(self.minutes, end_us // MINUTE_US)) - 1
        if at < 0 or self.times[at] < since_us:
            return None
        return int(self.times[at]), float(self.prices[at])

    def lasts_within(self, starts_us: Integers, ends_us: Integers) -> list[float | None]:
        """Return the last price of each span between whole minutes; None where a span has none."""
        if not len(self.minutes):
            return [None] * len(ends_us)
        at = np.searchsorted(self.minutes, ends_us // MINUTE_US) - 1
        is_in = (at >= 0) & (self.times[at] >= starts_us)
        return [
            price if known else None
            for price, known in zip(self.prices[at].tolist(), is_in.tolist(), strict=True)
        ]

    def since(self, start_us: int) -> "MinuteCloses":
        """Return the minutes from an instant on."""
        at = int(np.searchsorted(self.minutes, start_us // MINUTE_US))
        return MinuteCloses(
            self.minutes[at:].copy(),
            self.times[at:].copy(),
            self.offsets[at:].copy(),
            self.prices[at:].copy(),
            self.sources[at:],
        )
