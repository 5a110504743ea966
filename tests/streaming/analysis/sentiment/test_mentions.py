"""Mentions of assets in texts, and the passage about each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.aliases.names import AssetNames
from lakehouse.aliases.seed import SEED
from lakehouse.aliases.versions import AliasVersion
from streaming.analysis.sentiment.mentions import find_mentions
from streaming.analysis.sentiment.readable_text import to_readable
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
        ("Ripple wins", ["xrp", "market"]),
        ("Bitcoin Cash forks", ["bch"]),
        ("Ethereum Classic forks", ["etc"]),
        ("Tether, USDT, USDC", ["usdt", "market", "usdc"]),
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
        "Visit bitcoin.org",
        "A photo by @solana",
        "unbitcoinable",
        "Tron: Legacy is on television",
        "",
    ],
)
def test_ordinary_word_is_no_asset(title: str) -> None:
    assert symbols(title) == []


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("pro-Bitcoin senator wins", ["btc"]),
        ("anti-bitcoin bill fails", ["btc"]),
        ("A spot-Ethereum-ETF", ["eth"]),
        ("non\u2011Bitcoin assets", ["btc"]),
        ("An Ethereum-Polkadot bridge", ["eth", "dot"]),
        ("ETH-BTC ratio", ["eth", "btc"]),
        ("ETH/BTC ratio", ["eth", "btc"]),
        ("ETH\u2013BTC ratio", ["eth", "btc"]),
        ("ETHBTC falls", ["eth", "btc"]),
        ("ethbtc falls", ["eth", "btc"]),
        ("BTC-SOL and LINK-ETH", ["btc", "sol", "link", "eth"]),
        ("USDT-DOT pair opens", ["dot"]),
        ("BTCUSDT", ["btc"]),
        ("btcusdt breaks out", ["btc"]),
        ("SOLUSDT and solusdc", ["sol"]),
        ("LINKUSD, DOTEUR, ADABTC", ["link", "dot", "ada", "btc"]),
        ("XBTUSD funding", ["btc"]),
        ("BTC_USDT opens", ["btc"]),
        ("BTC-USD opens", ["btc"]),
        ("BTC/USD:USD opens", ["btc"]),
        ("BTCUSDT.P shorts", ["btc"]),
        ("BTCUSDT_PERP and ETHUSD-PERP", ["btc", "eth"]),
        ("$BTCUSD", ["btc"]),
        ("$BTC.X bullish", ["btc"]),
        ("$NEAR.X and BTC.X", ["near", "btc"]),
        ("₿", ["btc"]),
        ("₿1.5 moved, 20₿ left", ["btc"]),
        ("Ξ2,000 is back", ["eth"]),
        ("Pays 3 Ξ", ["eth"]),
        ("Bit\u00adcoin", ["btc"]),
        ("Bit\u200bcoin and \u2066ETH\u2069", ["btc", "eth"]),
        ("Ｂｉｔｃｏｉｎ", ["btc"]),
        ("𝐁𝐓𝐂 pumps", ["btc"]),
        ("Bitcoin™ and Ethereum²", ["btc", "eth"]),
        ("Bitcoin\u00a0Cash", ["bch"]),
    ],
)
def test_asset_is_detected_in_compounds_pairs_signs_and_other_forms_of_letters(
    title: str, expected: list[str]
) -> None:
    assert symbols(title) == expected


@pytest.mark.parametrize(
    "title",
    [
        "https://a.example/why-bitcoin-fell",
        "a.example/2026/pro-bitcoin",
        "(https://a.example/?q=btc-usd)",
        "bitcoin-news.com is down",
        "my-bitcoin.org",
        "www.bitcoin-x",
        "bitcoin.com launches",
        "mail to info@btc-pool",
        "CROSS-LINK and UP-LINK",
        "e-LINK reader",
        "anti-link, cross-link, near-term, dot-com",
        "Ξένος και Ξ-άλλο",
        "ξ",
        "GBTCX, renBTC, alETH, stETH",
        "tethered",
        "Miami-Dade",
        "Solanax",
        "dotusd and nearbtc",
        "BtcUsdt",
        "LINKED, NEARBY, ADAPTED, SOLD, DOTTED",
        "ETHEREAL, BTCS, ETHS",
        "BTCUSDTX, XBTCUSDT, BTCUSDT9",
        "btc.d",
        "x.BTCUSDT",
    ],
)
def test_compound_pair_or_address_of_something_else_is_no_asset(title: str) -> None:
    assert symbols(title) == []


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Crypto winter ends", ["market"]),
        ("pro-crypto senator wins", ["market"]),
        ("CRYPTOCURRENCIES FALL SHARPLY TODAY", ["market"]),
        ("DeFi, NFTs and stablecoins", ["market"]),
        ("Les crypto-monnaies reculent", ["market"]),
        ("Kryptowährungen fallen", ["market"]),
        ("Las criptomonedas suben", ["market"]),
        ("Coinbase's chief resigns", ["market"]),
        ("Coinbase\x92s chief resigns", ["market"]),
        ("GBTC trades at a discount", ["market"]),
        ("Binance halts withdrawals", ["bnb", "market"]),
        ("#Binance", ["bnb", "market"]),
        ("Crypto.com pays", ["cro", "market"]),
        ("crypto.com/prices", []),
        ("Block.one settles", ["eos", "market"]),
        ("CryptoSlots and DubaiCoin", ["market"]),
        ("Crypto library flaw", []),
        ("SEC sues a broker", []),
        ("SEC sues over Bitcoin", ["market", "btc"]),
        ("Bitcoin falls 5%", ["btc"]),
        ("$market", []),
        ("MARKETUSDT", []),
        ("Token gesture", []),
        ("Its token falls as stakers leave the mainnet: Circle", ["market", "usdc"]),
        ("Cosmos opens on television", []),
        ("Cosmos rises 4%", ["atom"]),
        ("SOL/USDT and ETH-USDC", ["sol", "eth"]),
        ("USDC loses its peg", ["usdc"]),
    ],
)
def test_market_companies_and_sectors_are_detected(title: str, expected: list[str]) -> None:
    assert symbols(title) == expected


def test_entity_of_an_asset_is_masked_for_both_and_the_market_stays_written_for_an_asset() -> None:
    passages = {each.symbol: each.passage for each in find_mentions("Binance lists Solana for crypto funds")}

    assert passages == {
        "bnb": "theasset lists otherasset for crypto funds",
        "market": "theasset lists otherasset for theasset funds",
        "sol": "otherasset lists theasset for crypto funds",
    }


def test_words_of_a_passage_stay_apart() -> None:
    assert [mention.passage for mention in find_mentions("₿100K soon")] == ["theasset 100K soon"]
    assert [mention.passage for mention in find_mentions("ETHBTC falls")] == [
        "theasset otherasset falls",
        "otherasset theasset falls",
    ]


@given(text=st.text(max_size=80))
def test_readable_text_is_idempotent_and_no_text_raises(text: str) -> None:
    readable = to_readable(text)

    assert to_readable(readable) == readable
    assert find_mentions(text, text) == find_mentions(readable, readable)


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
