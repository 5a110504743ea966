"""Whether news helps the scale: found where texts come before lively hours, and nowhere else."""

import json
from pathlib import Path

import numpy as np
import pytest

from streaming.analysis.prediction.__main__ import main
from streaming.analysis.prediction.evaluation.candles import CandleFileError, Candles, read_times
from streaming.analysis.prediction.evaluation.news_scale import compare_scales, generated_market
from streaming.feed.prices.behaviour import MarketModel

MINUTE, N_MINUTES = 29_484_000, 20 * 1_440


def market(*, foretold: bool) -> tuple[Candles, np.ndarray]:
    """Return closes that are lively for an hour now and then, and texts ten minutes before that, or at any time."""
    random = np.random.default_rng(4)
    starts = np.sort(random.choice(np.arange(100, N_MINUTES - 100), 120, replace=False))
    deviations = np.full(N_MINUTES, 5e-4)
    for start in starts:
        deviations[start : start + 60] = 2e-3
    closes = 100.0 * np.exp(np.cumsum(random.normal(size=N_MINUTES) * deviations))
    texts = np.repeat(starts - 10, 8) if foretold else random.choice(N_MINUTES, 960)
    return Candles("m", MINUTE + np.arange(N_MINUTES, dtype=np.int64), closes), MINUTE + np.sort(texts)


def test_texts_before_lively_hours_help_and_those_of_another_time_do_not() -> None:
    five_minutes, hour = compare_scales(*market(foretold=True))[:2]

    for one in (five_minutes, hour):
        assert one.ratio < 0.97
        assert one.p_value is not None
        assert one.p_value < 0.01
        assert one.control_ratio > 0.99
    assert five_minutes.horizon == "5m"


def test_texts_at_any_time_do_not_help() -> None:
    for one in compare_scales(*market(foretold=False))[:2]:
        assert one.ratio == pytest.approx(1.0, abs=0.01)
        assert one.ratio > 0.995 or one.p_value is None or one.p_value > 0.01


def test_no_later_text_changes_an_earlier_forecast() -> None:
    candles, texts = market(foretold=True)
    half = Candles("m", candles.minutes[: N_MINUTES // 2], candles.closes[: N_MINUTES // 2])

    assert (
        compare_scales(half, texts)[0].ratio
        == compare_scales(half, texts[texts < MINUTE + N_MINUTES // 2])[0].ratio
    )


def test_command_prints_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    candles, texts = market(foretold=True)
    prices_file, texts_file = tmp_path / "m.csv", tmp_path / "t.csv"
    rows = [f"{60 * minute},{close}" for minute, close in zip(candles.minutes, candles.closes, strict=True)]
    prices_file.write_text("\n".join(["time,close", *rows]))
    texts_file.write_text("\n".join(["time", *(str(60 * minute) for minute in texts)]))

    assert main(["news", "--prices", str(prices_file), "--texts", str(texts_file), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found[0]["ratio"] == pytest.approx(compare_scales(candles, texts)[0].ratio)
    assert main(["news", "--prices", str(prices_file), "--texts", str(tmp_path / "none.csv")]) == 1
    assert "no such file" in capsys.readouterr().err


def test_generated_market_has_texts_where_news_comes_in_bursts() -> None:
    candles, texts = generated_market(MarketModel(3), "btc", n_days=3)

    assert len(candles) == 3 * 1_440
    assert 300 < len(texts) < 1_500
    assert set(texts) <= set(candles.minutes)


def test_a_file_of_texts_without_times_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("when\n1\n")
    with pytest.raises(CandleFileError, match="time"):
        read_times(path)
