"""News of the outlets: a function of seed and time, in two languages."""

from itertools import pairwise

import pytest

from streaming.offline.news_wire import OUTLETS, NewsWire
from streaming.offline.texts import LANGUAGES, read_texts

DAY_US = 86_400_000_000
NOON_US = 1_795_608_000_000_000  # 2026-11-25T12:00:00Z
WIRE = NewsWire(seed=7, every_seconds=120)


def test_a_range_of_time_is_the_same_however_it_is_cut() -> None:
    whole = WIRE.between(NOON_US, NOON_US + DAY_US)
    cuts = [NOON_US, NOON_US + 61_000_000, NOON_US + DAY_US // 3, NOON_US + DAY_US]

    parts = [
        news
        for begin, end in pairwise(cuts)
        for news in NewsWire(seed=7, every_seconds=120).between(begin, end)
    ]

    assert parts == whole
    assert len({news.guid for news in whole}) == 720
    assert [news.time_us for news in whole] == sorted(news.time_us for news in whole)


def test_another_seed_publishes_other_texts() -> None:
    other = NewsWire(seed=8, every_seconds=120).between(NOON_US, NOON_US + DAY_US)

    assert [news.title for news in other] != [news.title for news in WIRE.between(NOON_US, NOON_US + DAY_US)]


def test_every_outlet_asset_and_direction_occurs() -> None:
    days = WIRE.between(NOON_US - 2 * DAY_US, NOON_US)

    assert {news.outlet for news in days} == set(OUTLETS)
    assert {news.symbol for news in days} == {"btc", "eth", "sol", "xrp", "ada", "doge", "dot", "link", None}
    assert {news.direction for news in days} == {-1, 0, 1}
    assert not [news for news in days if "{" in news.title + news.summary]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_bundled_texts_are_many_different_and_balanced(language: str) -> None:
    texts = read_texts(language)

    assert len(texts) >= 90
    assert len({text.title for text in texts}) == len(texts)
    assert abs(sum(text.direction for text in texts)) <= 2
    assert all(text.summary for text in texts)
