"""Language of a headline: detected in the text, the feed's where detection is unsure, else undetermined."""

import pytest

from streaming.analysis.sentiment.evaluation.headlines import read_headlines, read_other_languages
from streaming.analysis.sentiment.languages import language_of


@pytest.mark.parametrize(
    ("title", "language"),
    [
        ("Bitcoin slides as traders wait for the Fed", "en"),
        ("Le Bitcoin recule, les investisseurs attendent la Fed", "fr"),
        ("El Bitcoin cae mientras los inversores esperan a la Fed", "es"),
        ("ビットコイン（BTC）が最高値を更新", "ja"),
        ("BTC $ 90,000", "und"),
        ("Bitcoin surges", "und"),
    ],
)
def test_language_is_detected_in_the_text(title: str, language: str) -> None:
    assert language_of(title) == language


def test_feed_decides_where_detection_is_unsure() -> None:
    assert language_of("XRP army celebrates", "en-GB") == "en"
    assert language_of("Bitcoin surges", "en") == "en"
    assert language_of("BTC 90,000", "fr") == "fr"


@pytest.mark.parametrize(
    ("title", "hint", "language"),
    [
        ("XRP skyrockets", "en", "en"),
        ("XRP skyrockets", "en-US", "en"),
        ("Bitcoin soars again", "en", "en"),
        ("Solana outperforms", "en", "en"),
        ("Bitcoin hodlers rejoice", "en-gb", "en"),
        ("Dogecoin moons", "en", "en"),
        ("Ethereum explose", "fr", "fr"),
        ("Le Bitcoin flambe", "fr-FR", "fr"),
        ("Bitcoin Rekordhoch", "de", "de"),
        ("Bitcoin 价格今天大幅上涨", "en", "zh"),
        ("Биткоин растет", "en", "ru"),
        ("ビットコインが最高値を更新", "en", "ja"),
        ("ビットコインが最高値を更新", "ja", "ja"),
        ("El Bitcoin cae con fuerza", "en", "es"),
    ],
)
def test_feed_decides_for_few_words_in_its_script(title: str, hint: str, language: str) -> None:
    assert language_of(title, hint) == language


def test_confident_detection_overrides_the_feed() -> None:
    assert language_of("El Bitcoin cae mientras los inversores esperan a la Fed", "en") == "es"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_held_out_headlines_are_nearly_all_detected_right(language: str) -> None:
    titles = [title for title, _ in read_headlines("held_out", language)]

    assert sum(language_of(title) != language for title in titles) <= 2


def test_no_headline_of_another_language_is_taken_for_english_or_french() -> None:
    assert [title for _, title in read_other_languages() if language_of(title) in ("en", "fr")] == []
