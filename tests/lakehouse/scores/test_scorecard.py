"""The scorecard read from real tables: which forecasts count where, and what is said of them."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lakehouse import lake
from lakehouse.errors import LakeNotFoundError
from lakehouse.scores.scorecard import WindowScore, read_scorecard, to_verdict
from lakehouse.scores.statistics import DieboldMariano, Direction, Intervals
from lakehouse.time_range import to_us
from tests.support.lake_builder import NOON, build_lake
from tests.support.scored_lake import STEP, add, build_scored_lake


def card(path: Path, as_of: datetime = NOON, **more: Any) -> dict[tuple[str, str], WindowScore]:
    found = read_scorecard(lake.open(str(path)), symbol="btc", as_of_us=to_us(as_of), **more)
    return {
        (score.model, score.window): score
        for score in found.scores
        if (score.data, score.timeliness) == ("generated", "live")
    }


def test_score_of_a_window_has_every_figure(tmp_path: Path) -> None:
    build_scored_lake(tmp_path, n=40, errors={"good": (0.5, -1.5)})
    score = card(tmp_path)["good", "24h"]
    assert score.interval == Intervals(
        n=40,
        coverage=1.0,
        nominal_coverage=pytest.approx(0.9),
        mean_width=4.0,
        pinball_loss=pytest.approx((0.05 * 1 + 0.05 * 3) / 2),
    )
    assert score.direction == Direction(
        n=40, n_non_overlapping=40, accuracy=1.0, low=pytest.approx(0.912378, abs=1e-6), high=1.0
    )
    assert score.diebold_mariano == DieboldMariano(
        statistic=pytest.approx(-1.0 / (0.5**2 / 40) ** 0.5 * (39 / 40) ** 0.5),
        p_value=pytest.approx(0.0, abs=1e-12),
        n_degrees=39,
    )
    assert (score.n, score.n_non_overlapping, score.n_replay, score.n_without_price) == (40, 40, 0, 0)
    assert (score.mean_absolute_error, score.random_walk_error, score.relative_error) == (1.0, 2.0, 0.5)
    assert (score.origins, score.beats_random_walk) == (("generated",), True)
    assert score.verdict == (
        "beats the random walk: its mean absolute error is 50.00% smaller, more than chance explains (p < 0.001)"
    )


def test_windows_hold_the_targets_of_their_last_hours_and_days(tmp_path: Path) -> None:
    build_scored_lake(tmp_path, n=400, errors={"good": (1.0, 1.0)})
    counts = {window: score.n for (_, window), score in card(tmp_path).items()}
    assert counts == {"24h": 288, "7d": 400, "30d": 400}
    later = {window: score.n for (_, window), score in card(tmp_path, NOON + timedelta(days=6.5)).items()}
    assert later == {"24h": 0, "7d": 144, "30d": 400}


def test_kinds_of_data_are_scored_apart(tmp_path: Path) -> None:
    builder = build_scored_lake(tmp_path, n=3, errors={"good": (1.0, 1.0)})
    plain = {"horizon": "5m", "model": "good", "made_at": NOON - STEP, "target_time": NOON}
    unpriced = {"horizon": "5m", "model": "good", "made_at": NOON + 3 * STEP, "target_time": NOON + 4 * STEP}
    add(
        builder,
        plain | {"broker_time": NOON + STEP, "predicted_price": 5_000.0, "origin": "replay"},
        plain | {"predicted_price": 110.0, "origin": "collected"},
        plain | {"broker_time": NOON + STEP, "predicted_price": 120.0, "origin": "collected"},
        unpriced,
        unpriced | {"broker_time": NOON + timedelta(days=1)},
        prices=({"event_time": NOON + 9 * STEP},),
    )
    found = read_scorecard(lake.open(str(tmp_path)), symbol="btc", as_of_us=to_us(NOON + 4 * STEP)).scores
    counts = {
        (score.data, score.timeliness): (score.n, score.n_replay, score.n_without_price, score.origins)
        for score in found
        if score.window == "7d"
    }
    assert counts == {
        ("generated", "live"): (3, 1, 1, ("generated",)),
        ("generated", "replay"): (0, 0, 1, ("generated",)),
        ("real", "live"): (1, 2, 0, ("collected",)),
        ("real", "replay"): (2, 0, 0, ("collected", "replay")),
    }
    errors = {(one.data, one.timeliness): one.mean_absolute_error for one in found if one.window == "7d"}
    assert errors["generated", "live"] == 1.0
    assert errors["real", "live"] == 8.0


def test_model_with_replays_only_is_judged_and_has_no_live_record(tmp_path: Path) -> None:
    builder = build_lake(tmp_path)
    forecast = {"horizon": "5m", "made_at": NOON - STEP, "target_time": NOON, "broker_time": NOON}
    add(builder, forecast, prices=({"event_time": NOON}, {"event_time": NOON + STEP}))
    score = card(tmp_path)["walk", "24h"]
    assert (score.n, score.n_replay, score.mean_absolute_error, score.direction) == (0, 1, None, None)
    assert score.verdict == "too little data: 0 outcomes that do not overlap, 30 are needed"
    found = read_scorecard(lake.open(str(tmp_path)), symbol="btc", as_of_us=to_us(NOON)).scores
    replayed = [one for one in found if one.timeliness == "replay"]
    assert [(one.n, one.mean_absolute_error) for one in replayed] == [(1, 1.0)] * 3


def test_verdict_of_each_model_is_about_its_own_errors(tmp_path: Path) -> None:
    errors = {"better": (0.0, 1.0), "worse": (3.0, 2.0), "lucky": (0.0, 3.9)}
    builder = build_scored_lake(tmp_path, n=60, errors=errors)
    add(builder)
    verdicts = {model: score.verdict for (model, window), score in card(tmp_path).items() if window == "30d"}
    assert verdicts["better"].startswith("beats the random walk: its mean absolute error is 75.00% smaller")
    assert verdicts["worse"] == ("does not beat the random walk: its mean absolute error is 25.00% larger")
    assert verdicts["lucky"].startswith(
        "does not beat the random walk: its mean absolute error is 2.50% smaller, which chance explains (p = 0.8"
    )


@pytest.mark.parametrize(
    ("n_apart", "is_walk", "relative_error", "p_value", "verdict"),
    [
        (29, False, 0.5, None, "too little data: 29 outcomes that do not overlap, 30 are needed"),
        (30, True, 1.0, None, "is the random walk: it says that the price stays"),
        (30, False, 1.0, 0.9, "does not beat the random walk: its mean absolute error is 0.00% larger"),
        (30, False, 0.99, None, "does not beat the random walk: their errors cannot be told apart"),
        (
            30,
            False,
            0.9,
            0.05,
            "does not beat the random walk: its mean absolute error is 10.00% smaller, "
            "which chance explains (p = 0.050)",
        ),
        (
            30,
            False,
            0.9,
            0.049,
            "beats the random walk: its mean absolute error is 10.00% smaller, "
            "more than chance explains (p = 0.049)",
        ),
    ],
)
def test_verdict_in_words(
    n_apart: int, is_walk: bool, relative_error: float, p_value: float | None, verdict: str
) -> None:
    tested = None if p_value is None else DieboldMariano(statistic=-2.0, p_value=p_value, n_degrees=29)
    said = to_verdict(n_apart=n_apart, is_walk=is_walk, relative_error=relative_error, tested=tested)
    assert said == verdict


def test_scores_come_by_model_version_horizon_and_window_and_can_be_narrowed(tmp_path: Path) -> None:
    build_scored_lake(tmp_path, n=2, errors={"b": (1.0, 1.0), "a": (1.0, 1.0)})
    assert list(card(tmp_path)) == [(model, window) for model in "ab" for window in ("24h", "7d", "30d")]
    assert {model for model, _ in card(tmp_path, model="b")} == {"b"}
    assert card(tmp_path, horizon="1h") == {}
    assert len(card(tmp_path, horizon="5m")) == 6


def test_lake_without_scores_is_said_to_have_none(tmp_path: Path) -> None:
    build_lake(tmp_path)
    with pytest.raises(LakeNotFoundError, match="gold_score"):
        card(tmp_path)
