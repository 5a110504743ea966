"""Validation of the file of sources, before any request."""

from pathlib import Path

import ccxt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.messages.contract import RAW_PRICE
from lakehouse.messages.validation import Rejected, validate
from streaming.collect.errors import SourceConfigError
from streaming.collect.exchanges.client import ExchangeClient
from streaming.collect.source import (
    BUNDLED_SOURCES,
    Market,
    MarketSymbol,
    needs_offline,
    read_profile,
    read_profiles,
    to_market,
)
from streaming.kafka.messages import to_value


def test_the_bundled_offline_profile_says_that_everything_is_generated() -> None:
    profile = read_profile(BUNDLED_SOURCES, "offline", offline_url="http://127.0.0.1:9")

    assert {source.origin for source in (*profile.news, *profile.prices)} == {"generated"}
    assert profile.news[0].url == "http://127.0.0.1:9/news/chainwire.rss"
    assert profile.prices[0].url == "http://127.0.0.1:9/exchange"
    assert needs_offline(BUNDLED_SOURCES, "offline")


def test_the_bundled_public_profile_names_exchanges_that_ccxt_knows() -> None:
    profile = read_profile(BUNDLED_SOURCES, "public", offline_url=None)

    assert {source.origin for source in (*profile.news, *profile.prices)} == {"collected"}
    assert {source.exchange for source in profile.prices} <= set(ccxt.exchanges)
    assert not needs_offline(BUNDLED_SOURCES, "public")
    assert ExchangeClient(profile.prices[0])


def exchange(
    more: str = "", *, exchange: str = "kraken", venue: str = "kraken", symbols: str | None = "['BTC/USD']"
) -> str:
    """Return the table of an exchange in profile x, with the parts that a test gets wrong."""
    lines = ["[[x.prices]]", f"exchange = '{exchange}'", f"venue = '{venue}'", more]
    return "\n".join([*lines, *([f"symbols = {symbols}"] if symbols else []), ""])


def feed(more: str = "", *, source: str = '"gazette"', url: str = '"https://a.example/feed"') -> str:
    """Return the table of a feed in profile x, with the parts that a test gets wrong, as TOML."""
    return "\n".join(["[[x.news]]", f"source = {source}", f"url = {url}", more, ""])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "there is no profile x"),
        ("[[x.news]]\nsource = 'a'", "missing required field `url`"),
        ("[[x.news]]\nsource = 'A b'\nurl = 'http://a'", "source"),
        ("[[x.news]]\nsource = 'a'\nurl = 'file:///a'", "url"),
        ("[[x.news]]\nsource = 'a'\nurl = 'http://a'\npoll_seconds = 0", "poll_seconds"),
        ("[[x.news]]\nsource = 'a'\nurl = 'http://a'\npol_seconds = 9", "unknown field `pol_seconds`"),
        (
            "[[x.news]]\nsource = 'a'\nurl = 'http://a'\n[[x.news]]\nsource = 'a'\nurl = 'http://b'",
            "twice: a",
        ),
        ("x = [", "Invalid value"),
        ("[y]", "there is no profile x; there are y"),
        ("[xx]", "there is no profile x; did you mean xx?; there are xx"),
        ("[[x.news]]\nsource = 'a'\nurl = 'http://a'\npol_seconds = 9", "did you mean poll_seconds?"),
        (exchange("symbol = ['BTC/USD']", symbols=None), "did you mean symbols?"),
        ("[x]\nprice = []", "unknown field `price`; did you mean prices?"),
        (
            exchange(exchange="krakn"),
            "ccxt knows no exchange 'krakn'; did you mean kraken? - at `$.prices[0]`",
        ),
        (exchange("poll_seconds = 0"), "poll_seconds"),
        (exchange("poll_seconds = -1.5"), "poll_seconds"),
        (exchange("timeout_seconds = 0"), "timeout_seconds"),
        (exchange("history_days = 90"), "history_days"),
        (exchange("request_ms = -1"), "request_ms"),
        (exchange(symbols="[]"), "symbols"),
        (exchange(venue="Kraken"), "venue"),
        (exchange() + exchange(), "names twice: venue kraken"),
        (exchange() + exchange(exchange="binance"), "names twice: venue kraken"),
        (exchange(symbols="['BTC/USD', 'btc/usd']"), "kraken names twice: btc/usd"),
        (
            exchange(symbols="['BTC/USD', {symbol = 'XBT/USD', base = 'btc'}]"),
            "kraken names twice: btc/usd",
        ),
        (exchange(symbols="[{symbol = 'BTC/USD', bas = 'btc'}]"), "unknown field `bas`"),
        (exchange(exchange="onetrading"), "no public spot trades of 'onetrading'"),
        (exchange(exchange="binanceusdm"), "no public spot trades of 'binanceusdm'"),
        (exchange(exchange="krakenfutures"), "an exchange with fetchTrades is accepted"),
        *(
            (text, name)
            for name in ("poll_seconds", "timeout_seconds")
            for value in ("inf", "nan", "-inf", "1e300", "1e-300", "1e12", "true", "'5'")
            for text in (feed(f"{name} = {value}"), exchange(f"{name} = {value}"))
        ),
        *((exchange(f"gap_seconds = {value}"), "gap_seconds") for value in ("inf", "1e300", "1e-300")),
        *((feed(f"max_bytes = {value}"), "max_bytes") for value in ("0", "1", "10000000000000000000", "1e9")),
        (exchange("request_ms = 99999999999"), "request_ms"),
        *((feed(source=f'"{name}"'), "source") for name in (r"a\n", "a/b", "../a", "A", "", "é", "a" * 21)),
        (exchange().replace("venue = 'kraken'", r'venue = "k\n"'), "venue"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "sources.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(SourceConfigError) as raised:
        read_profile(path, "x", offline_url=None)

    assert problem in str(raised.value)


NO_ADDRESSES = (
    "https://", "https:///x", "http://:80/", "http://[::1", "http://[::1]x/", "https://a.example:99999/",
    "https://a.example:0/", "https://a b.example/", "https://a.example/a b", r"https://a.example/\n",
    r"https://a.example/\u0000", "https://a..example/", "https://.", f"https://{'a' * 64}.example/", "ftp://a.example/",
    "//a.example/", "a.example", "", "{offline}", "javascript:alert(1)", f"https://a.example/{'x' * 2_000}",
)  # fmt: skip


@pytest.mark.parametrize("url", NO_ADDRESSES)
@pytest.mark.parametrize("kind", ["news", "prices"])
def test_an_address_that_nothing_can_request_is_refused_with_its_place(
    tmp_path: Path, url: str, kind: str
) -> None:
    path = tmp_path / "sources.toml"
    text = feed(url=f'"{url}"') if kind == "news" else exchange(f'url = "{url}"')
    path.write_text(text, encoding="utf-8")

    with pytest.raises(SourceConfigError) as raised:
        read_profile(path, "x", offline_url=None)

    assert f"$.{kind}[0]" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    ["https://a.example", "http://A.example:8080/x", "https://bücher.example/ü?x=1", "http://[::1]:80/"],
)
def test_an_address_that_can_be_requested_is_accepted(tmp_path: Path, url: str) -> None:
    path = tmp_path / "sources.toml"
    path.write_text(feed(url=f'"{url}"'), encoding="utf-8")

    assert read_profile(path, "x", offline_url=None).news[0].url == url


@pytest.mark.parametrize(
    ("symbol", "reason"),
    [
        ("币安人生/USDT", "base is '币安人生'"),
        ("BTC/币", "quote is '币'"),
        ("BTC.E/USD", "base is 'btc.e'"),
        ("$TRUMP/USD", "base is '$trump'"),
        ("A B/USD", "base is 'a b'"),
        ("ABCDEFGHIJKLMNOPQRSTU/USD", "base is"),
        ("İST/USD", "base is"),
        ("BTC/USD\n", "quote is"),
        ("BTC/USDT:USDT", "is a derivative"),
        ("BTC/USD:BTC-261225", "is a derivative"),
        ("BTC/USD:BTC-261225-100000-C", "is a derivative"),
        ("BTCUSDT", "is no market"),
        ("BTC-USD", "is no market"),
        ("BTC/", "is no market"),
        ("/USD", "is no market"),
        ("/", "is no market"),
        ("", "is no market"),
        ("BTC/ETH/USD", "is no market"),
    ],
)
def test_a_symbol_that_no_message_can_carry_is_refused_with_what_is_accepted(
    symbol: str, reason: str
) -> None:
    with pytest.raises(ValueError, match="accepted") as raised:
        to_market(symbol)

    assert reason in str(raised.value)


@pytest.mark.parametrize(
    ("symbol", "market"),
    [
        ("BTC/USD", Market("BTC/USD", "btc", "usd")),
        ("1INCH/USDT", Market("1INCH/USDT", "1inch", "usdt")),
        (
            MarketSymbol(symbol="币安人生/USDT", base="bnlife"),
            Market("币安人生/USDT", "bnlife", "usdt"),
        ),
        (MarketSymbol(symbol="BTC/USD₮", quote="usdt"), Market("BTC/USD₮", "btc", "usdt")),
    ],
)
def test_a_symbol_is_published_under_the_names_of_the_contract(
    symbol: str | MarketSymbol, market: Market
) -> None:
    assert to_market(symbol) == market


@given(
    base=st.text(min_size=1, max_size=25).filter(lambda text: "/" not in text and ":" not in text),
    quote=st.text(min_size=1, max_size=25).filter(lambda text: "/" not in text and ":" not in text),
)
def test_whatever_symbol_is_accepted_its_messages_are_valid(base: str, quote: str) -> None:
    try:
        market = to_market(f"{base}/{quote}")
    except ValueError:
        return
    value = to_value(
        RAW_PRICE,
        event_time_us=1_795_608_000_000_000,
        natural_key=("kraken", market.quote, "1"),
        base=market.base,
        venue="kraken",
        quote=market.quote,
        price=1.0,
        base_volume=None,
    )

    result = validate(
        RAW_PRICE.topic, key=market.base.encode(), value=value, broker_time_us=1_795_608_000_000_000
    )

    assert not isinstance(result, Rejected)


def test_a_mapped_symbol_hints_at_its_own_name(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    path.write_text(exchange(symbols="['BTC/USD', '币安人生/USDT']"), encoding="utf-8")

    with pytest.raises(SourceConfigError) as raised:
        read_profile(path, "x", offline_url=None)

    assert '{symbol = "币安人生/USDT", base = "..."}' in str(raised.value)
    assert "$.prices[0]" in str(raised.value)


@pytest.mark.parametrize("text", ["", "# nothing yet\n"])
def test_a_file_without_a_profile_says_so(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sources.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(SourceConfigError, match="it has no profile; accepted"):
        read_profiles(path)
