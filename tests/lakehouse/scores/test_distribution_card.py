"""Scores of distributions beside references that know less: what is better is found, and nothing else."""

from collections import defaultdict

import numpy as np
import pyarrow as pa
import pytest

from lakehouse.scores.distribution_card import DistributionRow, Minutes, to_distribution_rows
from lakehouse.scores.distribution_score import DistributionScore
from lakehouse.scores.sentences import to_sentences
from tests.support.scored_forecasts import MadeUpMarket, scored_forecasts

LIVELY = MadeUpMarket(n_days=12)
STEADY = MadeUpMarket(n_days=12, liveliness=1.0)


def to_rows(*tables: pa.Table) -> list[DistributionRow]:
    return to_distribution_rows(pa.concat_tables(tables), defaultdict(lambda: Minutes(900, 1_000)))


def only(*tables: pa.Table) -> DistributionRow:
    (row,) = to_rows(*tables)
    return row


def score_of(row: DistributionRow) -> DistributionScore:
    assert row.score is not None
    return row.score


def verdicts(row: DistributionRow) -> dict[str, str]:
    return {one.reference: one.verdict for one in row.verdicts}


def test_forecast_that_knows_the_volatility_is_better_than_references_that_do_not() -> None:
    row = only(scored_forecasts(LIVELY, LIVELY.deviations()))
    assert verdicts(row) == {"constant-volatility": "better", "ewma": "better"}
    by_score = {(one.reference, one.score): one for one in score_of(row).comparisons}
    assert set(by_score) == {
        (reference, score)
        for reference in ("constant-volatility", "ewma")
        for score in ("crps", "interval-score")
    }
    for one in by_score.values():
        assert one.skill > 0.005
        assert one.low is not None
        assert one.low < one.skill
        assert one.difference_bp == pytest.approx(one.model_bp - one.reference_bp)
        assert one.n == len(LIVELY.returns()) - 288
    assert score_of(row).coverage.share == pytest.approx(0.9, abs=0.02)
    assert score_of(row).coverage.by_volatility_decile == pytest.approx([0.9] * 10, abs=0.06)
    assert (row.n_minutes, row.n_minutes_without_forecast) == (1_000, 100)


def test_forecast_of_a_constant_volatility_has_no_skill_beside_it() -> None:
    row = only(scored_forecasts(STEADY, STEADY.deviations()))
    assert verdicts(row)["constant-volatility"] == "undecided"
    assert row.verdicts[0].gain == pytest.approx(0.0, abs=0.005)


@pytest.mark.parametrize("factor", [0.4, 2.5])
def test_forecast_of_a_wrong_scale_is_worse(factor: float) -> None:
    row = only(scored_forecasts(STEADY, STEADY.deviations() * factor))
    assert verdicts(row) == {"constant-volatility": "worse", "ewma": "worse"}
    assert score_of(row).coverage.tests.kupiec is not None
    assert score_of(row).coverage.tests.kupiec < 1e-6
    expected = [one.expected for one in score_of(row).levels]
    assert [one.share for one in score_of(row).levels] != pytest.approx(expected, abs=0.02)


def test_levels_of_a_right_forecast_are_uniform_and_its_events_reliable() -> None:
    market = MadeUpMarket(n_days=25)
    forecasts = [scored_forecasts(market, market.deviations(), n_steps=n_steps) for n_steps in (1, 12)]
    of_minutes, of_hour = to_rows(*forecasts)
    for one in score_of(of_minutes).levels:
        assert one.share == pytest.approx(one.expected, abs=0.02)
    assert [event.move for event in score_of(of_hour).events] == [0.005, 0.01]
    for event in score_of(of_hour).events:
        assert event.brier_skill > 0.05
        assert event.calibration_error < 0.05
        assert sum(one.n for one in event.reliability) == score_of(of_hour).n


@pytest.mark.parametrize(("n_days", "verdict"), [(88, "too little data"), (130, "undecided")])
def test_horizon_of_a_day_is_judged_from_ninety_outcomes_on(n_days: int, verdict: str) -> None:
    market = MadeUpMarket(n_days=n_days, liveliness=1.0)
    table = scored_forecasts(market, market.deviations(), n_steps=288)
    hourly = table.filter(pa.array(np.arange(table.num_rows) % 12 == 0))
    rows = to_rows(hourly, scored_forecasts(market, market.deviations()))
    of_day = next(row for row in rows if row.horizon == "24h")
    assert verdicts(of_day)["constant-volatility"] == verdict
    assert of_day.verdicts[0].n_needed == 90
    assert (of_day.score is None) == (n_days < 90)
    assert of_day.n_apart == n_days


def test_needed_evidence_grows_with_the_rows_of_the_card() -> None:
    one = only(scored_forecasts(LIVELY, LIVELY.deviations()))
    tables = [scored_forecasts(LIVELY, LIVELY.deviations(), model=f"m{at}") for at in range(3)]
    several = to_rows(*tables)
    assert one.verdicts[0].needed == pytest.approx(2 / 0.05)
    assert several[0].verdicts[0].needed == pytest.approx(6 / 0.05)


@pytest.mark.parametrize(("share_known", "verdict"), [(0.0, "undecided"), (0.5, "better")])
def test_point_forecasts_are_compared_with_the_price_that_stays(share_known: float, verdict: str) -> None:
    table = scored_forecasts(STEADY, STEADY.deviations(), model="ridge-price")
    noise = np.random.default_rng(9).normal(0.0, 1e-4, table.num_rows)
    expected = share_known * table["log_return"].to_numpy() + noise
    row = only(table.set_column(table.schema.get_field_index("expected"), "expected", pa.array(expected)))
    assert verdicts(row)["random-walk"] == verdict
    assert [(point.loss, point.functional) for point in score_of(row).points] == [
        ("absolute", "median"),
        ("squared", "mean"),
    ]


def test_kinds_of_data_have_rows_of_their_own_and_their_own_returns() -> None:
    tables = [
        scored_forecasts(market, market.deviations(), data=data, timeliness=timeliness)
        for market, data, timeliness in ((STEADY, "generated", "live"), (LIVELY, "real", "replay"))
    ]
    rows = to_rows(*tables)
    assert [(row.data, row.timeliness) for row in rows] == [("generated", "live"), ("real", "replay")]
    assert verdicts(rows[0])["constant-volatility"] == "undecided"
    assert verdicts(rows[1])["constant-volatility"] == "better"


def test_first_day_has_no_reference_and_no_verdict() -> None:
    market = MadeUpMarket(n_days=1)
    row = only(scored_forecasts(market, market.deviations()))
    assert score_of(row).comparisons == ()
    assert [(one.verdict, one.n, one.e_value) for one in row.verdicts] == [("too little data", 0, None)] * 2


def test_sentences_say_what_is_shown_and_what_is_not() -> None:
    walk = scored_forecasts(LIVELY, LIVELY.deviations())
    ridge = scored_forecasts(LIVELY, LIVELY.deviations(), model="ridge-price")
    noise = pa.array(np.random.default_rng(9).normal(0.0, 1e-4, ridge.num_rows))
    ridge = ridge.set_column(ridge.schema.get_field_index("expected"), "expected", noise)
    said = to_sentences(to_rows(walk, ridge))
    assert said[0] == "Live forecasts of real prices:"
    assert said[1].startswith("How far the price moves within 5m: better than a constant volatility (CRPS ")
    assert "shown since 2026-01-" in said[1]
    assert said[2] == (
        'Where the price moves: nothing is shown to be better than "the price stays" (ridge-price at 5m).'
    )


def test_sentence_without_forecasts_says_so() -> None:
    assert to_sentences([]) == ["No forecast with a distribution has an outcome yet."]
