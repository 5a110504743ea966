"""Which headlines tell one story: near-duplicates do, headlines of one pattern about different things do not."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.stories.headline import read_headline
from lakehouse.stories.similarity import similarity

ONE_STORY = [
    ("Bitcoin slips below $61,000 as dollar firms", "Bitcoin slips below $61K as the dollar firms"),
    ("Bitcoin slips below $61,000 as dollar firms", "BTC slips below $61,000 as dollar firms - Coin Ledger"),
    ("Tether mints $1 billion USDT on Tron", "Tether mints 1B USDT on Tron"),
    ("Ether ETF inflows hit $1.5 billion", "Ether ETF inflows hit $1.5bn | Crypto News"),
    ("SEC delays decision on VanEck solana ETF", "US SEC delays decision on VanEck\u2019s Solana ETF"),
    ("Hacker drains $30 million from DeFi lender Moonwell", "DeFi lender Moonwell drained of $30M by hacker"),
    ("KRAKEN WINS LICENCE IN IRELAND", "Kraken Wins Licence In Ireland"),
    ("Binance to delist four tokens on December 3", "Binance to delist 4 tokens on December 3"),
    ("Le bitcoin passe sous les 61 000 dollars", "Le Bitcoin (BTC) passe sous les 61.000 dollars"),
    ("L\u2019AMF met en garde contre une plateforme", "L'AMF met en garde contre une plateforme crypto"),
    ("\U0001f680\U0001f680\U0001f680", "\U0001f680\U0001f680\U0001f680 "),
    ("比特币 上涨", "比特币 上涨"),
]
TWO_STORIES = [
    ("Bitcoin slips below $61,000 as dollar firms", "Bitcoin slips below $59,000 as dollar firms"),
    ("Kraken wins licence to operate in Ireland", "Gemini wins licence to operate in Ireland"),
    ("Kraken Wins Licence To Operate In Ireland", "Gemini Wins Licence To Operate In Ireland"),
    ("Crypto funds see weekly outflows of $310 million", "Crypto funds see weekly inflows of $310 million"),
    (
        "Bitcoin rises as risk appetite returns to markets",
        "Bitcoin falls as risk appetite returns to markets",
    ),
    ("Le bitcoin gagne 5 % en une journée", "L'ether gagne 5 % en une journée"),
    ("Price analysis 11/25: BTC, ETH, XRP", "Price analysis 11/27: BTC, ETH, XRP"),
    ("Bitcoin", "Bitcoin slips below $61,000 as dollar firms"),
    ("\U0001f680\U0001f680\U0001f680", "\U0001f680"),
    ("", ""),
]


@pytest.mark.parametrize(("one", "other"), ONE_STORY)
def test_near_duplicates_tell_one_story(one: str, other: str) -> None:
    assert similarity(read_headline(one), read_headline(other)) >= 0.5


@pytest.mark.parametrize(("one", "other"), TWO_STORIES)
def test_headlines_of_one_pattern_tell_two(one: str, other: str) -> None:
    assert similarity(read_headline(one), read_headline(other)) == 0


@given(st.text(), st.text())
def test_any_two_texts_have_a_similarity_that_is_the_same_both_ways(one: str, other: str) -> None:
    alike = similarity(read_headline(one), read_headline(other))
    assert 0 <= alike <= 1
    assert alike == similarity(read_headline(other), read_headline(one))


@given(st.text(alphabet=string.ascii_letters + string.digits + " ,.$-é\u2019", min_size=1))
def test_a_headline_tells_the_story_that_it_tells(title: str) -> None:
    headline = read_headline(title)
    assert similarity(headline, headline) == (1 if title.strip() else 0)


@pytest.mark.parametrize(
    ("title", "numbers"),
    [
        ("$61,000", {"#61000"}),
        ("61.000 dollars", {"#61000"}),
        ("61 000 $", {"#61000"}),
        ("61K", {"#61000"}),
        ("4.5 million", {"#4.5e+06"}),
        ("4,5 millions", {"#4.5e+06"}),
        ("1,234,567", {"#1.23457e+06"}),
        ("11/25", {"#11", "#25"}),
        ("5,000-day", {"#5000"}),
    ],
)
def test_numbers_are_one_however_they_are_written(title: str, numbers: set[str]) -> None:
    assert read_headline(title).numbers == numbers
