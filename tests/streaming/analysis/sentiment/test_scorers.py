"""Scorers: words of the field, negation, hedging, relations of two assets; the same each time."""

from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.analysis.sentiment import vader_scorer
from streaming.analysis.sentiment.evaluation.headlines import training_passages
from streaming.analysis.sentiment.mentions import find_mentions
from streaming.analysis.sentiment.scorer import Passage, Polarity
from streaming.analysis.sentiment.scorers import SCORERS, lexicon_scorer, scorer_named


def read(title: str, language: str = "en", *, symbol: str = "btc", model: str = "vader-crypto") -> Polarity:
    passage = next(mention.passage for mention in find_mentions(title) if mention.symbol == symbol)
    return scorer_named(model).score([Passage(passage, language)])[0]


@pytest.mark.parametrize(
    ("title", "language", "label"),
    [
        ("Bitcoin surges", "en", "positive"),
        ("Bitcoin plunges", "en", "negative"),
        ("Bitcoin is rekt", "en", "negative"),
        ("Traders are bullish on Bitcoin", "en", "positive"),
        ("Bitcoin conference opens", "en", "neutral"),
        ("Le Bitcoin s’envole", "fr", "positive"),
        ("Le Bitcoin dévisse", "fr", "negative"),
        ("Le Bitcoin piraté", "fr", "negative"),
        ("Bitcoin : la date du congrès", "fr", "neutral"),
    ],
)
def test_words_of_the_field_are_known(title: str, language: str, label: str) -> None:
    assert read(title, language).label == label


@pytest.mark.parametrize(
    ("title", "language", "label"),
    [
        ("Bitcoin did not crash", "en", "positive"),
        ("Bitcoin is not bullish", "en", "negative"),
        ("Bitcoin fails to rally", "en", "negative"),
        ("Bitcoin is far from dead", "en", "positive"),
        ("Le Bitcoin n’a pas chuté", "fr", "positive"),
        ("Le Bitcoin ne chute pas", "fr", "positive"),
        ("Le Bitcoin ne s’envole plus", "fr", "negative"),
        ("Aucune faille dans Bitcoin", "fr", "positive"),
        ("Bitcoin sans piratage", "fr", "positive"),
    ],
)
def test_negation_reverses_a_word(title: str, language: str, label: str) -> None:
    assert read(title, language).label == label


@pytest.mark.parametrize(
    ("hedged", "plain", "language"),
    [
        ("Bitcoin could soar", "Bitcoin soars", "en"),
        ("Le Bitcoin pourrait grimper", "Le Bitcoin grimpe", "fr"),
    ],
)
def test_hedged_claim_weighs_less_than_a_plain_one(hedged: str, plain: str, language: str) -> None:
    assert 0 < read(hedged, language).score < read(plain, language).score


def test_one_headline_is_good_for_one_asset_and_bad_for_the_other() -> None:
    title = "Solana overtakes Ethereum"

    assert read(title, symbol="sol").label == "positive"
    assert read(title, symbol="eth").label == "negative"
    assert read("Solana dépasse Ethereum", "fr", symbol="eth").label == "negative"


def test_terms_are_those_of_the_text() -> None:
    assert read("Bitcoin surges to an all-time high").terms == ("surges", "all-time high")
    assert read("Bitcoin conference opens").terms == ()
    assert read("Great, Bitcoin is safe!").terms == ("great", "safe")


def test_empty_passage_is_neutral() -> None:
    assert scorer_named("vader-crypto").score([Passage("", "en")]) == [Polarity(0.0, "neutral", ())]
    assert scorer_named("vader-crypto").score([]) == []
    assert scorer_named("e5-logistic").score([]) == []


@pytest.mark.parametrize("model", sorted(SCORERS))
def test_polarity_does_not_depend_on_what_is_scored_with_it(model: str) -> None:
    passages = [row.passage for row in training_passages()[:40]]
    scorer = scorer_named(model)

    together = scorer.score(passages)

    assert [scorer.score([passage])[0] for passage in passages] == together
    assert all(-1 <= polarity.score <= 1 for polarity in together)


ACTING_WORDS = (
    "not", "never", "no", "least", "at", "very", "so", "this", "without", "doubt", "isn't", "kind", "of", "sort",
    "just", "enough", "hardly", "or", "nor", "but", "NOT", "Very", "yeah", "right", "bus", "stop", "kiss", "death",
    "beating", "heart", "the", "bomb", "to", "die", "for", "bad", "ass",
)  # fmt: skip
VALENCED_WORDS = (
    "surges",
    "CRASHES",
    "good",
    "BAD",
    "hope",
    "bullish",
    "great",
    "rugged",
    "plunges",
    "wins",
    "shit",
)
PLAIN_WORDS = ("theasset", "otherasset", "as", "traders", "BTC", "wait", "2025", "!", "?", "?!", "price")


@given(st.lists(st.sampled_from((*ACTING_WORDS, *VALENCED_WORDS, *PLAIN_WORDS)), max_size=14).map(" ".join))
def test_a_word_beside_nothing_that_acts_on_it_has_the_valence_of_all_of_vaders_rules(text: str) -> None:
    (quick,) = lexicon_scorer().score([Passage(text, "en")])
    with patch.object(vader_scorer, "_NOT", ""):  # in every text: all rules are applied to all words
        (by_rules,) = lexicon_scorer().score([Passage(text, "en")])
    assert (quick.score, quick.label) == (by_rules.score, by_rules.label)
