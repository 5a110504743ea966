import numpy as np
import pytest

from lakehouse.scores.lead_lag import Floats, LeadLag, holm, lead_lag


def persistent(rng: np.random.Generator, n: int) -> Floats:
    """Return a series that remembers, as a mean of sentiment does."""
    series = rng.normal(size=n)
    for step in range(1, n):
        series[step] += 0.8 * series[step - 1]
    return series


def examined(leader: Floats, follower: Floats, *, max_lag: int = 8, seed: int = 1) -> LeadLag:
    return lead_lag(leader, follower, max_lag=max_lag, block_steps=6, n_draws=400, seed=seed)


def test_link_is_found_at_the_lag_where_it_is() -> None:
    rng = np.random.default_rng(3)
    leader = rng.normal(size=400)
    follower = rng.normal(size=400)
    follower[3:] += 0.6 * leader[:-3]
    found = examined(leader, follower)
    assert found.best_lag == 3
    assert found.p_value < 0.01
    at = list(found.lags).index(3)
    assert 0 < found.low[at] < found.correlation[at] < found.high[at]
    assert found.correlation[at] > found.threshold


def test_follower_that_leads_is_not_taken_for_a_lead() -> None:
    rng = np.random.default_rng(4)
    returns = rng.normal(size=400)
    sentiment = rng.normal(size=400)
    sentiment[2:] += 0.8 * returns[:-2]
    found = examined(sentiment, returns)
    assert found.p_value > 0.05
    assert found.correlation[list(found.lags).index(-2)] > 0.4


def test_series_that_know_nothing_of_each_other_are_called_significant_about_once_in_twenty() -> None:
    rng = np.random.default_rng(5)
    n_trials = 60
    p_values = [
        lead_lag(
            persistent(rng, 200), persistent(rng, 200), max_lag=6, block_steps=6, n_draws=150, seed=trial
        ).p_value
        for trial in range(n_trials)
    ]
    assert sum(p < 0.05 for p in p_values) <= 9  # 60 draws of 0.05: 10 or more has a chance under 0.1 %


def test_gaps_are_left_out_not_filled() -> None:
    rng = np.random.default_rng(6)
    leader, follower = rng.normal(size=300), rng.normal(size=300)
    follower[1:] += leader[:-1]
    leader[::7] = np.nan
    found = examined(leader, follower)
    assert found.best_lag == 1
    assert found.n == 300 - len(leader[::7])
    assert not np.isnan(found.correlation).any()


def test_constant_series_correlates_with_nothing() -> None:
    found = examined(np.ones(200), np.random.default_rng(7).normal(size=200))
    assert set(found.correlation) == {0.0}
    assert found.p_value == 1.0


def test_same_seed_gives_the_same_bands() -> None:
    rng = np.random.default_rng(8)
    leader, follower = rng.normal(size=200), rng.normal(size=200)
    first, second = examined(leader, follower), examined(leader, follower)
    assert first.low.tolist() == second.low.tolist()
    assert first.p_value == second.p_value


def test_too_short_or_unequal_series_are_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        examined(np.zeros(40), np.zeros(40))
    with pytest.raises(ValueError, match="of the follower"):
        examined(np.zeros(100), np.zeros(99))


def test_holm_counts_the_tests_and_never_reorders_them() -> None:
    assert holm(np.array([0.5, 0.01, 0.02])).tolist() == pytest.approx([0.5, 0.03, 0.04])
    assert holm(np.array([0.9])).tolist() == [0.9]
