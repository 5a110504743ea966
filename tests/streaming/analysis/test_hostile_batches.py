"""Batches of any bytes: an analysis leaves out the record at which it fails, counts it, and goes on with the others."""

import json
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakehouse.series.markets import DEFAULT_RULES
from streaming.analysis.prediction import query as prediction_query
from streaming.analysis.prediction.arrivals import TOPICS, Arrival, PriceObservation
from streaming.analysis.prediction.minute_forecaster import MinuteForecaster
from streaming.analysis.sentiment import query as sentiment_query
from tests.support.hostile_messages import BROKER_TIME, BROKER_TIME_US, hostile_messages
from tests.support.messages import news, to_bytes
from tests.support.observations import price_arrivals, walk
from tests.support.profiles import sized

Record = tuple[bytes | None, bytes | None]

hostile = st.integers(0, 2**32).map(lambda seed: next(hostile_messages(1, seed=seed)))
records = st.tuples(st.none() | st.binary(max_size=20), st.none() | st.binary(max_size=200)) | hostile.map(
    lambda message: (message.key, message.value)
)
batches = st.lists(records, max_size=12)


class FakeState:
    """Spark's state of a group."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    @property
    def exists(self) -> bool:
        return bool(self.values)

    @property
    def get(self) -> tuple[Any, ...]:
        return self.values[-1]

    def update(self, value: tuple[Any, ...]) -> None:
        self.values.append(value)


def good_text(at: int) -> Record:
    return b"wire", to_bytes(news(BROKER_TIME, key=str(at), title=f"Bitcoin gains {at} %"))


def score(batch: list[Record]) -> list[dict[str, Any]]:
    rows = pa.RecordBatch.from_pydict(
        {
            "key": pa.array([key for key, _ in batch], pa.binary()),
            "value": pa.array([value for _, value in batch], pa.binary()),
            "timestamp": pa.array([BROKER_TIME] * len(batch), pa.timestamp("us", tz="UTC")),
            "partition": pa.array([0] * len(batch), pa.int32()),
            "offset": pa.array(range(len(batch)), pa.int64()),
        }
    )
    (results,) = sentiment_query.score_batches([rows], sentiment_query.DEFAULT_SETTINGS)
    return list(results.to_pylist())


def message_ids(results: list[dict[str, Any]]) -> list[str | None]:
    return [result["value"] and json.loads(result["value"])["message_id"] for result in results]


@settings(max_examples=sized(quick=30, full=100, soak=2_000))
@given(batch=batches)
def test_any_records_are_scored_without_an_error_and_change_no_other(batch: list[Record]) -> None:
    good = [good_text(at) for at in range(3)]
    expected = message_ids(score(good))

    found = message_ids(score([*batch, *good]))

    assert None not in found
    assert found[-3:] == expected


@pytest.mark.parametrize(
    "error", [RecursionError("deep"), KeyError("x"), AssertionError(), OverflowError("int")]
)
def test_text_at_which_scoring_fails_is_left_out_and_counted(
    error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    expected = message_ids(score([good_text(0), good_text(2)]))
    to_results = sentiment_query.to_results

    def fail_at_one(texts: Any, *arguments: Any, **named: Any) -> Any:
        if any(" 1 %" in text.title for text in texts):
            raise error
        return to_results(texts, *arguments, **named)

    monkeypatch.setattr(sentiment_query, "to_results", fail_at_one)
    results = score([good_text(at) for at in range(3)])

    assert message_ids(results) == [expected[0], None, expected[1]]
    assert results[1] == dict.fromkeys(("key", "value", "label", "aliases"))
    assert "topic=raw-news partition=0 offset=1" in caplog.text


def forecast(symbol: str, rows: list[tuple[str, bytes | None]], state: FakeState) -> list[dict[str, Any]]:
    frame = pd.DataFrame(
        {
            "topic": [topic for topic, _ in rows],
            "partition": 0,
            "offset": range(len(rows)),
            "broker_ms": BROKER_TIME_US // 1_000,
            "value": pd.Series([value for _, value in rows], dtype=object),
        }
    )
    frames = prediction_query._forecast(DEFAULT_RULES.default, (symbol,), [frame], state)
    return [row for found in frames for row in found.to_dict("records")]


@settings(max_examples=sized(quick=30, full=100, soak=2_000))
@given(
    symbol=st.sampled_from(("btc", "eth", "1inch", "btc\n", "é")),
    rows=st.lists(
        st.tuples(
            st.sampled_from(TOPICS), st.none() | st.binary(max_size=100) | hostile.map(lambda m: m.value)
        ),
        max_size=12,
    ),
)
def test_any_records_are_forecast_without_an_error(symbol: str, rows: list[tuple[str, bytes | None]]) -> None:
    state = FakeState()
    for _ in range(2):
        assert all(row["value"] is not None for row in forecast(symbol, rows, state))


def test_message_at_which_learning_fails_is_left_out_and_counted(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    arrivals = price_arrivals(walk(30, seed=1))
    poison = arrivals[7][-1]
    learn = MinuteForecaster.add

    def fail_at_one(self: MinuteForecaster, observation: PriceObservation) -> Any:
        if observation == poison:
            raise ZeroDivisionError("variance")
        return learn(self, observation)

    expected = [row["value"] for row in _forecast_arrivals(arrivals[:7] + arrivals[8:], monkeypatch)]
    monkeypatch.setattr(MinuteForecaster, "add", fail_at_one)
    found = [row["value"] for row in _forecast_arrivals(arrivals, monkeypatch)]

    assert found == [*expected, None]
    assert f"partition={arrivals[7][2]} offset={arrivals[7][3]}" in caplog.text


def _forecast_arrivals(arrivals: list[Arrival], monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    monkeypatch.setattr(prediction_query, "_to_arrivals", lambda *_: iter(arrivals))
    frames = prediction_query._forecast(DEFAULT_RULES.default, ("btc",), [pd.DataFrame()], FakeState())
    return [row for found in frames for row in found.to_dict("records")]
