"""The load of `make bench-analysis`: texts and prices of the generated world as messages, and their plain loops."""

import time
from collections.abc import Sequence

import numpy as np
from kafka import KafkaProducer

from lakehouse.messages.contract import RAW_NEWS, RAW_PRICE
from lakehouse.time_range import MINUTE_US
from streaming.analysis.prediction.arrivals import SLACK_US, Arrival, to_arrival
from streaming.analysis.prediction.forecaster import Forecaster
from streaming.analysis.prediction.messages import to_value as to_prediction_value
from streaming.analysis.sentiment.languages import language_of
from streaming.analysis.sentiment.mentions import find_mentions
from streaming.analysis.sentiment.results import read_texts, to_results
from streaming.analysis.sentiment.scorer import Passage
from streaming.analysis.sentiment.scorers import lexicon_scorer
from streaming.feed.market import MARKETS, PRIMARY_VENUE
from streaming.feed.noise import Ints
from streaming.feed.observations import observation_slots, price_values
from streaming.feed.prices.behaviour import MarketModel
from streaming.kafka.messages import to_rfc3339, to_value
from streaming.offline.news_wire import News, NewsWire

SEED = 11
SECONDS_BETWEEN_TEXTS = 60
PRICES_A_MINUTE = 4.0

Keyed = tuple[bytes, bytes]


def news_of(n_texts: int) -> list[News]:
    """Return the newest texts of an offline wire."""
    now_us = time.time_ns() // 1_000
    wire = NewsWire(seed=SEED, every_seconds=SECONDS_BETWEEN_TEXTS)
    return wire.between(now_us - (n_texts + 2) * SECONDS_BETWEEN_TEXTS * 1_000_000, now_us)[-n_texts:]


def to_news_message(news: News) -> Keyed:
    """Return a text as the collector publishes it."""
    value = to_value(
        RAW_NEWS,
        event_time_us=news.time_us,
        natural_key=(news.guid,),
        source=news.outlet,
        dated_by="published",
        title=news.title,
        summary=news.summary,
        url=news.url,
        guid=news.guid,
        collected_time=to_rfc3339(news.time_us + 1_000_000),
    )
    return news.outlet.encode(), value


def price_messages(n_prices: int) -> list[Keyed]:
    """Prices of the primary market of every asset up to now, in the order of time."""
    markets = [market for market in MARKETS if market.venue == PRIMARY_VENUE]
    n_minutes = round(n_prices / PRICES_A_MINUTE / len(markets) * 1.1) + 1
    last = time.time_ns() // 1_000 // MINUTE_US
    minutes: Ints = np.arange(last - n_minutes, last, dtype=np.int64)
    dated: list[tuple[int, bytes, bytes]] = []
    model = MarketModel(SEED)
    for market in markets:
        slots = observation_slots(
            model, market, minutes=minutes, observations_a_minute=np.full(n_minutes, PRICES_A_MINUTE)
        )
        values = price_values(model, market, slots)
        key = market.symbol.encode()
        dated += [
            (time_us, key, value) for time_us, (value,) in zip(slots.times_us.tolist(), values, strict=True)
        ]
    return [(key, value) for _, key, value in sorted(dated)][:n_prices]


def publish(bootstrap: str, topic: str, messages: Sequence[Keyed]) -> None:
    """Return once the broker has them all."""
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=20, batch_size=262_144)
    for key, value in messages:
        producer.send(topic, key=key, value=value)
    producer.flush()
    producer.close()


def bare_scorer_seconds(news: Sequence[News]) -> float:
    """Language, assets and score of each text in a plain loop: no validation, no messages."""
    scorer = lexicon_scorer()
    started = time.perf_counter()
    for each in news:
        language = language_of(each.title)
        mentions = find_mentions(each.title, each.summary)
        if language in scorer.languages:
            scorer.score([Passage(mention.passage, language) for mention in mentions])
    return time.perf_counter() - started


def scored_messages_seconds(messages: Sequence[Keyed]) -> float:
    """Return seconds of the same from message to message: with validation, ids and JSON."""
    scorers = [lexicon_scorer()]
    now_us = time.time_ns() // 1_000
    started = time.perf_counter()
    for key, value in messages:
        to_results(list(read_texts([(key, value, now_us)])), scorers, analyzed_time_us=now_us)
    return time.perf_counter() - started


def last_of_each_key(messages: Sequence[Keyed]) -> list[Keyed]:
    """One more message of each symbol: once it is there the forecaster lets all go that came a slack before it."""
    return list(dict(messages).items())


def bare_forecaster_seconds(messages: Sequence[Keyed]) -> tuple[float, float, int]:
    """Seconds of forecasting alone, seconds with validation and JSON, and how many predictions were made."""
    now_us = time.time_ns() // 1_000
    began = time.perf_counter()
    by_symbol: dict[str, list[Arrival]] = {}
    for at_us, batch in ((now_us, messages), (now_us + 2 * SLACK_US, last_of_each_key(messages))):
        for offset, (key, value) in enumerate(batch):
            arrival = to_arrival(
                RAW_PRICE.topic, partition=0, offset=offset, broker_us=at_us, key=key, value=value
            )
            if arrival is not None:
                by_symbol.setdefault(key.decode(), []).append(arrival)
    validated = time.perf_counter()
    predictions = [
        made for symbol, arrivals in by_symbol.items() for made in Forecaster(symbol).add(arrivals)
    ]
    forecast = time.perf_counter()
    for prediction in predictions:
        to_prediction_value(prediction)
    return forecast - validated, time.perf_counter() - began, len(predictions)
