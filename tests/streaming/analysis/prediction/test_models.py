"""Learners: they find a link where there is one, and nothing in noise."""

from dataclasses import replace

import numpy as np
import pytest

from streaming.analysis.prediction.features import N_FEATURES, N_PRICE_FEATURES
from streaming.analysis.prediction.models import (
    HORIZONS,
    MIN_OUTCOMES,
    Inputs,
    RandomWalk,
    Ridge,
)
from tests.support.profiles import sized

FIVE_MINUTES = HORIZONS[0]
DEVIATION = 0.01


def relative_mae(model: Ridge, link: list[float], *, n: int = 6_000, seed: int = 1) -> float:
    """Return the learner's MAE over the second half, relative to the random walk's, for outcomes of these weights."""
    random = np.random.default_rng(seed)
    features = np.column_stack((np.ones(n), random.standard_normal((n, N_FEATURES - 1))))
    outcomes = DEVIATION * (features @ np.array(link) + random.standard_normal(n))
    errors, walk_errors = [], []
    for at in range(n):
        known = known_with(features[at])
        expected = model.expect(known)
        if at >= n // 2 and expected is not None:
            errors.append(abs(outcomes[at] - expected))
            walk_errors.append(abs(outcomes[at]))
        model.learn(known, float(outcomes[at]))
    return float(np.mean(errors) / np.mean(walk_errors))


def known_with(features: np.ndarray | None, *, has_news: bool = True) -> Inputs:
    return Inputs(DEVIATION, features, has_news)


@pytest.mark.parametrize("seed", range(1, sized(quick=2, full=3, soak=20)))
def test_learner_finds_a_planted_link(seed: int) -> None:
    link = [0.0, 0.4, 0, 0, 0, 0, 0, 0, 0]
    assert relative_mae(Ridge(N_PRICE_FEATURES, FIVE_MINUTES), link, seed=seed) < 0.95


@pytest.mark.parametrize("seed", range(1, sized(quick=2, full=3, soak=20)))
def test_only_the_learner_that_sees_sentiment_finds_a_link_to_it(seed: int) -> None:
    link = [0.0, 0, 0, 0, 0, 0, 0.4, 0, 0]
    assert relative_mae(Ridge(N_FEATURES, FIVE_MINUTES), link, seed=seed) < 0.95
    assert relative_mae(Ridge(N_PRICE_FEATURES, FIVE_MINUTES), link, seed=seed) == pytest.approx(
        1.0, abs=0.005
    )


@pytest.mark.parametrize("seed", range(1, sized(quick=2, full=3, soak=20)))
def test_learner_finds_nothing_in_noise(seed: int) -> None:
    assert relative_mae(Ridge(N_FEATURES, FIVE_MINUTES), [0.0] * N_FEATURES, seed=seed) == pytest.approx(
        1.0, abs=0.005
    )


def test_learner_follows_a_link_that_turns_round() -> None:
    quick = replace(FIVE_MINUTES, step_minutes=5, learning_days=0.5)
    model = Ridge(N_PRICE_FEATURES, quick)
    relative_mae(model, [0.0, 0.8, 0, 0, 0, 0, 0, 0, 0])
    assert relative_mae(model, [0.0, -0.8, 0, 0, 0, 0, 0, 0, 0]) < 0.9


def test_learner_withholds_until_enough_outcomes_and_without_features() -> None:
    model, features = Ridge(N_FEATURES, FIVE_MINUTES), np.ones(N_FEATURES)
    for _ in range(MIN_OUTCOMES):
        assert model.expect(known_with(features)) is None
        model.learn(known_with(features), 0.001)
    assert model.expect(known_with(features)) is not None
    assert model.expect(known_with(None)) is None


def test_learner_expects_no_more_than_one_deviation() -> None:
    model, features = Ridge(N_FEATURES, FIVE_MINUTES), np.ones(N_FEATURES)
    for _ in range(10_000):
        model.learn(known_with(features), 100 * DEVIATION)
    assert model.expect(known_with(features)) == DEVIATION


def test_random_walk_expects_nothing() -> None:
    assert RandomWalk().expect(known_with(None)) == 0.0


def test_learner_that_needs_news_neither_learns_nor_expects_without_it() -> None:
    features = np.ones(N_FEATURES)
    model = Ridge(N_FEATURES, FIVE_MINUTES, needs_news=True)
    for _ in range(MIN_OUTCOMES):
        model.learn(known_with(features, has_news=False), 0.001)
    assert model.expect(known_with(features)) is None
    for _ in range(MIN_OUTCOMES):
        model.learn(known_with(features), 0.001)
    assert model.expect(known_with(features)) is not None
    assert model.expect(known_with(features, has_news=False)) is None
