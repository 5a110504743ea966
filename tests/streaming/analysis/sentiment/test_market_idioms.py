"""Idioms of markets have the sign that a trader reads; whatever moves a score is among its terms."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.analysis.sentiment.languages import language_of
from streaming.analysis.sentiment.mentions import MAX_CHARACTERS, find_mentions
from streaming.analysis.sentiment.scorer import NEGATIVE, NEUTRAL, POSITIVE, Passage
from streaming.analysis.sentiment.scorers import scorer_named

LABELS = {"+": POSITIVE, "0": NEUTRAL, "-": NEGATIVE}
SENTENCES = [
    line.split("\t")
    for line in Path(__file__).with_name("market_idioms.tsv").read_text(encoding="utf-8").splitlines()
]
WORDS = (
    "soars", "crash", "not", "never", "very", "but", "slightly", "lawsuit", "drops", "great", "no", "LOVE", "breaks",
    "above", "$100K", "theasset", "otherasset", "least", "kind", "of", "could", "fails", "to", "shorts", "liquidated",
    "🚀", "8)", ":3", "D:",
)  # fmt: skip


@pytest.mark.parametrize(("language", "sign", "title"), SENTENCES, ids=[row[2] for row in SENTENCES])
def test_idiom_has_its_market_sign(language: str, sign: str, title: str) -> None:
    passage = next(mention.passage for mention in find_mentions(title) if mention.symbol != "market")

    (polarity,) = scorer_named("vader-crypto").score([Passage(passage, language)])

    assert polarity.label == LABELS[sign], polarity


@given(words=st.lists(st.sampled_from(WORDS), max_size=12), language=st.sampled_from(("en", "fr")))
def test_score_that_moved_has_terms_of_the_text(words: list[str], language: str) -> None:
    text = " ".join(words)

    (polarity,) = scorer_named("vader-crypto").score([Passage(text, language)])

    assert bool(polarity.terms) or polarity.score == 0
    assert all(term in " ".join(text.lower().split()) for term in polarity.terms)


@given(
    marker=st.from_regex(r"[\d()\[\]:;<>/*.,-]{1,6}", fullmatch=True),
    place=st.integers(0, 3),
    title=st.sampled_from(
        ("theasset soars today again", "theasset ETF opens here", "theasset crashes in Asia")
    ),
)
def test_digits_brackets_and_list_markers_move_nothing(marker: str, place: int, title: str) -> None:
    words = title.split()
    scorer = scorer_named("vader-crypto")
    with_marker = " ".join((*words[:place], marker, *words[place:]))

    plain, marked = scorer.score([Passage(title, "en"), Passage(with_marker, "en")])

    assert (marked.score, marked.terms) == (plain.score, plain.terms)


def test_terms_name_what_turns_or_weakens_a_word() -> None:
    def terms(text: str, language: str = "en") -> tuple[str, ...]:
        return scorer_named("vader-crypto").score([Passage(text, language)])[0].terms

    assert terms("theasset did not crash") == ("not", "crash")
    assert terms("theasset fails to rally") == ("fails to", "rally")
    assert terms("SEC drops its lawsuit against theasset") == ("drops its lawsuit",)
    assert terms("theasset ne chute pas", "fr") == ("ne pas", "chute")
    assert terms("Le theasset n'est jamais solide", "fr") == ("ne jamais", "solide")
    assert terms("theasset soars but holders sell") == ("soars", "but", "sell")
    assert terms("term0term of theasset, term7term") == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "🚀" * 200_000,
        "1234567890 !? " * 70_000,
        "Bitcoin soars and crypto falls. " * 30_000,
        "BTC-LINK/" * 110_000,
        "Bitcoin, ether, " * 60_000,
        "LINK near SOL Circle " * 50_000,
        "Bitcoin биткоин ビットコイン 比特币 " * 20_000,
        "e\u0301" * 300_000,
        "\u202eBitcoin\u202c" * 50_000,
        "\x00\x92\ud800 Bitcoin",
        "drops the very long and " * 40_000,
    ],
    ids=lambda text: f"{text[:12]!a}",
)
def test_text_of_any_size_and_script_is_read_as_far_as_a_message_reaches(text: str) -> None:
    mentions = find_mentions(text, text)

    assert mentions == find_mentions(text[:MAX_CHARACTERS], text[:MAX_CHARACTERS])
    assert language_of(text, "en") == language_of(text[:MAX_CHARACTERS], "en")
    for language in ("en", "fr"):
        polarities = scorer_named("vader-crypto").score(
            [Passage(each.passage, language) for each in mentions]
        )
        assert [polarity.label in LABELS.values() for polarity in polarities] == [True] * len(mentions)
