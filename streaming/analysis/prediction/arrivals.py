"""Messages of one symbol from two topics, put into one order that no micro-batch can change."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b

import msgspec

from lakehouse.messages.contract import ANALYZED_SENTIMENT, RAW_PRICE
from lakehouse.messages.validation import Rejected, message_columns, validator_of
from lakehouse.series.markets import Market

logger = logging.getLogger(__name__)

TOPICS = (ANALYZED_SENTIMENT.topic, RAW_PRICE.topic)
SLACK_US = 3_000_000
"""How far behind the newest broker time a message must be before it is taken: over what two topics can differ."""
MAX_RECENT_IDS = 8_192

_PRICE_AT = {name: at for at, name in enumerate(message_columns(RAW_PRICE.topic))}
_SENTIMENT_AT = {name: at for at, name in enumerate(message_columns(ANALYZED_SENTIMENT.topic))}


class PriceSeen(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="price"):
    """One accepted price, its times in epoch microseconds."""

    event_us: int
    broker_us: int
    market: Market
    price: float
    origin: str


class SentimentSeen(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="sentiment"):
    """One accepted sentiment, scored in [-1, 1]."""

    event_us: int
    message_id: str
    score: float
    origin: str


Seen = PriceSeen | SentimentSeen
Arrival = tuple[int, str, int, int, Seen]
"""(broker time, topic, partition, offset, what was seen): sorts into the order in which a forecaster sees them."""


def to_arrival(
    topic: str, *, partition: int, offset: int, broker_us: int, key: bytes | None, value: bytes | None
) -> Arrival | None:
    """A message that the verdict accepts, as its price or sentiment; None for any other, and for an unscored text."""
    row = validator_of(topic)(key, value, broker_us)
    if isinstance(row, Rejected):
        return None
    if topic == RAW_PRICE.topic:
        at = _PRICE_AT
        market = Market(row[at["venue"]], row[at["quote"]])
        price = PriceSeen(row[at["event_time"]], broker_us, market, row[at["price"]], row[at["origin"]])
        return broker_us, topic, partition, offset, price
    at = _SENTIMENT_AT
    if row[at["score"]] is None:
        return None
    sentiment = SentimentSeen(
        row[at["event_time"]], row[at["message_id"]], row[at["score"]], row[at["origin"]]
    )
    return broker_us, topic, partition, offset, sentiment


@dataclass(slots=True)
class ArrivalBuffer:
    """Holds messages back until nothing before them can still come, then lets them go in order.

    What comes out, and in which order, depends on the messages alone and not on how they were cut into batches, as
    long as each batch reads every topic to its end as of one moment (decision 22).
    """

    _waiting: list[Arrival] = field(default_factory=list)
    _newest_us: int = 0
    _released_us: int = 0

    def add(self, arrivals: Iterable[Arrival]) -> None:
        self._waiting.extend(arrivals)

    def release(self) -> list[Arrival]:
        """The messages up to SLACK_US before the newest broker time seen, in order."""
        if not self._waiting:
            return []
        self._waiting.sort()
        if self._waiting[0][0] < self._released_us:
            logger.warning("message beyond the slack broker_us=%d", self._waiting[0][0])
        self._newest_us = max(self._newest_us, self._waiting[-1][0])
        until_us = self._newest_us - SLACK_US
        n_ready = _count_until(self._waiting, until_us)
        ready, self._waiting = self._waiting[:n_ready], self._waiting[n_ready:]
        self._released_us = max(self._released_us, until_us)
        return ready

    def to_bytes(self) -> bytes:
        return _encode((self._waiting, self._newest_us, self._released_us))

    @staticmethod
    def from_bytes(written: bytes) -> ArrivalBuffer:
        """The buffer that `to_bytes` wrote down."""
        return ArrivalBuffer(*_decode(written))


@dataclass(slots=True)
class RecentIds:
    """Which messages came before, as far as the last MAX_RECENT_IDS distinct ones tell."""

    _digests: dict[int, None] = field(default_factory=dict)

    def is_new(self, message_id: str) -> bool:
        """Whether the id is not among the recent ones; from then on it is."""
        # Python's own hash of a string differs from process to process.
        digest = int.from_bytes(blake2b(message_id.encode(), digest_size=8).digest(), "little")
        if digest in self._digests:
            return False
        self._digests[digest] = None
        if len(self._digests) > MAX_RECENT_IDS:
            del self._digests[next(iter(self._digests))]
        return True


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[list[Arrival], int, int]).decode


def _count_until(ordered: list[Arrival], until_us: int) -> int:
    low, high = 0, len(ordered)
    while low < high:
        middle = (low + high) // 2
        if ordered[middle][0] <= until_us:
            low = middle + 1
        else:
            high = middle
    return low
