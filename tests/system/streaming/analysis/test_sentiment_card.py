"""Figures of the sentiment scorers' card, measured again."""

from streaming.analysis.sentiment.evaluation.card import CARD, to_card


def test_the_cards_figures_are_those_of_a_fresh_run() -> None:
    assert CARD.read_text(encoding="utf-8") == to_card()
