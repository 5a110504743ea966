"""The operator's file of markets: what it says, and what is said where it is wrong."""

import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.errors import MarketFileError, SettingError
from lakehouse.process.settings import Settings
from lakehouse.series.market_file import MAX_BYTES, read_market_file
from lakehouse.series.markets import ALWAYS_US, DEFAULT_RULES, PREFERRED_MARKETS, Asset, Market, MarketRules
from lakehouse.time_range import to_us

WHOLE = """
preferred = ["kraken/usd", "binance/usdt"]
[symbols.luna]
preferred = ["okx/usdt"]
assets = [
    {from = 2022-05-28T08:00:00+02:00, name = "Terra 2.0", venues = ["binance", "kraken"]},
    {from = 2026-01-01T00:00:00Z},
]
[symbols.xmr]
"""
LUNA = "[[symbols.luna.assets]]\n"
FROM = "from = 2022-05-28T06:00:00Z\n"


def read(folder: Path, text: str | bytes) -> MarketRules:
    path = folder / "markets.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_market_file(path)


def test_file_says_which_markets_go_first_and_what_a_symbol_stands_for(tmp_path: Path) -> None:
    rules = read(tmp_path, WHOLE)
    change_us, again_us = (to_us(datetime(*at, tzinfo=UTC)) for at in ((2022, 5, 28, 6), (2026, 1, 1)))
    both = (Market("kraken", "usd"), Market("binance", "usdt"))
    assert rules.of("btc").preferred == both
    assert rules.of("xmr").preferred == both
    assert rules.of("luna").preferred == (Market("okx", "usdt"), *both)
    assert rules.of("luna").assets == (
        Asset(0, change_us),
        Asset(change_us, again_us, "Terra 2.0", ("binance", "kraken")),
        Asset(again_us, ALWAYS_US),
    )
    assert rules.of("xmr").assets == rules.of("btc").assets == (Asset(),)


def test_empty_file_says_nothing(tmp_path: Path) -> None:
    rules = read(tmp_path, "")
    assert rules == DEFAULT_RULES
    assert rules.of("btc").preferred == PREFERRED_MARKETS


def test_example_of_the_operations_page_is_a_file(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "operations.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    rules = read(tmp_path, example)
    assert rules.of("luna").assets[1].name == "Terra 2.0"
    assert rules.of("xmr").preferred[0] == Market("kraken", "eur")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[symbols", "it is not TOML"),
        (b"name = '\xff'", "it is not UTF-8: byte 8"),
        ("prefered = []", "unknown field `prefered`.*accepted: preferred and symbols"),
        ("preferred = 'kraken/usd'", "Expected `array.*preferred"),
        ("preferred = ['kraken-usd']", r"preferred\[0\].*accepted: a venue and a quote such as binance/usdt"),
        ("preferred = ['Kraken/USD']", "accepted: a venue and a quote"),
        ("preferred = ['kraken/usd\\n']", "accepted: a venue and a quote"),
        ('preferred = ["kraken/usd\\n"]', "accepted: a venue and a quote"),
        ("preferred = ['kraken/usd', 'kraken/usd']", "preferred names kraken/usd twice; accepted: each once"),
        ("[symbols.BTC]", "symbols.BTC; accepted: symbols such as btc"),
        ("[symbols.'btc/usd']", "symbols.btc/usd; accepted: symbols such as btc"),
        ("[symbols.luna]\nassets = 3", "symbols.luna: Expected `array`, got `int` - at `.*assets`"),
        (f"{LUNA}name = 'x'", "required field `from`"),
        (f"{LUNA}from = 2022-05-28", "accepted: an instant with its zone"),
        (f"{LUNA}from = 2022-05-28T06:00:00", "accepted: an instant with its zone"),
        (f"{LUNA}from = 'May'", "accepted: an instant with its zone"),
        (
            f"{LUNA}from = 2022-05-28T06:30:00Z",
            r"symbols.luna.assets\[0\].from is .*06:30.*a whole hour in UTC",
        ),
        (f"{LUNA}from = 2022-05-28T06:00:00+05:30", "a whole hour in UTC"),
        (f"{LUNA}from = 1970-01-01T00:00:00Z", "accepted: from 2009-01-03 on"),
        (f"{LUNA}{FROM}{LUNA}{FROM}", r"assets\[1\].from is not after the one before"),
        (f"{LUNA}{FROM}{LUNA}from = 2021-01-01T00:00:00Z", "accepted: ascending instants"),
        (f"{LUNA}{FROM}name = ''", "length >= 1"),
        (f"{LUNA}{FROM}name = '{'x' * 81}'", "length <= 80"),
        (f'{LUNA}{FROM}name = "a\\nb"', "name"),
        (f"{LUNA}{FROM}venues = []", "length >= 1"),
        (f"{LUNA}{FROM}venues = ['Binance']", "accepted: a venue such as kraken"),
        (f"{LUNA}{FROM}venues = ['x', 'x']", r"assets\[0\].venues names x twice"),
        (f"{LUNA}{FROM}venue = 'binance'", "unknown field `venue`.*of an asset from, name, venues"),
        (f"{LUNA}{FROM}" + f"{LUNA}{FROM}" * 20, "length <= 20"),
        ("#" * (MAX_BYTES + 1), "more than 1000000 bytes"),
    ],
)
def test_wrong_file_is_refused_with_the_entry_and_what_is_accepted(
    tmp_path: Path, text: str | bytes, problem: str
) -> None:
    with pytest.raises(MarketFileError) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path}/markets.toml: ")
    assert re.search(problem, str(caught.value), re.DOTALL), str(caught.value)


@given(text=st.text(max_size=60))
def test_any_text_is_rules_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    with suppress(MarketFileError):
        read(tmp_path_factory.getbasetemp(), text.encode("utf-8", "replace"))


@pytest.mark.parametrize(("name", "problem"), [("absent.toml", "No such file"), (".", "directory")])
def test_setting_names_a_file_that_cannot_be_read(tmp_path: Path, name: str, problem: str) -> None:
    with pytest.raises(SettingError, match=f"CRYPTOVIZ_MARKETS_FILE: .*{problem}"):
        Settings.from_environ({"CRYPTOVIZ_MARKETS_FILE": str(tmp_path / name)})


def test_settings_read_the_file(tmp_path: Path) -> None:
    read(tmp_path, WHOLE)
    settings = Settings.from_environ({"CRYPTOVIZ_MARKETS_FILE": str(tmp_path / "markets.toml")})
    assert settings.market_rules() == read_market_file(tmp_path / "markets.toml")
    assert Settings.from_environ({}).market_rules() == DEFAULT_RULES
