"""Messages of one symbol from two topics, in one order that does not depend on micro-batches."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from operator import itemgetter

import msgspec

from lakehouse.messages.contract import ANALYZED_SENTIMENT, RAW_PRICE
from lakehouse.series.markets import Market
from streaming.analysis.validated import reader_of

logger = logging.getLogger(__name__)

TOPICS = (ANALYZED_SENTIMENT.topic, RAW_PRICE.topic)
SLACK_US = 3_000_000
"""Age of a message, against the newest broker time, at which it is released: more than two topics can differ."""
MAX_RECENT_IDS = 8_192

_read_price = reader_of(RAW_PRICE.topic, "event_time", "venue", "quote", "price", "origin")
_read_sentiment = reader_of(ANALYZED_SENTIMENT.topic, "event_time", "message_id", "score", "origin")


class PriceObservation(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="price"):
    """One valid price, its times in epoch microseconds."""

    event_us: int
    broker_us: int
    market: Market
    price: float
    origin: str


class SentimentObservation(msgspec.Struct, frozen=True, array_like=True, gc=False, tag="sentiment"):
    """One valid sentiment, scored in [-1, 1]."""

    event_us: int
    message_id: str
    score: float
    origin: str


Observation = PriceObservation | SentimentObservation
Arrival = tuple[int, str, int, int, Observation]
"""(broker time, topic, partition, offset, observation): sorts into the order in which a forecaster reads them."""


def to_arrival(
    topic: str, *, partition: int, offset: int, broker_us: int, key: bytes | None, value: bytes | None
) -> Arrival | None:
    """Return a valid message as its price or sentiment; None for any other, and for an unscored text."""
    observation: Observation
    if topic == RAW_PRICE.topic:
        columns = _read_price(key, value, broker_us)
        if columns is None:
            return None
        event_us, venue, quote, price, origin = columns
        observation = PriceObservation(event_us, broker_us, Market(venue, quote), price, origin)
    else:
        columns = _read_sentiment(key, value, broker_us)
        if columns is None or columns[2] is None:
            return None
        observation = SentimentObservation(*columns)
    return broker_us, topic, partition, offset, observation


@dataclass(slots=True)
class ArrivalBuffer:
    """Buffer that holds messages until no earlier one can still arrive, then releases them in order.

    The released messages and their order depend on the messages alone and not on their batches, as long as each
    batch reads every topic to its end as of one moment (decision 22).
    """

    _waiting: list[Arrival] = field(default_factory=list)
    _newest_us: int = 0
    _released_us: int = 0

    def add(self, arrivals: Iterable[Arrival]) -> None:
        self._waiting.extend(arrivals)

    def release(self) -> list[Arrival]:
        """Return the messages up to SLACK_US before the newest broker time so far, in order."""
        if not self._waiting:
            return []
        self._waiting.sort()
        if self._waiting[0][0] < self._released_us:
            logger.warning("message later than the slack broker_us=%d", self._waiting[0][0])
        self._newest_us = max(self._newest_us, self._waiting[-1][0])
        until_us = self._newest_us - SLACK_US
        n_ready = bisect_right(self._waiting, until_us, key=itemgetter(0))
        ready, self._waiting = self._waiting[:n_ready], self._waiting[n_ready:]
        self._released_us = max(self._released_us, until_us)
        return ready

    def to_bytes(self) -> bytes:
        return _encode((self._waiting, self._newest_us, self._released_us))

    @staticmethod
    def from_bytes(written: bytes) -> ArrivalBuffer:
        """Return the buffer that `to_bytes` serialized."""
        return ArrivalBuffer(*_decode(written))


@dataclass(slots=True)
class RecentIds:
    """Ids of the last MAX_RECENT_IDS distinct messages, as digests, the oldest forgotten first."""

    # A cachetools.FIFOCache of this size takes twice the bytes (188 against 94 kB) and four times the time to
    # serialize, once a batch and symbol.
    _digests: dict[int, None] = field(default_factory=dict)

    def is_new(self, message_id: str) -> bool:
        """Return whether the id is not among the recent ones, and add it."""
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
