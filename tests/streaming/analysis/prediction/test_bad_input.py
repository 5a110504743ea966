"""Bad input at the whole forecaster: a sane interval at every horizon, or none, and a way back to the usual one."""

import math
from collections.abc import Callable, Sequence
from functools import cache

import pytest

from lakehouse.messages.contract import PREDICTED_PRICE, RAW_PRICE
from lakehouse.messages.validation import Rejected, validate
from lakehouse.time_range import MINUTE_US, SECOND_US
from streaming.analysis.prediction.arrivals import Arrival, PriceObservation, to_arrival
from streaming.analysis.prediction.forecaster import Forecaster
from streaming.analysis.prediction.messages import to_value
from streaming.analysis.prediction.predictions import Prediction
from streaming.kafka.messages import to_value as to_contract_value
from tests.support.observations import (
    START_MINUTE,
    forecast,
    minute_of,
    price_arrival,
    price_arrivals,
    price_at,
    walk,
)

HORIZONS = ("5m", "1h", "24h")
BAD_AT, N_MINUTES, RECOVERED_AT = 500, 1_300, 1_250
Distort = Callable[[list[float]], list[float]]


def replaced(minutes: Sequence[int], factor: float) -> Distort:
    """Return a distortion of single minutes."""
    return lambda prices: [
        price * factor if minute in set(minutes) else price for minute, price in enumerate(prices)
    ]


def from_then_on(factor: float) -> Distort:
    return lambda prices: [price * factor if at >= BAD_AT else price for at, price in enumerate(prices)]


def at_level(level: float, n_minutes: int) -> Distort:
    """Return a distortion to a constant price for so many minutes."""
    return lambda prices: [
        level if BAD_AT <= at < BAD_AT + n_minutes else price for at, price in enumerate(prices)
    ]


KINDS: dict[str, Distort] = {
    "one tick at a thousandfold": replaced([BAD_AT], 1_000.0),
    "one tick at a thousandth": replaced([BAD_AT], 1e-3),
    "three ticks at a thousandfold": replaced(range(BAD_AT, BAD_AT + 3), 1_000.0),
    "a thousandfold that stays": from_then_on(1_000.0),
    "a thousandth that stays": from_then_on(1e-3),
    "ten minutes at a thousandfold": replaced(range(BAD_AT, BAD_AT + 10), 1_000.0),
    "a bad tick every quarter of an hour": replaced(range(BAD_AT, BAD_AT + 300, 15), 1.3),
    "bad ticks of both signs": lambda prices: replaced([BAD_AT + 7], 0.5)(replaced([BAD_AT], 2.0)(prices)),
    "every other minute a thousandfold": replaced(range(BAD_AT, BAD_AT + 60, 2), 1_000.0),
    "1e300": at_level(1e300, 20),
    "1e-300": at_level(1e-300, 20),
    "1e-320": at_level(1e-320, 20),
    "5e-324": at_level(5e-324, 1),
    "1.7e308": at_level(1.7e308, 5),
    "a rest of two days": lambda prices: [*prices[:BAD_AT], *[prices[BAD_AT]] * 2_880, *prices[BAD_AT:]],
    "a coarse tick": lambda prices: [float(round(price)) for price in prices],
}


def widths(made: Sequence[Prediction], horizon: str) -> dict[int, float]:
    """Return the widths of intervals as log returns, by the minute of the forecast."""
    return {
        minute_of(one): math.log(one.upper / one.lower)
        for one in made
        if one.model == "random-walk"
        and one.horizon == horizon
        and one.lower is not None
        and one.upper is not None
    }


@cache
def usual_widths(horizon: str) -> dict[int, float]:
    return widths(forecast(price_arrivals(walk(N_MINUTES, seed=21))), horizon)


def assert_sane(made: Sequence[Prediction]) -> None:
    """Assert that each prediction is a valid message whose interval is neither empty nor wider than fourfold."""
    for prediction in made:
        value = to_value(prediction)
        row = validate(PREDICTED_PRICE.topic, key=b"btc", value=value, broker_time_us=prediction.made_us)
        assert not isinstance(row, Rejected), row
        if prediction.lower is not None and prediction.upper is not None:
            assert prediction.lower < prediction.upper <= prediction.lower * 4.0 * (1 + 1e-9)
            assert prediction.spread is not None
            assert prediction.spread.deviation > 0.0
            assert all(0.0 <= one <= 1.0 for one in prediction.spread.move_probabilities)


@pytest.mark.parametrize("kind", KINDS)
def test_intervals_stay_sane_and_become_usual_again(kind: str) -> None:
    made = forecast(price_arrivals(KINDS[kind](walk(N_MINUTES, seed=21))))

    assert_sane(made)
    for horizon in HORIZONS:
        expected, found = usual_widths(horizon), widths(made, horizon)
        last = max(found)
        assert last >= RECOVERED_AT
        assert found[last] < 6.0 * expected[max(expected)]
        assert found[last] > expected[max(expected)] / 6.0


def moved_back(arrivals: list[Arrival]) -> list[Arrival]:
    """Return prices of which each tenth is stamped an hour before the one that arrived before it."""
    prices = [observation.price for *_, observation in arrivals if isinstance(observation, PriceObservation)]
    moved = []
    for at, price in enumerate(prices):
        back_minutes = 60 if at % 10 == 9 else 0
        seen = price_at(60 * (at - back_minutes) + 30, price, delay_seconds=60.0 * back_minutes + 1)
        moved.append(price_arrival(at, seen))
    return moved


def in_reverse(arrivals: list[Arrival]) -> list[Arrival]:
    """Return prices whose event times run back while they arrive, for two hours."""
    first, n = 300, 120
    again = [
        price_arrival(10_000 + at, price_at(60 * (first + n - at), 100.0, delay_seconds=60.0 * 2 * at + 1))
        for at in range(n)
    ]
    return [*arrivals, *again]


def all_twice(arrivals: list[Arrival]) -> list[Arrival]:
    """Return each minute twice, the second time with another price for the same instant."""
    return [
        *arrivals,
        *(
            price_arrival(10_000 + at, price_at(60 * at + 30, 99.0 + at % 3))
            for at in range(0, len(arrivals), 2)
        ),
    ]


def at_one_instant(arrivals: list[Arrival]) -> list[Arrival]:
    """Return a thousand prices at one instant in between."""
    return [
        *arrivals,
        *(price_arrival(10_000 + at, price_at(60 * 300 + 30, 50.0 + at % 100)) for at in range(1_000)),
    ]


def from_tomorrow(arrivals: list[Arrival]) -> list[Arrival]:
    """Return prices some of which are stamped a day after they arrive."""
    return [
        *arrivals,
        *(
            price_arrival(10_000 + at, price_at(60 * at + 86_400, 7.0, delay_seconds=-86_400))
            for at in range(200)
        ),
    ]


@pytest.mark.parametrize("disorder", [moved_back, in_reverse, all_twice, at_one_instant, from_tomorrow])
def test_wrong_times_and_repeated_minutes_leave_intervals_sane(
    disorder: Callable[[list[Arrival]], list[Arrival]],
) -> None:
    made = forecast(disorder(price_arrivals(walk(700, seed=22))))

    assert_sane(made)
    per_minute = [(one.made_us, one.horizon, one.model) for one in made]
    assert len(set(per_minute)) == len(per_minute)
    for horizon in HORIZONS:
        found = widths(made, horizon)
        assert max(found) > 650
        assert found[max(found)] < 6.0 * widths(forecast(price_arrivals(walk(700, seed=22))), horizon)[698]


@pytest.mark.parametrize(
    "price", [5e-324, 1e-320, 1e-300, 0.0, -1.0, 1e300, 1.7e308, float("inf"), float("nan"), 1e-12, 1e15]
)
def test_a_message_of_such_a_price_is_refused_or_makes_sane_intervals(price: float) -> None:
    forecaster, made = Forecaster("btc"), []
    for at, usual in enumerate(walk(200, seed=23)):
        event_us = (START_MINUTE + at) * MINUTE_US + 30 * SECOND_US
        value = to_contract_value(
            RAW_PRICE,
            event_time_us=event_us,
            natural_key=("simx", "usd", str(at)),
            base="btc",
            venue="simx",
            quote="usd",
            price=price if at == 100 else usual,
            base_volume=None,
        )
        arrival = to_arrival(
            RAW_PRICE.topic, partition=0, offset=at, broker_us=event_us + SECOND_US, key=b"btc", value=value
        )
        made.extend(forecaster.add([] if arrival is None else [arrival]))

    assert_sane(made)
    assert forecaster.n_failed == 0
    assert {one.horizon for one in made if minute_of(one) > 150 and one.upper is not None} == set(HORIZONS)
