"""Probability of a rise: one half until a model's directions have proven better than a coin."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.analysis.prediction.direction import BaseRate, DirectionEvidence, probability_of_rise


@given(expected=st.floats(-10, 10), deviation=st.floats(1e-9, 10))
def test_probability_has_the_sign_of_what_is_expected_and_is_never_certain(
    expected: float, deviation: float
) -> None:
    probability = probability_of_rise(expected, deviation)
    assert 0.02 <= probability <= 0.98
    assert (probability - 0.5) * expected >= 0.0
    assert probability_of_rise(-expected, deviation) == pytest.approx(1.0 - probability)


def test_evidence_without_skill_proves_something_in_few_worlds_however_often_one_looks() -> None:
    random = np.random.default_rng(11)
    n_worlds, n_proven = 200, 0
    for _ in range(n_worlds):
        models = [DirectionEvidence() for _ in range(6)]
        is_proven = False
        for at, (came, *said) in enumerate(random.uniform(-1, 1, (200, 7)).tolist()):
            for evidence, expected in zip(models, said, strict=True):
                evidence.observe(at, at + 1, probability_of_rise(expected, 1.0), came)
                is_proven |= evidence.is_proven
        n_proven += is_proven
    assert n_proven / n_worlds <= 0.05


def test_evidence_of_a_model_that_knows_more_than_a_coin_is_found() -> None:
    random, evidence = np.random.default_rng(11), DirectionEvidence()
    for at, draw in enumerate(random.normal(size=1_000).tolist()):
        evidence.observe(
            at, at + 1, probability_of_rise(math.copysign(0.4, draw), 1.0), draw + random.normal()
        )
    assert evidence.is_proven


def test_outcomes_that_overlap_count_once_and_a_price_that_stays_does_not() -> None:
    evidence = DirectionEvidence()
    for minute in range(60):
        evidence.observe(minute, minute + 60, 0.98, 0.01)
    evidence.observe(60, 120, 0.98, 0.0)
    assert not evidence.is_proven
    once = DirectionEvidence()
    once.observe(0, 60, 0.98, 0.01)
    assert evidence == once


def test_base_rate_is_drawn_to_one_half_and_follows_the_moves() -> None:
    rate = BaseRate()
    assert rate.share == 0.5
    for log_return in [0.01, 0.02, -0.01, 0.0] * 400:
        rate.observe(log_return)
    assert rate.share == pytest.approx(2 / 3, abs=0.01)
