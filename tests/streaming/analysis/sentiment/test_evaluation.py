"""Labelled headlines and the figures of scorers on them."""

import pytest

from streaming.analysis.sentiment.evaluation.agreement import cohens_kappa
from streaming.analysis.sentiment.evaluation.figures import measure
from streaming.analysis.sentiment.evaluation.headlines import (
    LabelledPassage,
    read_attributions,
    read_headlines,
    read_second_labels,
)
from streaming.analysis.sentiment.lexicon.wording import read_lexicon
from streaming.analysis.sentiment.mentions import find_mentions
from streaming.analysis.sentiment.scorer import Passage

pytestmark = pytest.mark.heavy


def labelled(*labels: str) -> list[LabelledPassage]:
    return [
        LabelledPassage(title=str(at), symbol="btc", passage=Passage("x", "en"), label=label)
        for at, label in enumerate(labels)
    ]


def test_held_out_headlines_are_at_least_two_hundred_and_most_hold_a_term() -> None:
    titles = {language: [t for t, _ in read_headlines("held_out", language)] for language in ("en", "fr")}
    without = [
        title
        for language, titles_of_language in titles.items()
        for title in titles_of_language
        if not read_lexicon(language).rewrite(title).terms
    ]

    n_titles = sum(map(len, titles.values()))
    assert n_titles >= 200
    assert len(without) <= 0.4 * n_titles


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_headline_is_in_two_splits(language: str) -> None:
    training, tuning, held_out = (
        {title.lower() for title, _ in read_headlines(split, language)}
        for split in ("training", "tuning", "held_out")
    )

    assert training & held_out == training & tuning == tuning & held_out == set()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_second_labelling_is_of_the_same_headlines_and_assets(language: str) -> None:
    first, second = read_headlines("held_out", language), read_second_labels(language)

    assert [(title, set(labels)) for title, labels in first] == [
        (title, set(labels)) for title, labels in second
    ]


def test_attribution_to_symbols_is_nearly_always_right() -> None:
    rows = read_attributions()
    found = [({mention.symbol for mention in find_mentions(title)}, symbols) for title, symbols in rows]
    n_right = sum(len(one & other) for one, other in found)

    assert len(rows) >= 150
    assert sum(not symbols for _, symbols in found) >= 75
    assert n_right >= 0.98 * sum(len(one) for one, _ in found)
    assert n_right >= 0.98 * sum(len(other) for _, other in found)


@pytest.mark.parametrize(
    ("first", "second", "kappa"),
    [("++--", "++--", 1.0), ("++--", "--++", -1.0), ("++--", "+-+-", 0.0), ("+++", "+++", 1.0)],
)
def test_kappa_is_agreement_beyond_chance(first: str, second: str, kappa: float) -> None:
    assert cohens_kappa(first, second) == kappa


def test_kappa_of_nothing_or_of_different_lengths_raises() -> None:
    with pytest.raises(ValueError, match="nothing"):
        cohens_kappa([], [])
    with pytest.raises(ValueError, match="shorter"):
        cohens_kappa("++", "+")


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
