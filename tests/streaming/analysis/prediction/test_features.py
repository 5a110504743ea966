"""Features: past returns within a past without gaps, and scores that were published in time."""

import math

import pytest

from lakehouse.time_range import MINUTE_US
from streaming.analysis.prediction.arrivals import SentimentObservation
from streaming.analysis.prediction.bars import Bar
from streaming.analysis.prediction.features import (
    WINDOW_MINUTES,
    Deviation,
    PriceHistory,
    SentimentHistory,
)
from tests.support.observations import SIMX, START_MINUTE


def bar(minute: int, close: float) -> Bar:
    end_us = (START_MINUTE + minute) * MINUTE_US
    return Bar(end_us=end_us, close=close, close_us=end_us - 1, market=SIMX, origin="collected")


def history(minutes: list[int]) -> PriceHistory:
    prices = PriceHistory()
    for minute in minutes:
        prices.add(bar(minute, 100.0 * math.exp(0.001 * minute)))
    return prices


def end_us(minute: int) -> int:
    return (START_MINUTE + minute) * MINUTE_US


def text(minute: int, score: float) -> SentimentObservation:
    return SentimentObservation(end_us(minute) + 1, "id", score, "collected")


def test_steady_rise_of_one_deviation_a_minute_shows_in_every_window() -> None:
    features = history(list(range(61))).features()
    assert features == pytest.approx([1.0, 1.0, math.sqrt(5), math.sqrt(15), 5.0, 0.0])


@pytest.mark.parametrize(("n_missing", "n_minutes"), [(0, 101), (1, 101), (2, 101), (3, 0)])
def test_price_fills_two_minutes_and_a_longer_gap_empties_the_past(n_missing: int, n_minutes: int) -> None:
    prices = history([*range(101 - n_missing), 101])
    assert prices.n_minutes == n_minutes
    assert (prices.features() is None) == (n_minutes == 0)


def test_features_come_back_a_whole_window_after_a_gap() -> None:
    restart = 200
    assert history([*range(100), *range(restart, restart + WINDOW_MINUTES)]).features() is None
    assert history([*range(100), *range(restart, restart + WINDOW_MINUTES + 1)]).features() is not None


def test_return_over_several_minutes_counts_as_so_many_of_equal_size() -> None:
    deviation = Deviation(30)
    deviation.add(0.02, 4)
    assert deviation.value == pytest.approx(0.01)


def test_deviation_is_half_forgotten_after_its_half_life() -> None:
    deviation = Deviation(30)
    deviation.add(0.02, 1)
    for _ in range(30):
        deviation.add(0.0, 1)
    assert deviation.value == pytest.approx(0.02 * math.sqrt(0.5))


def test_few_scores_have_a_mean_near_zero() -> None:
    sentiments = SentimentHistory()
    sentiments.add(text(0, 0.8))
    assert sentiments.features(end_us(1)) == pytest.approx([0.4, 0.4, 0.4])


def test_scores_fade_by_half_each_half_life() -> None:
    sentiments = SentimentHistory()
    sentiments.add(text(0, 0.8))
    halved_after_30 = 0.5 ** (1 / 6)
    assert sentiments.features(end_us(6))[:2] == pytest.approx(
        [0.4 / 1.5, 0.8 * halved_after_30 / (1 + halved_after_30)]
    )
    assert sentiments.features(end_us(241))[2] == pytest.approx(0.4 / 1.5)


def test_score_published_after_the_minute_waits_for_its_own() -> None:
    sentiments = SentimentHistory()
    sentiments.add(text(1, 0.8))
    assert sentiments.features(end_us(1)) == [0.0, 0.0, 0.0]
    assert sentiments.features(end_us(2)) == pytest.approx([0.4, 0.4, 0.4])


def test_score_that_arrives_late_counts_from_then_on_at_its_age() -> None:
    on_time, late = SentimentHistory(), SentimentHistory()
    on_time.add(text(0, 0.8))
    assert late.features(end_us(5)) == [0.0, 0.0, 0.0]
    late.add(text(0, 0.8))
    assert late.features(end_us(11)) == pytest.approx(on_time.features(end_us(11)))


def test_news_is_a_text_of_the_last_day_that_was_published() -> None:
    sentiments = SentimentHistory()
    sentiments.add(text(10, 0.8))
    for minute, has_news in [(10, False), (11, True), (1_450, True), (1_451, False)]:
        sentiments.features(end_us(minute))
        assert sentiments.has_news(end_us(minute)) == has_news, minute
