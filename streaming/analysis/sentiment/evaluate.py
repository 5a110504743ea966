"""Figures of the sentiment scorers: on a labelled file, or the model card's on this project's headlines."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from lakehouse.errors import LakehouseError
from lakehouse.process.commands import EXIT_DONE, EXIT_USAGE, print_error, run, single_command
from lakehouse.process.settings import Settings
from streaming.analysis.sentiment.scorer import Scorer
from streaming.errors import EncoderError, LabelsFileError

DEFAULT_SCORER = "vader-crypto"
_DESCRIPTION = """
Figures of a sentiment scorer on a labelled CSV file: macro-F1 with its 95 % interval, each label and
language, the share of texts without a result and why, calibration, and texts that are good for one
asset and bad for another.

The file has columns text and label (positive, neutral, negative), and perhaps entity (an asset or a
company), lang and date. Nothing of it is kept. Without --data the figures of the model card are printed.
"""
_EPILOG = """
Examples:
  cryptoviz sentiment evaluate --data titles.csv
  cryptoviz sentiment evaluate --data titles.csv --json > figures.json

Exit codes: 0 done, 2 a wrong option or file; stderr names the lines.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    return run_on_labels(app, arguments, prog="python -m streaming.analysis.sentiment.evaluate")


def run_on_labels(app: typer.Typer, arguments: Sequence[str] | None, *, prog: str) -> int:
    """Run a command line that reads labelled files and return its exit code: EXIT_USAGE for a wrong file."""
    try:
        return run(app, arguments, prog=prog, failures=(LakehouseError, EncoderError))
    except LabelsFileError as error:
        print_error(prog.rpartition(".")[2], error)
        return EXIT_USAGE


def evaluate(
    data: Annotated[
        Path | None, typer.Option("--data", metavar="FILE", show_default=False, help="labelled CSV file")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document instead of text")] = False,
    scorer: Annotated[
        str,
        typer.Option(
            "--scorer",
            metavar="NAME",
            help="vader-crypto, e5-logistic, or a model: its number in the lake, or a file",
        ),
    ] = DEFAULT_SCORER,
    drop_contradictions: Annotated[
        bool, typer.Option("--drop-contradictions", help="leave out texts with several labels, else an error")
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="without --data: write docs/models/sentiment-figures.md")
    ] = False,
) -> int:
    """Measure a scorer on a labelled file; without one print the figures of the model card."""
    settings = Settings.from_environ(os.environ)
    if data is None:
        if as_json or drop_contradictions or scorer != DEFAULT_SCORER:
            raise typer.BadParameter("--json, --scorer and --drop-contradictions need --data FILE")
        return _print_card(write)
    if write:
        raise typer.BadParameter("--write is of the model card, without --data")
    return _evaluate_file(data, scorer, settings, as_json=as_json, drop_contradictions=drop_contradictions)


def _print_card(write: bool) -> int:
    from streaming.analysis.sentiment.evaluation.card import CARD, to_card

    card = to_card()
    print(card)
    if write:
        CARD.write_text(card, encoding="utf-8")
    return EXIT_DONE


def _evaluate_file(
    data: Path, name: str, settings: Settings, *, as_json: bool, drop_contradictions: bool
) -> int:
    from streaming.analysis.sentiment.evaluation.file_figures import evaluate_rows
    from streaming.analysis.sentiment.evaluation.file_report import to_report
    from streaming.analysis.sentiment.evaluation.labelled_file import read_labelled_file

    scorer = _to_scorer(name, settings)
    rows = read_labelled_file(data, drop_contradictions=drop_contradictions)
    print(f"scoring {len(rows)} labelled texts with {name}", file=sys.stderr, flush=True)
    figures: dict[str, Any] = {"file": str(data), **evaluate_rows(rows, scorer)}
    print(json.dumps(figures, indent=1, ensure_ascii=False) if as_json else to_report(figures))
    return EXIT_DONE


def _to_scorer(name: str, settings: Settings) -> Scorer:
    """Return a scorer by its name, or that of a model: by its number in the lake, or the file that `train` wrote."""
    from lakehouse.sentiment_models.model import read_model
    from lakehouse.sentiment_models.versions import ModelReader
    from streaming.analysis.sentiment.scorers import SCORERS, scorer_named, trained_scorer
    from streaming.analysis.sentiment.semantic.loading import EncoderSettings

    encoder = EncoderSettings.of(settings)
    if name in SCORERS:
        return scorer_named(name, encoder)
    if Path(name).is_file():
        return trained_scorer(read_model(Path(name)), encoder)
    models = ModelReader(settings.lake_location()).refresh().models
    if name.isdecimal() and int(name) in models:
        return trained_scorer(models[int(name)], encoder)
    accepted = ", ".join((*SCORERS, *(f"{number}" for number in models), "a file of `train --out`"))
    raise typer.BadParameter(f"{name[:40]} is not one of {accepted}", param_hint="--scorer")


app = single_command(evaluate, description=_DESCRIPTION, epilog=_EPILOG)

if __name__ == "__main__":
    sys.exit(main())
