"""Labelled headlines and the figures of scorers on them."""

import pytest

from streaming.analysis.sentiment.evaluation.figures import measure
from streaming.analysis.sentiment.evaluation.headlines import LabelledPassage, read_headlines
from streaming.analysis.sentiment.lexicon.wording import read_lexicon
from streaming.analysis.sentiment.scorer import Passage


def labelled(*labels: str) -> list[LabelledPassage]:
    return [
        LabelledPassage(title=str(at), symbol="btc", passage=Passage("x", "en"), label=label)
        for at, label in enumerate(labels)
    ]


def test_held_out_headlines_are_at_least_two_hundred_and_half_hold_no_term() -> None:
    titles = {language: [t for t, _ in read_headlines("held_out", language)] for language in ("en", "fr")}
    without = [
        title
        for language, titles_of_language in titles.items()
        for title in titles_of_language
        if not read_lexicon(language).rewrite(title)[1]
    ]

    n_titles = sum(map(len, titles.values()))
    assert n_titles >= 200
    assert len(without) >= n_titles / 2


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_headline_is_in_both_splits(language: str) -> None:
    training, held_out = (
        {title.lower() for title, _ in read_headlines(split, language)} for split in ("training", "held_out")
    )

    assert training & held_out == set()


def test_figures_of_a_scorer_that_is_always_right_are_one() -> None:
    rows = labelled("positive", "neutral", "negative") * 2

    figures = measure(rows, [row.label for row in rows])

    assert figures.macro_f1.value == 1.0
    assert [(one.label, one.n, one.precision, one.recall) for one in figures.classes] == [
        ("negative", 2, 1.0, 1.0),
        ("neutral", 2, 1.0, 1.0),
        ("positive", 2, 1.0, 1.0),
    ]


def test_figures_are_those_computed_by_hand() -> None:
    rows = labelled("positive", "positive", "negative", "neutral")

    figures = measure(rows, ["positive", "negative", "negative", "negative"])

    negative, neutral, positive = figures.classes
    assert (negative.precision, negative.recall, negative.f1.value) == (1 / 3, 1.0, 0.5)
    assert (neutral.precision, neutral.recall, neutral.f1.value) == (0.0, 0.0, 0.0)
    assert (positive.precision, positive.recall, positive.f1.value) == (1.0, 0.5, 2 / 3)
    assert figures.macro_f1.value == pytest.approx((0.5 + 2 / 3) / 3)
    assert figures.macro_f1.lower < figures.macro_f1.value < figures.macro_f1.upper


def test_intervals_are_the_same_for_the_same_labels() -> None:
    rows = labelled("positive", "negative", "neutral", "positive")
    given = ["positive", "positive", "neutral", "negative"]

    assert measure(rows, given) == measure(rows, given)
