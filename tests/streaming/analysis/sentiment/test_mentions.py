"""Mentions of assets in texts, and the passage about each."""

import pytest

from lakehouse.aliases.names import SEED, AssetNames
from lakehouse.aliases.versions import AliasVersion
from streaming.analysis.sentiment.mentions import find_mentions
from streaming.analysis.sentiment.vocabulary import vocabulary_of


def symbols(title: str, summary: str | None = None) -> list[str]:
    return [mention.symbol for mention in find_mentions(title, summary)]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Bitcoin gains", ["btc"]),
        ("bitcoin and ETHER gain", ["btc", "eth"]),
        ("$BTC, $near and $sol", ["btc", "near", "sol"]),
        ("Chainlink adds a bank", ["link"]),
        ("LINK at a low", ["link"]),
        ("NEAR adds users", ["near"]),
        ("Near Protocol adds users", ["near"]),
        ("BTC/USD slips", ["btc"]),
        ("#bitcoin is up", ["btc"]),
        ("L’ether grimpe", ["eth"]),
        ("La mise à jour du Cosmos Hub", ["atom"]),
        ("Ripple wins", ["xrp"]),
    ],
)
def test_asset_is_detected_in_its_own_spelling(title: str, expected: list[str]) -> None:
    assert symbols(title) == expected


@pytest.mark.parametrize(
    "title",
    [
        "Click the link near the dot",
        "One atom of gold",
        "Ada Lovelace was no miner",
        "La récolte est près du sol",
        "An avalanche of selling",
        "US DOT fines an airline",
        "ADA compliance for websites",
        "Bitcoin Cash forks",
        "Ethereum Classic forks",
        "Visit bitcoin.org",
        "A photo by @solana",
        "unbitcoinable",
        "Tron: Legacy is on television",
        "",
    ],
)
def test_ordinary_word_is_no_asset(title: str) -> None:
    assert symbols(title) == []


def test_text_in_capitals_needs_a_cashtag_for_an_ordinary_word() -> None:
    assert symbols("BITCOIN IS NEAR A HIGH") == ["btc"]
    assert symbols("BITCOIN AND $NEAR ARE HIGH") == ["btc", "near"]


def test_each_asset_gets_the_clause_about_it() -> None:
    btc, sol = find_mentions("Bitcoin rallies while Solana tumbles")

    assert (btc.symbol, btc.passage) == ("btc", "theasset rallies")
    assert (sol.symbol, sol.passage) == ("sol", "while theasset tumbles")


def test_french_clauses_are_separated_too() -> None:
    passages = {
        mention.symbol: mention.passage
        for mention in find_mentions("Le Bitcoin monte tandis que l’ether baisse")
    }

    assert passages == {"btc": "Le theasset monte", "eth": "tandis que l’theasset baisse"}


def test_assets_of_one_statement_share_it() -> None:
    passages = {
        mention.symbol: mention.passage for mention in find_mentions("Bitcoin, ether and Solana all tumble")
    }

    assert passages == {
        "btc": "theasset, otherasset and otherasset all tumble",
        "eth": "otherasset, theasset and otherasset all tumble",
        "sol": "otherasset, otherasset and theasset all tumble",
    }


def test_summary_adds_only_its_passages_about_the_asset() -> None:
    mentions = find_mentions(
        "Bitcoin slips", "Traders sold BTC all day. Ether was quiet. Nobody spoke of the weather."
    )

    assert [(mention.symbol, mention.passage) for mention in mentions] == [
        ("btc", "theasset slips . Traders sold theasset all day."),
        ("eth", "theasset was quiet."),
    ]


@pytest.mark.parametrize(
    ("aliases", "title", "expected"),
    [
        ({"words": ["Zed Coin"]}, "ZED COIN and bitcoin gain", ["zzz", "btc"]),
        ({"exact": ["Zed"]}, "zed gains, Zed gains", ["zzz"]),
        ({"exact": ["Zed"]}, "zed gains", []),
        ({"words": ["zed"], "not_before": ["leppelin"]}, "Zed Leppelin reunites", []),
        ({"words": ["c++", "a.b", "(x)", "$y", "é", "😀 coin"]}, "c++ gains", ["zzz"]),
        ({"words": ["c++", "a.b", "(x)", "$y", "é", "😀 coin"]}, "aXb and x and 😀 coins", []),
        ({"words": ["|", "\\", "[", "(?:", "^", ".", "?"]}, "Rates stay", []),
        ({}, "zzz gains", []),
        ({}, "$ZZZ gains", ["zzz"]),
    ],
)
def test_alias_of_an_operator_is_detected_by_its_kind(
    aliases: dict[str, list[str]], title: str, expected: list[str]
) -> None:
    vocabulary = vocabulary_of(AliasVersion(1, 0, (*SEED, AssetNames.parse("zzz", aliases))))

    assert [mention.symbol for mention in find_mentions(title, None, vocabulary)] == expected


def test_without_assets_no_text_has_a_mention() -> None:
    assert find_mentions("Bitcoin $btc $", "ETH", vocabulary_of(AliasVersion(1, 0, ()))) == []


def test_word_that_two_assets_claim_is_the_first_symbols_in_any_order() -> None:
    one, other = AssetNames(symbol="aa", words=("zed",)), AssetNames(symbol="zz", words=("zed",))
    for assets in ((one, other), (other, one)):
        (mention,) = find_mentions("Zed gains", None, vocabulary_of(AliasVersion(1, 0, assets)))
        assert mention.symbol == "aa"
