"""Effect of news on the offline exchange's prices: none without a link."""

import numpy as np

from streaming.feed.prices.behaviour import Behaviour
from streaming.offline.news_wire import NewsWire
from streaming.offline.trades import RISE_US, TradeBook

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
NOON_US = 1_795_608_000_000_000  # 2026-11-25T12:00:00Z
WIRE = NewsWire(seed=7, every_seconds=120)


def book_of(*, link: float) -> TradeBook:
    return TradeBook(seed=7, a_minute=4, wire=WIRE, behaviour=Behaviour(link=link))


def correlation_of_news_and_next_half_hour(book: TradeBook, symbol: str) -> float:
    """Correlate the direction of each text about an asset with the move of its price in the half hour after it."""
    news = [n for n in WIRE.between(NOON_US - 4 * DAY_US, NOON_US) if n.symbol == symbol and n.direction]
    moves = []
    for each in news:
        before, after = (
            book.between(symbol, from_us=at_us, until_us=at_us + HOUR_US, limit=1).prices[0]
            for at_us in (each.time_us, each.time_us + RISE_US)
        )
        moves.append(np.log(after / before))
    return float(np.corrcoef([each.direction for each in news], moves)[0, 1])


def test_by_default_prices_know_nothing_of_news() -> None:
    assert abs(correlation_of_news_and_next_half_hour(book_of(link=0.0), "btc")) < 0.1


def test_with_a_link_prices_follow_the_news_of_their_asset() -> None:
    assert correlation_of_news_and_next_half_hour(book_of(link=1.0), "btc") > 0.3
