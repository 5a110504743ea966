"""Validation of the file of sources, before any request."""

from pathlib import Path

import ccxt
import pytest

from streaming.collect.errors import SourceConfigError
from streaming.collect.exchanges.client import ExchangeClient
from streaming.collect.source import BUNDLED_SOURCES, needs_offline, read_profile


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
    ],
)
def test_a_mistake_is_named(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "sources.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(SourceConfigError) as raised:
        read_profile(path, "x", offline_url=None)

    assert problem in str(raised.value)
