"""Scores of the models on a generated market, printed and written into the model card's figures.

python -m streaming.analysis.prediction.evaluate            # prints them; takes minutes
python -m streaming.analysis.prediction.evaluate --write    # and writes them into docs/models
"""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from lakehouse.process.commands import EXIT_DONE, run, single_command


def main(arguments: Sequence[str] | None = None) -> int:
    return run(app, arguments, prog="python -m streaming.analysis.prediction.evaluate")


def evaluate(
    write: Annotated[bool, typer.Option("--write", help="write docs/models/predictor-figures.md")] = False,
) -> int:
    from streaming.analysis.prediction.figures import CARD, score_all_markets, to_card

    card = to_card(score_all_markets())
    sys.stdout.write(card)
    if write:
        CARD.write_text(card, encoding="utf-8")
    return EXIT_DONE


app = single_command(evaluate, description="Scores of the predictors on a generated market; takes minutes.")

if __name__ == "__main__":
    sys.exit(main())
