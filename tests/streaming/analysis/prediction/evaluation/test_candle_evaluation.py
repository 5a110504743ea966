"""Evaluation on candles: figures that are right for markets whose volatility is known."""

import json
from pathlib import Path

import numpy as np
import pytest

from streaming.analysis.prediction.__main__ import main
from streaming.analysis.prediction.evaluation.candle_evaluation import HorizonEvaluation, evaluate
from streaming.analysis.prediction.evaluation.candles import Candles

pytestmark = pytest.mark.heavy

MINUTE = 29_484_000
N_DAYS = 5


def market(*, clusters: bool, n_days: int = N_DAYS, seed: int = 4) -> Candles:
    """Return a market of constant volatility, or one whose volatility changes by a factor of four every few hours."""
    random, n = np.random.default_rng(seed), n_days * 1_440
    deviations = np.full(n, 5e-4)
    if clusters:
        deviations *= np.repeat(2.0 ** random.integers(-1, 2, n // 240 + 1), 240)[:n] ** 2
    closes = 100.0 * np.exp(np.cumsum(random.standard_t(5, n) * deviations))
    return Candles("m", MINUTE + np.arange(n, dtype=np.int64), closes)


@pytest.fixture(scope="module")
def calm() -> dict[str, HorizonEvaluation]:
    return {one.horizon: one for one in evaluate(market(clusters=False))}


@pytest.fixture(scope="module")
def clustered() -> dict[str, HorizonEvaluation]:
    return {one.horizon: one for one in evaluate(market(clusters=True))}


def test_constant_volatility_is_not_beaten_where_volatility_is_constant(
    calm: dict[str, HorizonEvaluation],
) -> None:
    assert calm["5m"].interval_score_vs_constant_volatility == pytest.approx(1.0, abs=0.05)
    assert calm["5m"].crps_vs_constant_volatility == pytest.approx(1.0, abs=0.05)


def test_constant_volatility_is_beaten_where_volatility_comes_in_clusters(
    clustered: dict[str, HorizonEvaluation],
) -> None:
    five_minutes = clustered["5m"]
    assert five_minutes.interval_score_vs_constant_volatility < 0.85
    assert five_minutes.crps_vs_constant_volatility < 0.97
    assert five_minutes.p_value is not None
    assert five_minutes.p_value < 1e-6
    assert five_minutes.events[0].brier_skill > 0.05


@pytest.mark.parametrize("horizon", ["5m", "1h"])
def test_intervals_cover_what_they_say(clustered: dict[str, HorizonEvaluation], horizon: str) -> None:
    one = clustered[horizon]
    assert one.coverage_low < 0.9 < one.coverage_high or one.coverage == pytest.approx(0.9, abs=0.04)
    assert one.greatest_ratio_of_bounds <= 4.0


def test_every_outcome_of_a_market_without_gaps_has_a_forecast(calm: dict[str, HorizonEvaluation]) -> None:
    assert calm["5m"].n == (N_DAYS - 1) * 1_440 - 5
    assert calm["5m"].n_minutes_without_forecast == 0


def test_minutes_of_a_gap_are_counted_as_without_forecast() -> None:
    whole = market(clusters=False, n_days=3)
    known = np.ones(len(whole), dtype=bool)
    known[2_000:2_720] = False
    (five_minutes, *_) = evaluate(Candles("m", whole.minutes[known], whole.closes[known]))
    assert five_minutes.n_minutes_without_forecast == pytest.approx(720, abs=20)


def test_command_prints_a_table_and_a_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    candles = market(clusters=True, n_days=2)
    file = tmp_path / "m.csv"
    rows = [f"{60 * minute},{close}" for minute, close in zip(candles.minutes, candles.closes, strict=True)]
    file.write_text("\n".join(["time,close", *rows]))
    assert main(["evaluate", "--prices", str(file)]) == 0
    assert "2,880 minutes with a price" in (text := capsys.readouterr().out)
    assert "score/const" in text
    assert main(["evaluate", "--prices", str(file), "--json"]) == 0
    (document,) = json.loads(capsys.readouterr().out)
    five_minutes = document["horizons"][0]
    assert {
        "interval_score_vs_constant_volatility",
        "crps_vs_constant_volatility",
        "coverage",
        "p_value",
        "n",
    } <= set(five_minutes)


def test_command_names_a_file_that_it_cannot_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "--prices", str(tmp_path / "none.csv")]) == 1
    assert capsys.readouterr().err == f"forecast: {tmp_path / 'none.csv'}: no such file\n"
