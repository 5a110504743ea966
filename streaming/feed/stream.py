"""Generated stream: messages of all series in the order of publication, for any window of time.

Two adjacent windows hold exactly what one window over both holds, so that a restart can begin anywhere.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from operator import attrgetter

import numpy as np

from lakehouse.messages.contract import ANALYZED_SENTIMENT, PREDICTED_PRICE, RAW_PRICE
from lakehouse.time_range import MINUTE_US
from streaming.feed.faults import (
    NO_FAULTS,
    FaultRates,
    duplicate_delay_us,
    is_duplicated,
    is_poisoned,
    late_us,
    to_poison,
)
from streaming.feed.forecast import (
    HORIZONS,
    due_slots,
    forecast_latency_us,
    forecast_slots,
    prediction_values,
)
from streaming.feed.market import ASSETS, MARKETS
from streaming.feed.news import sentiment_values, text_slots, texts_latency_us
from streaming.feed.noise import Floats, Ints, uniform
from streaming.feed.observations import observation_latency_us, observation_slots, price_values
from streaming.feed.prices.behaviour import USUAL, Behaviour, MarketModel
from streaming.feed.schedule import BACKGROUND, Density, Slots
from streaming.kafka.messages import Message

_MAX_LATENCY_US = 2 * MINUTE_US
NEVER_US = 1 << 62
FEED_TOPICS = (RAW_PRICE.topic, ANALYZED_SENTIMENT.topic, PREDICTED_PRICE.topic)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Definition of a stream. It has the density ``live`` from the minute of ``live_from_us`` on."""

    seed: int
    symbols: frozenset[str] = frozenset(ASSETS)
    fault_rates: FaultRates = NO_FAULTS
    behaviour: Behaviour = USUAL
    live: Density = BACKGROUND
    live_from_us: int = NEVER_US

    @property
    def market(self) -> MarketModel:
        """Return the market whose prices it publishes."""
        return MarketModel(self.seed, self.behaviour)


@dataclass(frozen=True, slots=True)
class Series:
    """Events of one kind about one asset, the delay of each publication, and their conversion to messages."""

    topic: str
    symbol: str
    slots: Slots
    latency_us: Ints
    to_values: Callable[[Slots], list[tuple[bytes, ...]]]


def messages_between(feed: Feed, *, start_us: int, end_us: int) -> list[Message]:
    """Return the messages published in [start, end), in this order; the same at each call."""
    if end_us <= start_us:
        return []
    first = (start_us - feed.fault_rates.max_delay_us - _MAX_LATENCY_US) // MINUTE_US
    minutes = np.arange(first, (end_us - 1) // MINUTE_US + 1, dtype=np.int64)
    messages: list[Message] = []
    for series in _all_series(feed, minutes):
        messages += _published(series, feed.fault_rates, start_us, end_us)
    messages.sort(key=attrgetter("publish_us"))
    return messages


def _all_series(feed: Feed, minutes: Ints) -> Iterator[Series]:
    yield from _price_series(feed, minutes)
    for symbol in ASSETS:
        if symbol in feed.symbols:
            yield _sentiment_series(feed, symbol, minutes)
            yield from _prediction_series(feed, symbol, minutes)


def _price_series(feed: Feed, minutes: Ints) -> Iterator[Series]:
    expected = _expected(feed, minutes, attrgetter("observations"))
    for market in MARKETS:
        if market.symbol in feed.symbols:
            slots = observation_slots(feed.market, market, minutes=minutes, observations_a_minute=expected)
            to_values = partial(price_values, feed.market, market)
            yield Series(RAW_PRICE.topic, market.symbol, slots, observation_latency_us(slots), to_values)


def _sentiment_series(feed: Feed, symbol: str, minutes: Ints) -> Series:
    expected = _expected(feed, minutes, attrgetter("texts"))
    slots = text_slots(feed.seed, symbol, minutes=minutes, texts_a_minute=expected)
    to_values = partial(sentiment_values, feed.seed, symbol)
    return Series(ANALYZED_SENTIMENT.topic, symbol, slots, texts_latency_us(slots), to_values)


def _prediction_series(feed: Feed, symbol: str, minutes: Ints) -> Iterator[Series]:
    expected = _expected(feed, minutes, attrgetter("extra_forecasts"))
    slots = forecast_slots(feed.market, symbol, minutes=minutes, extra_a_minute=expected)
    for horizon in HORIZONS:
        due = due_slots(slots, horizon)
        to_values = partial(prediction_values, feed.market, symbol, horizon)
        yield Series(PREDICTED_PRICE.topic, symbol, due, forecast_latency_us(due), to_values)


def _expected(feed: Feed, minutes: Ints, of: Callable[[Density], float]) -> Floats:
    is_live = (minutes + 1) * MINUTE_US > feed.live_from_us
    return np.where(is_live, of(feed.live), of(BACKGROUND)).astype(np.float64)


def _published(series: Series, rates: FaultRates, start_us: int, end_us: int) -> Iterator[Message]:
    """Return first copies, second copies and poison of a series that are published in the window."""
    keys = series.slots.keys
    first_us = series.slots.times_us + series.latency_us + late_us(keys, rates)
    second_us = np.where(is_duplicated(keys, rates), first_us + duplicate_delay_us(keys), -1)
    first = (first_us >= start_us) & (first_us < end_us)
    second = (second_us >= start_us) & (second_us < end_us)
    poison = first & is_poisoned(keys, rates)
    published = first | second
    if not published.any():
        return
    key = series.symbol.encode()
    columns = (first_us, first, second_us, second, poison, uniform(keys, 27))
    rows = zip(*(column[published].tolist() for column in columns), strict=True)
    for values, row in zip(series.to_values(series.slots.where(published)), rows, strict=True):
        first_at_us, is_first, second_at_us, is_second, has_poison, draw = row
        for value in values:
            message = Message(topic=series.topic, key=key, value=value, publish_us=first_at_us)
            if is_first:
                yield message
            if has_poison:
                yield to_poison(message, draw)
            if is_second:
                yield Message(topic=series.topic, key=key, value=value, publish_us=second_at_us)
