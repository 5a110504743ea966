"""Command line of the forecasts: python -m streaming.analysis.prediction, also `cryptoviz forecast`."""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lakehouse.process.commands import EXIT_DONE, EXIT_FAILED, new_app, print_error, run
from lakehouse.process.settings import Settings

if TYPE_CHECKING:
    from lakehouse.scores.verdicts import RowVerdict
    from streaming.analysis.prediction.evaluation.candle_evaluation import HorizonEvaluation

PROGRAM = "forecast"
_GENERATED_DAYS = 180
app = new_app(
    "How well the forecaster says how far a price moves.",
    epilog="""\
examples:
  cryptoviz forecast evaluate --prices btc.parquet --prices eth.csv
  cryptoviz forecast evaluate --prices btc.parquet --json | jq '.[0].horizons[] | {horizon, coverage}'""",
)
_COLUMNS = (
    ("horizon", "horizon", "{}"),
    ("n", "n", "{:,}"),
    ("n_minutes_without_forecast", "min. without", "{:,}"),
    ("interval_score_vs_constant_volatility", "score/const", "{:.3f}"),
    ("interval_score_vs_ewma", "score/ewma", "{:.3f}"),
    ("crps_vs_constant_volatility", "crps/const", "{:.3f}"),
    ("crps_vs_ewma", "crps/ewma", "{:.3f}"),
    ("p_value", "p", "{:.3g}"),
    ("coverage", "coverage", "{:.1%}"),
    ("coverage_calmest_decile", "calmest", "{:.1%}"),
    ("coverage_liveliest_decile", "liveliest", "{:.1%}"),
    ("coverage_after_jump", "after jump", "{:.1%}"),
    ("coverage_worst_week", "worst week", "{:.1%}"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    return run(app, arguments, prog="python -m streaming.analysis.prediction")


@app.command()
def evaluate(
    prices: Annotated[
        list[Path],
        typer.Option("--prices", metavar="FILE", help="candles (.parquet, .csv): columns time, close"),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document instead of tables")] = False,
) -> int:
    """Run the forecaster over candles of a market and print how good its intervals are.

    Scores are ratios to a reference (below 1: better): intervals of constant volatility, and of an EWMA of squares.
    p tests the first ratio (Diebold and Mariano). About a minute for each half a year of minutes.
    """
    from streaming.analysis.prediction.evaluation.candle_evaluation import evaluate as evaluate_candles
    from streaming.analysis.prediction.evaluation.candles import CandleFileError, read_candles

    Settings.from_environ(os.environ)  # a wrong variable is named, as by every program
    documents = []
    for path in prices:
        try:
            candles = read_candles(path)
        except CandleFileError as error:
            print_error(PROGRAM, str(error))
            return EXIT_FAILED
        horizons = evaluate_candles(candles)
        if as_json:
            documents.append(
                {"file": str(path), "n_minutes": len(candles), "horizons": [asdict(one) for one in horizons]}
            )
        else:
            print(f"{path}: {len(candles):,} minutes with a price\n{_to_table(horizons)}", flush=True)
    if as_json:
        print(json.dumps(documents, indent=2))
    return EXIT_DONE


@app.command()
def news(
    prices: Annotated[
        Path | None,
        typer.Option("--prices", metavar="FILE", help="candles (.parquet, .csv): columns time, close"),
    ] = None,
    texts: Annotated[
        Path | None,
        typer.Option("--texts", metavar="FILE", help="texts (.parquet, .csv): column time of publication"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document instead of lines")] = False,
) -> int:
    """Test whether volume and surprise of texts help to say how far a price moves.

    Without files: on a generated market, whose bursts of news are livelier. Ratios of interval scores with news to
    those without, below 1 where news helps; the control moves texts by half of the time. p is Diebold and Mariano's.
    """
    from streaming.analysis.prediction.evaluation.candles import CandleFileError, read_candles, read_times
    from streaming.analysis.prediction.evaluation.figures import SEED
    from streaming.analysis.prediction.evaluation.news_scale import compare_scales, generated_market
    from streaming.feed.prices.behaviour import MarketModel

    Settings.from_environ(os.environ)
    if (prices is None) != (texts is None):
        raise typer.BadParameter("--prices and --texts are given both, or none of them")
    try:
        if prices is not None and texts is not None:
            market = read_candles(prices), read_times(texts)
        else:
            market = generated_market(MarketModel(SEED), "btc", n_days=_GENERATED_DAYS)
        found = compare_scales(*market)
    except CandleFileError as error:
        print_error(PROGRAM, str(error))
        return EXIT_FAILED
    if as_json:
        print(json.dumps([asdict(one) for one in found], indent=2))
    for one in () if as_json else found:
        p, control_p = ("–" if each is None else f"{each:.3g}" for each in (one.p_value, one.control_p_value))
        control = f"control {one.control_ratio:.4f} (p {control_p})"
        print(f"{one.horizon}: {one.ratio:.4f} (p {p}, n {one.n:,}); {control}")
    return EXIT_DONE


@app.command()
def card(
    write: Annotated[bool, typer.Option("--write", help="write docs/models/predictor-figures.md")] = False,
) -> int:
    """Score the models on a generated market; takes minutes."""
    from streaming.analysis.prediction.evaluation.figures import CARD, score_all_markets, to_card

    text = to_card(score_all_markets())
    sys.stdout.write(text)
    if write:
        CARD.write_text(text, encoding="utf-8")
    return EXIT_DONE


def _to_table(horizons: Sequence["HorizonEvaluation"]) -> str:
    """Return the figures as text, a line a horizon; the events below."""
    if not horizons:
        return "  too short: at least 25 hours are needed, and 11 days for a day's horizon\n"
    rows = [[title for _, title, _ in _COLUMNS]]
    for one in horizons:
        values = asdict(one)
        rows.append(
            ["–" if values[name] is None else style.format(values[name]) for name, _, style in _COLUMNS]
        )
    widths = [max(len(row[at]) for row in rows) for at in range(len(_COLUMNS))]
    lines = [
        "  " + "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows
    ]
    for one in horizons:
        lines += [f"  {one.horizon}: {_verdict(verdict)}" for verdict in one.verdicts]
        if one.superior is not None:
            lines.append(
                f"  {one.horizon}: best or as good as the best: {', '.join(one.superior.included)} (90 % confidence); "
                f"p {one.superior.p_no_reference_is_better:.3g} that no reference is better"
            )
        for event in one.events:
            p = "–" if event.p_value is None else f"{event.p_value:.3g}"
            lines.append(
                f"  {one.horizon}: a move of more than {event.move:.1%} ({event.base_rate:.1%} of the time): "
                f"Brier skill {event.brier_skill:+.1%} (p {p}), calibration error {event.calibration_error:.1%}"
            )
    return "\n".join([*lines, ""])


def _verdict(verdict: "RowVerdict") -> str:
    beside = f"{verdict.verdict} beside {verdict.reference}, {verdict.n:,} outcomes that do not overlap"
    if verdict.e_value is None:
        return beside
    return f"{beside}, e-value {verdict.e_value:.3g} ({verdict.needed:.0f} needed)"


if __name__ == "__main__":
    sys.exit(main())
