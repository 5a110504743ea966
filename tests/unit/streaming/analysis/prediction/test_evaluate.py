"""The figures of the model card: made from a seed, the same each time."""

from streaming.analysis.prediction.evaluate import CARD, score_generated_market, to_card


def test_figures_of_a_seed_are_the_same_each_time() -> None:
    first, second = (
        to_card({"btc": score_generated_market("btc", seed=5, text_seed=5, warm_up_days=0, scored_days=1)})
        for _ in range(2)
    )
    assert first == second


def test_every_model_is_scored_for_every_horizon_beside_the_walk() -> None:
    scores = score_generated_market("eth", seed=5, text_seed=5, warm_up_days=0, scored_days=1)
    assert [(score.horizon, score.model) for score in scores] == [
        (horizon, model)
        for horizon in ("5m", "1h", "24h")
        for model in ("random-walk", "drift", "ridge-price", "ridge-sentiment")
    ]
    walk, drift = scores[0], scores[1]
    assert (walk.relative_error, walk.verdict) == (1.0, "is the random walk: it says that the price stays")
    assert drift.diebold_mariano is not None
    assert scores[-1].verdict == "too little data: 0 outcomes that do not overlap, 30 are needed"


def test_committed_page_is_of_this_seed_and_market() -> None:
    assert CARD.read_text(encoding="utf-8").startswith(to_card({}).rstrip())
