"""Evidence that is valid however often one looks: worlds without skill, worlds with it, and bounds."""

from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.scores.evidence import ALPHA, gather_evidence, log_e_values
from lakehouse.scores.quantiles import Floats
from tests.support.profiles import sized

pytestmark = pytest.mark.heavy

N_MODELS, N_DAYS = 20, 60
KINDS = ("clusters", "heavy tails", "rare losses")


def differences_without_skill(random: np.random.Generator, kind: str, n: int) -> Floats:
    """Return differences of scores whose mean, given all before, is 0, of one model beside its reference."""
    scale = np.exp(np.cumsum(random.normal(0, 0.05, n)) * 0.2) * 0.3
    if kind == "heavy tails":
        return np.clip(random.standard_t(3, n) * scale, -1, 1)
    if kind == "rare losses":
        return np.where(random.random(n) < 0.02, -0.98, 0.02)
    return random.choice([-1.0, 1.0], n) * np.minimum(scale, 1.0)


def ever_called_better_by_diebold_mariano(differences: Floats) -> bool:
    """Return whether p falls below 5 % at any outcome from the thirtieth on, one-sided, as a page would show it."""
    n = np.arange(1, len(differences) + 1)
    means = np.cumsum(differences) / n
    variances = np.maximum(np.cumsum(differences**2) / n - means**2, 1e-300)
    return bool((means / np.sqrt(variances / n) > 1.96)[30:].any())


def shares_of_worlds_with_a_better_model(kind: str, *, n_worlds: int, n_outcomes: int) -> tuple[float, float]:
    """Return how many worlds of models without skill have one called better, here and by Diebold and Mariano."""
    random = np.random.default_rng(20)
    n_called, n_by_diebold_mariano = 0, 0
    for _ in range(n_worlds):
        models = [differences_without_skill(random, kind, n_outcomes) for _ in range(N_MODELS)]
        limit = np.log(N_MODELS / ALPHA)
        n_called += any(log_e_values(one).max() >= limit for one in models)
        n_by_diebold_mariano += any(ever_called_better_by_diebold_mariano(one) for one in models)
    return n_called / n_worlds, n_by_diebold_mariano / n_worlds


@pytest.mark.parametrize("kind", KINDS)
def test_twenty_models_without_skill_watched_at_every_outcome_are_called_better_in_few_worlds(
    kind: str,
) -> None:
    n_worlds = sized(quick=40, full=100, soak=2_000)

    called, by_diebold_mariano = shares_of_worlds_with_a_better_model(
        kind, n_worlds=n_worlds, n_outcomes=24 * N_DAYS
    )

    assert called <= 0.05
    assert by_diebold_mariano >= 0.95


@pytest.mark.soak
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("kind", KINDS)
def test_watched_every_five_minutes_for_sixty_days_they_are_called_better_in_few_worlds(kind: str) -> None:
    called, by_diebold_mariano = shares_of_worlds_with_a_better_model(
        kind, n_worlds=400, n_outcomes=288 * N_DAYS
    )
    print(
        f"{kind}: called better in {called:.2%} of worlds, by Diebold and Mariano in {by_diebold_mariano:.2%}"
    )

    assert called <= 0.05
    assert by_diebold_mariano >= 0.95


@pytest.mark.parametrize(
    ("mean", "deviation", "n_at_most"), [(0.1, 0.3, 400), (0.05, 0.2, 700), (0.02, 0.2, 4_000)]
)
def test_skill_is_found_and_its_first_instant_is_told(mean: float, deviation: float, n_at_most: int) -> None:
    differences = np.random.default_rng(3).normal(mean, deviation, 6_000)
    evidence = gather_evidence(differences, alpha=ALPHA / 40)
    assert evidence is not None
    assert evidence.shown_at is not None
    assert evidence.shown_at <= n_at_most
    assert 0.0 < evidence.low < mean


def test_skill_that_is_lost_again_is_not_shown_any_more() -> None:
    random = np.random.default_rng(3)
    early, late = random.normal(0.1, 0.2, 500), random.normal(-0.2, 0.2, 1_500)
    before = gather_evidence(early, alpha=ALPHA)
    after = gather_evidence(np.concatenate((early, late)), alpha=ALPHA)
    assert before is not None
    assert before.shown_at is not None
    assert after is not None
    assert after.shown_at is None


@given(
    differences=st.lists(st.floats(-3, 3), min_size=1, max_size=200),
    alpha=st.sampled_from([0.05, 0.001]),
)
def test_bound_and_e_value_agree_and_the_bound_is_below_the_mean(
    differences: list[float], alpha: float
) -> None:
    evidence = gather_evidence(np.array(differences), alpha=alpha)
    assert evidence is not None
    bounded = np.clip(differences, -1, 1)
    assert evidence.mean == pytest.approx(float(np.mean(bounded)), abs=1e-12)
    assert evidence.low <= evidence.mean + 1e-12
    assert (evidence.low > 1e-9) <= (evidence.log_e_value >= -np.log(alpha) - 1e-6)
    assert (evidence.shown_at is not None) == (evidence.log_e_value >= -np.log(alpha))


@given(differences=st.lists(st.floats(-1, 1), min_size=1, max_size=50))
def test_e_values_depend_on_nothing_later(differences: list[float]) -> None:
    whole = log_e_values(np.array(differences))
    for n in accumulate([1] * len(differences)):
        assert log_e_values(np.array(differences[:n]))[-1] == pytest.approx(whole[n - 1])


def test_no_outcome_is_no_evidence() -> None:
    assert gather_evidence(np.empty(0), alpha=0.05) is None
