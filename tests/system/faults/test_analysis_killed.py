"""SIGKILL of the analysis while news and prices flow and aliases change: each result is in gold once."""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer

from lakehouse.aliases.names import AssetNames
from lakehouse.aliases.versions import SEED_VERSION, AliasReader, publish_aliases
from lakehouse.messages.contract import ANALYZED_SENTIMENT, PREDICTED_PRICE, RAW_NEWS
from lakehouse.messages.validation import Rejected, validate
from lakehouse.time_range import MINUTE_US, to_time
from streaming.analysis.prediction.arrivals import TOPICS, to_arrival
from streaming.analysis.prediction.forecaster import Forecaster
from streaming.analysis.prediction.messages import to_value
from streaming.analysis.sentiment.results import read_texts, to_results
from streaming.analysis.sentiment.scorers import lexicon_scorer
from streaming.offline.news_wire import NewsWire
from tests.support.messages import as_stored, news, price, to_bytes
from tests.support.record_accounting import Delivered, n_rows, read_delivered, read_table
from tests.support.waiting import wait_until
from tests.system.faults.conftest import Rig, new_rig

SEED = 20260301
SYMBOLS = ("btc", "eth")
DAYS_BACK = 8
SENTIMENT_FIELDS = ("symbol", "score", "label", "model_version")

Message = tuple[str, bytes, bytes | None]


class NewsAndPrices(threading.Thread):
    """A producer that runs through every kill, seeded.

    It sends a minute of the market each time, texts of the offline wire, copies of earlier messages and poison. Minutes
    pass faster than the clock, so that many are closed.
    """

    def __init__(self, bootstrap: str, *, seed: int, minutes_per_second: float = 8.0) -> None:
        super().__init__(name="news and prices", daemon=True)
        self._random = random.Random(seed)
        self._wire = NewsWire(seed=seed, every_seconds=90)
        self._pause_seconds = 1.0 / minutes_per_second
        self._stopping = threading.Event()
        self._producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=5, retries=1000)
        self._minute = time.time_ns() // 1_000 // MINUTE_US - DAYS_BACK * 1_440
        self._prices = dict.fromkeys(SYMBOLS, 100.0)
        self._sent: list[Message] = []

    def run(self) -> None:
        while not self._stopping.wait(self._pause_seconds):
            for message in self._next_minute():
                self._send(message)
                self._sent.append(message)
            if self._random.random() < 0.2:
                self._send(self._random.choice(self._sent))
            if self._random.random() < 0.1:
                self._send((self._random.choice(["raw-news", "raw-price"]), b"btc", b'{"v":1'))

    def stop(self) -> None:
        self._stopping.set()
        self.join()
        self._producer.flush(timeout=60)
        self._producer.close(timeout=5)

    def _send(self, message: Message) -> None:
        topic, key, value = message
        self._producer.send(topic, key=key, value=value)

    def _next_minute(self) -> Iterator[Message]:
        start_us = self._minute * MINUTE_US
        self._minute += 1
        for symbol in SYMBOLS:
            self._prices[symbol] *= 1 + self._random.gauss(0, 0.001)
            observed = price(
                to_time(start_us + 30_000_000),
                symbol=symbol,
                key=str(start_us),
                price=round(self._prices[symbol], 4),
            )
            yield "raw-price", symbol.encode(), to_bytes(observed)
        for text in self._wire.between(start_us, start_us + MINUTE_US):
            written = {"title": text.title, "summary": text.summary, "url": text.url, "language": None}
            message = news(to_time(text.time_us), symbol=text.outlet, key=text.guid, **written)
            yield "raw-news", text.outlet.encode(), to_bytes(message)


def change_aliases(rig: Rig, n_changes: int) -> None:
    """Publish one more asset, which nearly every text mentions, each time by other words."""
    common = AssetNames(symbol="zzz", words=("the", "le", "la", f"coin {n_changes}"))
    publish_aliases(rig.lake, lambda: [*SEED_VERSION.assets, common], lambda: time.time_ns() // 1_000)


def expected_sentiments(rig: Rig, delivered: list[Delivered]) -> dict[str, dict[str, Any]]:
    """Return the results of every text in Kafka by id, but for their times of analysis.

    A copy comes later in its partition, perhaps under other aliases; gold stores the first result.
    """
    texts = [one for one in delivered if one.record_id[0] == RAW_NEWS.topic]
    records = [
        (one.key, one.value, one.broker_time_us) for one in sorted(texts, key=lambda one: one.record_id[1:])
    ]
    results = to_results(
        list(read_texts(records, AliasReader(rig.lake).refresh())), [lexicon_scorer()], analyzed_time_us=0
    )
    messages = [json.loads(result.value) for result in results]
    return {one["message_id"]: {name: one[name] for name in SENTIMENT_FIELDS} for one in reversed(messages)}


def expected_predictions(delivered: list[Delivered]) -> dict[str, dict[str, Any]]:
    """Return the predictions by id, as gold stores them, of a forecaster that reads all of Kafka at once."""
    forecasters = {symbol: Forecaster(symbol) for symbol in SYMBOLS}
    for one in delivered:
        topic, partition, offset = one.record_id
        if topic not in TOPICS or one.key is None or one.key.decode() not in SYMBOLS:
            continue
        arrival = to_arrival(
            topic,
            partition=partition,
            offset=offset,
            broker_us=one.broker_time_us,
            key=one.key,
            value=one.value,
        )
        if arrival is not None:
            forecasters[one.key.decode()].arrivals.add([arrival])
    return dict(
        _as_gold(symbol, to_value(prediction))
        for symbol, forecaster in forecasters.items()
        for prediction in forecaster.add(())
    )


def _as_gold(symbol: str, value: bytes) -> tuple[str, dict[str, Any]]:
    now_us = round(datetime.now(UTC).timestamp() * 1e6)
    row = validate(PREDICTED_PRICE.topic, key=symbol.encode(), value=value, broker_time_us=now_us)
    assert not isinstance(row, Rejected), row
    fields = as_stored(PREDICTED_PRICE.topic, row)
    return fields["message_id"], {
        name: fields[name] for name in ("base_price", "predicted_price", "lower", "upper", "origin")
    }


def gold_by_id(rig: Rig, table: str, names: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    rows = read_table(rig.lake, table).select(["message_id", *names]).to_pylist()
    repeated = [message_id for message_id, n in Counter(row["message_id"] for row in rows).items() if n > 1]
    assert not repeated, f"{table} holds twice: {repeated[:3]}"
    return {row.pop("message_id"): row for row in rows}


class _Expected:
    """Expected content of gold, computed again only when Kafka holds more than before."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._n_delivered = -1
        self.sentiments: dict[str, dict[str, Any]] = {}
        self.predictions: dict[str, dict[str, Any]] = {}

    def are_in_gold(self) -> bool:
        """Return whether gold has as many results as Kafka's present news and prices give."""
        delivered = read_delivered(self._rig.broker.bootstrap)
        if len(delivered) != self._n_delivered:
            self._n_delivered = len(delivered)
            self.sentiments = expected_sentiments(self._rig, delivered)
            self.predictions = expected_predictions(delivered)
        n_sentiments = n_rows(self._rig.lake, ANALYZED_SENTIMENT.table.name)
        n_predictions = n_rows(self._rig.lake, PREDICTED_PRICE.table.name)
        return n_sentiments >= len(self.sentiments) and n_predictions >= len(self.predictions)


def n_results(rig: Rig) -> tuple[int, int]:
    """Return the numbers of sentiments and predictions in Kafka."""
    topics = (ANALYZED_SENTIMENT.topic, PREDICTED_PRICE.topic)
    counts = Counter(one.record_id[0] for one in read_delivered(rig.broker.bootstrap, topics))
    return counts[topics[0]], counts[topics[1]]


def _storm(directory: Path, *, n_kills: int, seed: int) -> None:
    moments = random.Random(seed)
    with new_rig(directory, directory / "lake", with_analysis=True) as rig:
        traffic = NewsAndPrices(rig.broker.bootstrap, seed=seed)
        traffic.start()
        for n_changes in range(n_kills):
            change_aliases(rig, n_changes)
            before = n_results(rig)
            rig.start()
            wait_until(
                lambda before=before: all(
                    now > then for now, then in zip(n_results(rig), before, strict=True)
                ),
                "new sentiments and predictions",
            )
            threading.Event().wait(moments.uniform(0.0, 3.0))
            rig.kill()
        traffic.stop()
        rig.start()
        expected = _Expected(rig)
        wait_until(expected.are_in_gold, "every result in gold", timeout_seconds=180)
        rig.finish()
        sentiments = gold_by_id(rig, ANALYZED_SENTIMENT.table.name, SENTIMENT_FIELDS)
        predictions = gold_by_id(
            rig, PREDICTED_PRICE.table.name, ("base_price", "predicted_price", "lower", "upper", "origin")
        )
        assert sentiments == expected.sentiments
        assert predictions == expected.predictions
        assert len(sentiments) > 20
        model_versions = Counter(row["model_version"] for row in sentiments.values())
        assert len(model_versions) > 1, model_versions
        assert "zzz" in {row["symbol"] for row in sentiments.values()}
        assert len(predictions) > 500


def test_analysis_killed_at_a_random_moment_leaves_each_result_in_gold_once(tmp_path: Path) -> None:
    _storm(tmp_path, n_kills=1, seed=SEED)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_analysis_killed_fifteen_times_leaves_each_result_in_gold_once(tmp_path: Path) -> None:
    _storm(tmp_path, n_kills=15, seed=SEED + 1)
