"""Forecaster: independent of batches, and of all later messages."""

import math
import random
from functools import cache
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from msgspec.structs import replace

from lakehouse.messages.contract import PREDICTED_PRICE
from lakehouse.messages.validation import Rejected, validate
from lakehouse.series.markets import Asset, Market, SymbolRules
from lakehouse.time_range import MINUTE_US
from streaming.analysis.prediction.arrivals import SLACK_US, Arrival, PriceObservation
from streaming.analysis.prediction.bars import Bar
from streaming.analysis.prediction.forecaster import Forecaster
from streaming.analysis.prediction.messages import to_value
from streaming.analysis.prediction.minute_forecaster import (
    HorizonState,
    PendingForecast,
    ScaleInputs,
)
from streaming.analysis.prediction.models import HORIZONS, Inputs
from streaming.analysis.prediction.predictions import Prediction
from streaming.analysis.prediction.volatility import Volatility
from tests.support.observations import (
    SIMX,
    START_MINUTE,
    forecast,
    minute_of,
    price_arrival,
    price_arrivals,
    price_at,
    sentiment_arrival,
    walk,
)
from tests.support.profiles import sized

pytestmark = pytest.mark.heavy

N_MINUTES = 700


def bar_ending_at(end_us: int) -> Bar:
    return Bar(end_us=end_us, close=1.01, close_us=end_us, market=SIMX, origin="collected")


def mixed_arrivals(seed: int, n_minutes: int = N_MINUTES) -> list[Arrival]:
    """Return prices with gaps, late and repeated ones, sentiments on time, late and repeated, in no order."""
    draw = random.Random(seed)
    arrivals: list[Arrival] = []
    for minute, price in enumerate(walk(n_minutes, seed=seed)):
        if 300 <= minute < 320 or draw.random() < 0.05:
            continue
        for second in (10, 50):
            delay = 200.0 if draw.random() < 0.02 else draw.uniform(0.1, 2.0)
            seen = price_at(60 * minute + second, price * (1 + 1e-5 * second), delay_seconds=delay)
            arrivals.append(price_arrival(len(arrivals), seen))
        if draw.random() < 0.3:
            key = f"text {minute}"
            for copy in range(draw.choice((1, 1, 2))):
                delay = draw.choice((1.0, 30.0, 4_000.0)) + copy
                score = draw.uniform(-1, 1) if copy == 0 else 1.0
                arrivals.append(
                    sentiment_arrival(len(arrivals), 60 * minute + 20, score, delay_seconds=delay, key=key)
                )
    return arrivals


@cache
def forecast_whole(seed: int) -> list[Prediction]:
    return forecast(mixed_arrivals(seed))


def in_batches(arrivals: list[Arrival], seed: int) -> list[Prediction]:
    """Forecast from random batches, each with all that arrived up to some moment; state through bytes."""
    draw = random.Random(seed)
    by_time = sorted(arrivals)
    cuts = sorted(
        {0, len(by_time), *(draw.randrange(len(by_time)) for _ in range(draw.choice((1, 20, 200))))}
    )
    forecaster, made = Forecaster("btc"), []
    for start, end in pairwise(cuts):
        batch = by_time[start:end]
        draw.shuffle(batch)
        made.extend(forecaster.add(batch))
        forecaster = Forecaster.from_bytes(forecaster.to_bytes())
    return made


@pytest.mark.parametrize("seed", range(sized(quick=1, full=3, soak=20)))
def test_batches_and_restarts_change_nothing(seed: int) -> None:
    arrivals = mixed_arrivals(seed)
    assert len(forecast_whole(seed)) > 3_000
    assert in_batches(arrivals, seed) == forecast_whole(seed)


@pytest.mark.parametrize("seed", range(sized(quick=1, full=2, soak=10)))
def test_one_topic_read_a_slack_before_the_other_changes_nothing(seed: int) -> None:
    arrivals = sorted(mixed_arrivals(seed))
    forecaster, made = Forecaster("btc"), []
    for at_us in range(arrivals[0][0], arrivals[-1][0] + SLACK_US, 60_000_000):
        ends = {"raw-price": at_us, "analyzed-sentiment": at_us - SLACK_US + 1}
        made.extend(forecaster.add(a for a in arrivals if ends[a[1]] - 60_000_000 < a[0] <= ends[a[1]]))
    assert made == forecast_whole(seed)[: len(made)]
    assert len(made) > 3_000


@pytest.mark.parametrize("cut", [200, 500, 900, 1_300])
def test_later_messages_change_no_earlier_prediction(cut: int) -> None:
    arrivals = sorted(mixed_arrivals(9))
    until_us = arrivals[cut][0]
    before = forecast(arrivals[: cut + 1])
    another_future = [
        (
            *head,
            replace(seen, price=2 * seen.price)
            if isinstance(seen, PriceObservation)
            else replace(seen, score=-1.0),
        )
        for *head, seen in arrivals
        if head[0] > until_us
    ]
    changed = forecast([*arrivals[: cut + 1], *another_future])  # type: ignore[list-item]
    assert before
    assert forecast_whole(9)[: len(before)] == before == changed[: len(before)]


def test_first_minutes_give_a_walk_without_an_interval() -> None:
    made = forecast(price_arrivals([100.0, 101.0, 102.0, 103.0]))
    assert [(minute_of(p), p.horizon, p.model, p.base_price, p.predicted_price, p.lower) for p in made] == [
        (2, "5m", "random-walk", 101.0, 101.0, None),
        (2, "1h", "random-walk", 101.0, 101.0, None),
        (2, "24h", "random-walk", 101.0, 101.0, None),
    ]
    assert [(p.target_us - p.made_us) // MINUTE_US for p in made] == [5, 60, 1_440]


def intervals_by_minute(made: list[Prediction], model: str, horizon: str = "5m") -> dict[int, float | None]:
    """Return the widths of the intervals, in shares of the price, by the minute of the forecast."""
    return {
        minute_of(p): None if p.lower is None or p.upper is None else (p.upper - p.lower) / p.base_price
        for p in made
        if p.model == model and p.horizon == horizon
    }


@pytest.mark.parametrize("horizon", ["5m", "1h", "24h"])
def test_first_interval_comes_after_an_hour_at_every_horizon(horizon: str) -> None:
    widths = intervals_by_minute(forecast(price_arrivals(walk(100, seed=2))), "random-walk", horizon)
    assert [minute for minute, width in widths.items() if width is not None] == list(range(65, 99))


def test_gap_of_less_than_an_hour_widens_the_next_intervals_and_withholds_none() -> None:
    minutes = [*range(400), *range(430, 600)]
    made = forecast(price_arrivals(walk(len(minutes), seed=2), minutes=minutes))
    widths = intervals_by_minute(made, "random-walk")
    assert not [minute for minute in widths if 400 < minute < 431]
    before, after, later = widths[399], widths[431], widths[462]
    assert before is not None
    assert after is not None
    assert later is not None
    assert after > 2.0 * before
    assert later < 1.5 * before
    assert next(minute for minute in intervals_by_minute(made, "ridge-price") if minute > 400) == 491


def test_gap_of_hours_withholds_intervals_until_there_are_returns_again() -> None:
    minutes = [*range(400), *range(1_430, 1_600)]
    widths = intervals_by_minute(
        forecast(price_arrivals(walk(len(minutes), seed=2), minutes=minutes)), "random-walk"
    )
    assert [widths[minute] for minute in range(1_432, 1_445)] == [None] * 13
    assert all(widths[minute] is not None for minute in range(1_445, 1_599))


@pytest.mark.parametrize(("n_missing", "is_learned"), [(0, True), (2, True), (3, False)])
def test_outcome_in_a_gap_is_not_learned(n_missing: int, is_learned: bool) -> None:
    state, end_us = HorizonState.new(HORIZONS[0]), 1_000 * MINUTE_US
    before_learning = state.distribution.half_width()
    scale_inputs = ScaleInputs(np.array([1.0] + [-14.0] * 5), 5.0, 0.0)
    for _ in range(4_000):
        state.pending.append(
            PendingForecast(0, end_us, 0.0, Inputs(1e-9, None, has_news=False), scale_inputs, 1.0, {})
        )
    before = bar_ending_at(end_us - n_missing * MINUTE_US)
    after = bar_ending_at(end_us + (MINUTE_US if n_missing else 0))
    state.learn(after, before, Volatility())
    assert not state.pending
    assert (state.distribution.half_width() != before_learning) == is_learned


def test_model_with_sentiment_says_nothing_without_news() -> None:
    prices = price_arrivals(walk(300, seed=4))
    texts = [sentiment_arrival(at, 60 * at + 5, 0.9, key=f"{at}") for at in range(100, 200, 3)]
    assert not intervals_by_minute(forecast(prices), "ridge-sentiment")
    with_texts = intervals_by_minute(forecast([*prices, *texts]), "ridge-sentiment")
    assert with_texts
    assert min(with_texts) > 130


def test_repeated_sentiment_counts_once() -> None:
    prices = price_arrivals(walk(300, seed=4))
    texts = [sentiment_arrival(at, 60 * at + 5, 0.9, key=f"{at}") for at in range(0, 300, 3)]
    again = [
        sentiment_arrival(1_000 + at, 60 * at + 5, -0.9, delay_seconds=9, key=f"{at}")
        for at in range(0, 300, 3)
    ]
    assert forecast([*prices, *texts, *again]) == forecast([*prices, *texts])


def test_market_that_is_silent_for_an_hour_gives_way_and_the_past_restarts() -> None:
    kraken = Market("kraken", "usd")
    prices = walk(260, seed=5)
    arrivals = [
        price_arrival(
            at, price_at(60 * at + 30, 2 * p, market=kraken) if at >= 120 else price_at(60 * at + 30, p)
        )
        for at, p in enumerate(prices)
    ]
    made = forecast(arrivals)
    minutes = [minute_of(p) for p in made if p.model == "random-walk" and p.horizon == "5m"]
    assert minutes == [*range(2, 120), *range(182, 259)]
    assert {p.horizon for p in made if p.model == "ridge-price" and minute_of(p) > 180} == {"5m"}
    assert min(minute_of(p) for p in made if p.model == "ridge-price" and minute_of(p) > 180) == 241


def jumping(silent_minutes: int) -> list[Prediction]:
    """Return the predictions of a price that jumps by eleven powers of e over a silence."""
    minutes = [*range(1_500), *range(1_500 + silent_minutes, 1_800 + silent_minutes)]
    levels = [1e-4] * 1_500 + [9.0] * 300
    prices = [level * p / 100 for level, p in zip(levels, walk(1_800, seed=11), strict=True)]
    return forecast(price_arrivals(prices, minutes=minutes))


@pytest.mark.parametrize("silent_minutes", [4, 40, 61, 180, 1_440, 3 * 1_440])
def test_jump_over_a_silence_enters_no_volatility_and_no_model(silent_minutes: int) -> None:
    made = jumping(silent_minutes)
    after = [p for p in made if p.base_price > 1]
    assert {p.model for p in after} == {"random-walk", "ridge-price"}
    assert not [p for p in made if 1_500 < minute_of(p) <= 1_500 + silent_minutes]
    for prediction in after:
        assert abs(math.log(prediction.predicted_price / prediction.base_price)) < 0.2
        if prediction.lower is not None and prediction.upper is not None:
            assert prediction.upper / prediction.lower < 1.5


NEW_ASSET = SymbolRules(
    assets=(
        Asset(0, (START_MINUTE + 300) * MINUTE_US),
        Asset((START_MINUTE + 300) * MINUTE_US, name="new", venues=("kraken",)),
    )
)


def test_another_asset_starts_anew_at_its_venue_with_nothing_learned() -> None:
    old = price_arrivals(walk(400, seed=12))
    texts = [sentiment_arrival(at, 60 * at + 5, 0.9, origin="generated") for at in range(0, 290, 3)]
    kraken = Market("kraken", "usd")
    new = [
        price_arrival(1_000 + at, price_at(60 * at + 20, 9 * p, market=kraken))
        for at, p in enumerate(walk(500, seed=13), 100)
    ]
    of_new = [arrival for arrival in new if arrival[4].event_us >= NEW_ASSET.assets[1].start_us]

    made = list(Forecaster("btc", NEW_ASSET).add([*old, *texts, *new]))

    assert [p for p in made if minute_of(p) > 301] == list(Forecaster("btc").add(of_new))
    assert {minute_of(p) for p in made if p.base_price < 500} == set(range(2, 300))


def test_rules_are_those_of_today_also_for_a_stored_state() -> None:
    prices, cut = price_arrivals(walk(600, seed=14)), 280
    stored = Forecaster("btc")
    list(stored.add(prices[:cut]))
    changed = SymbolRules(
        assets=tuple(Asset(asset.start_us, asset.end_us, asset.name) for asset in NEW_ASSET.assets)
    )

    made = list(Forecaster.from_bytes(stored.to_bytes(), changed).add(prices[cut:]))
    withdrawn = Forecaster.from_bytes(stored.to_bytes(), changed)
    list(withdrawn.add(prices[cut:400]))
    later = list(Forecaster.from_bytes(withdrawn.to_bytes()).add(prices[400:]))

    whole = list(Forecaster("btc", changed).add(prices))
    assert len(made) > 1_000
    assert made == whole[-len(made) :]
    assert {minute_of(p) for p in later} >= set(range(400, 599))


def test_prediction_has_the_worst_origin_of_its_inputs() -> None:
    prices = price_arrivals(walk(40, seed=6))
    generated = sentiment_arrival(0, 20 * 60 + 10, 0.5, origin="generated")
    made = forecast([*prices, generated])
    assert {p.origin for p in made if minute_of(p) < 20} == {"collected"}
    assert {p.origin for p in made if minute_of(p) >= 20} == {"generated"}


def test_every_prediction_is_a_valid_message_with_an_id_of_its_own() -> None:
    made = forecast_whole(1)
    ids = set()
    for prediction in made:
        row = validate(
            PREDICTED_PRICE.topic, key=b"btc", value=to_value(prediction), broker_time_us=prediction.made_us
        )
        assert not isinstance(row, Rejected), row
        ids.add(row[0])
    assert len(ids) == len(made)


@pytest.mark.parametrize("price", [5e-324, 1e-300, 1e300, 1.7e308])
def test_extreme_prices_never_make_an_invalid_message(price: float) -> None:
    prices = walk(200, seed=7)
    prices[100] = price
    prices[150:] = [price * (1 + 0.01 * (at % 2)) for at in range(50)]
    for prediction in forecast(price_arrivals(prices)):
        value = to_value(prediction)
        row = validate(PREDICTED_PRICE.topic, key=b"btc", value=value, broker_time_us=prediction.made_us)
        assert not isinstance(row, Rejected), row


def test_state_stays_small() -> None:
    forecaster = Forecaster("btc")
    texts = [sentiment_arrival(at, 10 * at, 0.1, key=str(at)) for at in range(20_000)]
    list(forecaster.add([*price_arrivals(walk(3_000, seed=8)), *texts]))
    assert len(forecaster.to_bytes()) < 400_000


def test_message_has_the_whole_distribution_and_validation_accepts_it() -> None:
    made = forecast(price_arrivals(walk(400, seed=5)))
    for prediction in made[-9:]:
        message = msgspec.json.decode(to_value(prediction))
        levels, values = message["quantiles"]["levels"], message["quantiles"]["values"]
        assert len(levels) == len(values) == 11
        assert values[levels.index(0.05)] == message["lower"]
        assert values[levels.index(0.95)] == message["upper"]
        assert values[levels.index(0.5)] == pytest.approx(message["predicted_price"])
        assert [move["threshold"] for move in message["moves"]] == [0.005, 0.01, 0.02, 0.05]
        assert message["sigma"] > 0.0
        assert (message["p_up"], message["p_up_base_rate"]) == (0.5, pytest.approx(0.5, abs=0.1))


def test_message_of_a_young_market_says_that_it_has_no_distribution() -> None:
    first = msgspec.json.decode(to_value(forecast(price_arrivals(walk(30, seed=5)))[0]))
    assert [first[name] for name in ("lower", "upper", "sigma", "quantiles", "moves")] == [None] * 5
    assert first["p_up"] == 0.5
