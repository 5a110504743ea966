"""Held-out figures of every scorer, printed and written into the model card.

python -m streaming.analysis.sentiment.evaluate            # prints them
python -m streaming.analysis.sentiment.evaluate --write    # and writes them into docs/models
"""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from lakehouse.process.commands import EXIT_DONE, run, single_command


def main(arguments: Sequence[str] | None = None) -> int:
    return run(app, arguments, prog="python -m streaming.analysis.sentiment.evaluate")


def evaluate(
    write: Annotated[bool, typer.Option("--write", help="write docs/models/sentiment-figures.md")] = False,
) -> int:
    from streaming.analysis.sentiment.evaluation.card import CARD, to_card

    card = to_card()
    print(card)
    if write:
        CARD.write_text(card, encoding="utf-8")
    return EXIT_DONE


app = single_command(
    evaluate, description="Held-out figures of the sentiment scorers, beside majority class and stock VADER."
)

if __name__ == "__main__":
    sys.exit(main())
