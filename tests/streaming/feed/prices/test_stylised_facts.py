"""Stylised facts of generated prices: each setting makes the property of real prices that it names, and no other."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import kurtosis, t

from lakehouse.time_range import MINUTE_US
from streaming.feed.market import ASSETS, MARKETS, PRIMARY_VENUE, Market
from streaming.feed.noise import Floats, Ints, child_keys, root_key
from streaming.feed.observations import observation_slots
from streaming.feed.prices.behaviour import USUAL, Behaviour, MarketModel
from streaming.feed.prices.bursts import burst_shape
from streaming.feed.prices.interruptions import is_down, rest_since_us
from streaming.feed.prices.path import market_prices, mid_prices, quoted_prices

MIDNIGHT = 20_513 * 1_440  # 2026-03-01 in epoch minutes
BTC, COARSE = Market("btc", PRIMARY_VENUE, "usd"), Market("link", PRIMARY_VENUE, "usd")
PLAIN = Behaviour(
    tail_freedom=1e6,
    clusters_across_days=0.0,
    clusters_within_day=0.0,
    bursts=0.0,
    daily_shape=0.0,
    jumps_a_day=0.0,
    tick=0.0,
    rests_a_day=0.0,
    bad_ticks=0.0,
    gaps_a_day=0.0,
)


def minutes(n_days: int) -> Ints:
    return np.arange(MIDNIGHT, MIDNIGHT + n_days * 1_440, dtype=np.int64)


def log_returns(
    behaviour: Behaviour, *, n_days: int, step: int = 1, symbol: str = "btc", seed: int = 3
) -> Floats:
    """Return log returns of the asset's price over steps of so many whole minutes."""
    times_us = minutes(n_days)[::step] * MINUTE_US + MINUTE_US - 1
    returns: Floats = np.diff(np.log(mid_prices(MarketModel(seed, behaviour), symbol, times_us)))
    return returns


def trades(behaviour: Behaviour, market: Market, *, n_days: int, a_minute: int = 1) -> tuple[Ints, Floats]:
    """Return instants and prices of so many trades a minute."""
    step_us = MINUTE_US // a_minute
    times_us = np.arange(
        MIDNIGHT * MINUTE_US, (MIDNIGHT + n_days * 1_440) * MINUTE_US, step_us, dtype=np.int64
    )
    keys = child_keys(root_key(3, "trades"), times_us)
    return times_us, market_prices(MarketModel(3, behaviour), market, times_us, keys)


def autocorrelation(values: Floats, lag: int) -> float:
    return float(np.corrcoef(values[:-lag], values[lag:])[0, 1])


def daily_log_variances(behaviour: Behaviour, *, n_days: int) -> Floats:
    returns = log_returns(behaviour, n_days=n_days, step=5)
    of_days = returns[: len(returns) // 288 * 288].reshape(-1, 288)
    logs: Floats = np.log((of_days**2).sum(axis=1))
    return logs


@pytest.mark.parametrize("symbol", ASSETS)
def test_five_minute_returns_have_a_kurtosis_of_40_or_more(symbol: str) -> None:
    assert kurtosis(log_returns(USUAL, n_days=60, step=5, symbol=symbol), fisher=False) >= 40


def test_without_any_setting_returns_are_normal_and_independent() -> None:
    returns = log_returns(PLAIN, n_days=30)

    assert kurtosis(returns, fisher=False) == pytest.approx(3.0, abs=0.1)
    assert abs(autocorrelation(np.abs(returns), 1)) < 0.02
    assert daily_log_variances(PLAIN, n_days=60).std() < 0.15
    assert returns.std() * np.sqrt(1_440) == pytest.approx(ASSETS["btc"].daily_volatility, rel=0.03)


@pytest.mark.parametrize("freedom", [3.0, 4.0, 10.0, 1e6])
def test_minutes_have_the_tails_of_students_t(freedom: float) -> None:
    returns = np.abs(log_returns(replace(PLAIN, tail_freedom=freedom), n_days=90))

    tail = np.quantile(returns, 0.999) / np.quantile(returns, 0.5)

    assert tail == pytest.approx(t.ppf(0.9995, freedom) / t.ppf(0.75, freedom), rel=0.12)


def test_clusters_within_a_day_fade_before_the_next() -> None:
    sizes = np.abs(log_returns(replace(PLAIN, clusters_within_day=0.6), n_days=120, step=5))

    assert autocorrelation(sizes, 1) > 0.2
    assert autocorrelation(sizes, 1) > autocorrelation(sizes, 12) > 0.05
    assert abs(autocorrelation(sizes, 288)) < 0.03


def test_clusters_across_days_last_for_days() -> None:
    logs = daily_log_variances(replace(PLAIN, clusters_across_days=0.4), n_days=250)

    assert logs.std() == pytest.approx(2 * 0.4, rel=0.3)
    assert autocorrelation(logs, 1) > 0.6
    assert autocorrelation(logs, 1) > autocorrelation(logs, 5) > 0.15


@pytest.mark.parametrize("lift", [0.0, 1.1, 4.0])
def test_bursts_of_news_are_livelier_by_what_is_set(lift: float) -> None:
    times = minutes(120)
    strength = burst_shape(3, "btc", times)[0][1:]
    squares = log_returns(replace(PLAIN, bursts=lift), n_days=120) ** 2

    measured = squares[strength > 0.5].mean() / squares[strength == 0].mean()

    assert measured == pytest.approx(((1 + lift * strength[strength > 0.5]) ** 2).mean(), rel=0.1)


@pytest.mark.parametrize("shape", [0.0, 0.3, 0.8])
def test_volatility_has_a_shape_of_the_day(shape: float) -> None:
    returns = log_returns(replace(PLAIN, daily_shape=shape), n_days=120)
    by_hour = np.array(
        [np.sqrt((returns[minutes(120)[1:] // 60 % 24 == hour] ** 2).mean()) for hour in range(24)]
    )

    assert by_hour[14:16].mean() / by_hour[2:4].mean() == pytest.approx(np.exp(2 * shape), rel=0.05)
    assert np.sqrt((by_hour**2).mean() * 1_440) == pytest.approx(ASSETS["btc"].daily_volatility, rel=0.03)


@pytest.mark.parametrize("a_day", [0.0, 1.0, 6.0])
def test_jumps_are_as_many_as_set_and_as_often_up_as_down(a_day: float) -> None:
    returns = log_returns(replace(PLAIN, jumps_a_day=a_day), n_days=150)
    in_days = returns / ASSETS["btc"].daily_volatility
    jumps = in_days[np.abs(in_days) > 0.2]  # over seven deviations of a minute

    expected = 150 * a_day * (2 / 3 * np.exp(-0.2 / 0.45) + 1 / 3 * np.exp(-0.2 / (0.45 * 0.93)))

    assert len(jumps) == pytest.approx(expected, rel=0.2)
    assert len(jumps) == 0 or np.mean(jumps > 0) == pytest.approx(0.5, abs=0.12)


@pytest.mark.parametrize(("tick", "unit", "least_rest"), [(1.0, 0.01, 0.25), (25.0, 0.25, 0.9)])
def test_trades_are_in_whole_ticks_and_a_coarse_one_rests_for_minutes(
    tick: float, unit: float, least_rest: float
) -> None:
    _, prices = trades(replace(PLAIN, tick=tick), COARSE, n_days=5)

    assert np.allclose(prices / unit, np.rint(prices / unit), atol=1e-9)
    assert np.mean(np.diff(prices) == 0) > least_rest


def test_without_ticks_prices_are_as_fine_as_they_are_written() -> None:
    _, prices = trades(PLAIN, COARSE, n_days=5)

    assert np.array_equal(prices, np.round(prices, 4))
    assert np.mean(np.diff(prices) == 0) < 0.05


@pytest.mark.parametrize("a_day", [0.0, 0.5, 2.0])
def test_a_market_rests_as_often_as_set_and_then_catches_up(a_day: float) -> None:
    behaviour = replace(PLAIN, rests_a_day=a_day)
    times_us, prices = trades(behaviour, BTC, n_days=120)
    model, mean_minutes = MarketModel(3, behaviour), (360 - 5) / np.log(360 / 5)
    resting = rest_since_us(model, BTC, times_us) < times_us

    assert resting.mean() == pytest.approx(a_day * mean_minutes / 1_440, rel=0.3)
    assert np.all(np.diff(prices)[resting[1:] & resting[:-1] & (np.diff(times_us) > 0)][:50] == 0)
    awake = ~resting
    assert np.allclose(prices[awake] / mid_prices(model, "btc", times_us[awake]), 1.0, atol=1e-3)


@pytest.mark.parametrize("of_10000", [0.0, 0.5, 50.0])
def test_bad_ticks_are_as_many_as_set_and_taken_back_by_the_next_trade(of_10000: float) -> None:
    behaviour = replace(PLAIN, bad_ticks=of_10000)
    times_us, prices = trades(behaviour, BTC, n_days=60, a_minute=4)
    off = np.abs(np.log(prices / quoted_prices(MarketModel(3, behaviour), BTC, times_us)))
    bad = off > 0.009

    assert bad.sum() == pytest.approx(len(prices) * of_10000 * 1e-4, rel=0.35)
    assert np.all(off[bad] < np.log(1.31))
    assert np.all(off[~bad] < 0.001)


@pytest.mark.parametrize("a_day", [0.0, 0.44, 8.0])
def test_a_venue_is_down_as_often_as_set_and_trades_nothing_then(a_day: float) -> None:
    model, all_minutes = MarketModel(3, replace(PLAIN, gaps_a_day=a_day)), minutes(90)
    down = is_down(model, BTC, all_minutes * MINUTE_US)
    slots = observation_slots(
        model, BTC, minutes=all_minutes, observations_a_minute=np.full(all_minutes.shape, 1.0)
    )

    assert down.mean() == pytest.approx(a_day * (40 - 6) / np.log(40 / 6) / 1_440, rel=0.25)
    assert not is_down(model, BTC, slots.times_us).any()
    assert (
        len(np.unique(slots.minutes[down[slots.minutes - MIDNIGHT]]))
        <= np.diff(down.astype(int)).clip(0).sum()
    )


def test_no_return_foretells_the_next_one() -> None:
    for step in (1, 5, 60):
        returns = np.concatenate(
            [log_returns(USUAL, n_days=120, step=step, symbol=symbol) for symbol in ("btc", "sol")]
        )
        bounded = np.clip(returns, *np.quantile(returns, [0.01, 0.99]))
        assert abs(autocorrelation(bounded, 1)) < 3.5 / np.sqrt(len(returns))


def test_half_of_a_minute_says_nothing_of_the_other_half() -> None:
    halves_us = np.arange(2 * 60 * 1_440, dtype=np.int64) * (MINUTE_US // 2) + MIDNIGHT * MINUTE_US
    returns = np.diff(np.log(mid_prices(MarketModel(3), "btc", halves_us)))
    large = np.abs(returns[:-1]) > 4 * returns.std()

    assert abs(autocorrelation(np.clip(returns, -3e-3, 3e-3), 1)) < 3.5 / np.sqrt(len(returns))
    assert large.sum() > 200
    assert np.mean(np.sign(returns[:-1]) == np.sign(returns[1:]), where=large) == pytest.approx(0.5, abs=0.1)


def test_markets_that_differ_in_one_setting_have_other_ids_and_the_same_ones_the_same() -> None:
    variants = [Behaviour(**{name: 2.25}).variant for name in Behaviour.__dataclass_fields__]

    assert len({USUAL.variant, *variants}) == 1 + len(variants)
    assert Behaviour(link=1).variant == Behaviour(link=1.0).variant == "link1"


@pytest.mark.parametrize("market", MARKETS[::3])
def test_all_settings_together_make_positive_finite_prices(market: Market) -> None:
    wild = Behaviour(
        link=10.0,
        tail_freedom=2.5,
        clusters_across_days=1.2,
        clusters_within_day=1.2,
        bursts=10.0,
        daily_shape=1.2,
        jumps_a_day=100.0,
        jump_size=0.5,
        tick=10_000.0,
        rests_a_day=2.0,
        bad_ticks=1_000.0,
        gaps_a_day=12.0,
    )
    _, prices = trades(wild, market, n_days=3)

    assert np.all(np.isfinite(prices))
    assert np.all(prices > 0)
