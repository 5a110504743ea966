"""Figures of the model card: the same each time for a seed."""

import pytest

from lakehouse.scores.scorecard import WindowScore
from streaming.analysis.prediction.evaluation.figures import CARD, score_generated_market, to_card
from streaming.feed.prices.behaviour import MarketModel

pytestmark = pytest.mark.heavy


def score_a_day() -> list[WindowScore]:
    return score_generated_market("eth", MarketModel(5), text_seed=5, warm_up_days=0, scored_days=1)


@pytest.fixture(scope="module")
def scores() -> list[WindowScore]:
    return score_a_day()


def test_figures_of_a_seed_are_the_same_each_time(scores: list[WindowScore]) -> None:
    assert to_card({"eth": score_a_day()}) == to_card({"eth": scores})


def test_every_model_is_scored_for_every_horizon_beside_the_walk(scores: list[WindowScore]) -> None:
    assert [(score.horizon, score.model) for score in scores] == [
        (horizon, model)
        for horizon in ("5m", "1h", "24h")
        for model in ("random-walk", "ridge-price", "ridge-sentiment")
    ]
    walk, ridge = scores[0], scores[1]
    assert (walk.relative_error, walk.verdict) == (1.0, "is the random walk: it says that the price stays")
    assert ridge.diebold_mariano is not None
    assert scores[-1].verdict == "too little data: 0 outcomes that do not overlap, 30 are needed"


def test_committed_page_is_of_this_seed_and_market() -> None:
    assert CARD.read_text(encoding="utf-8").startswith(to_card({}).rstrip())
