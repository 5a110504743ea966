"""Messages whose times lie around the spans of an overview, and its rows from histories alone."""

import random
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from lakehouse.history.page import read_history
from lakehouse.history.query import HistoryPage
from lakehouse.lake import Lake
from lakehouse.series.market_schedule import MarketPart
from lakehouse.tail.store import Message
from lakehouse.time_range import DAY_US, HOUR_US, to_time, to_us
from tests.support.history_queries import question
from tests.support.live_stream import N_PARTITIONS, SYMBOLS, TABLE_OF_TOPIC, Sent
from tests.support.messages import MAKERS, rfc3339, to_bytes

SPANS_MINUTES = (0, 60, 24 * 60, 48 * 60, 7 * 24 * 60)
MARKETS = (("kraken", "usd"), ("kraken", "eur"), ("simx", "usd"))


def make_overview_stream(seed: int, n_messages: int, *, start: datetime) -> list[Sent]:
    """Return messages of three topics, each a second later, whose events lie around the ends of the spans."""
    draw = random.Random(seed)
    ends: dict[tuple[str, int], int] = {}
    stream: list[Sent] = []
    for number in range(n_messages):
        topic = draw.choice(sorted(TABLE_OF_TOPIC))
        symbol_at = draw.randrange(len(SYMBOLS))
        now = start + timedelta(seconds=number)
        back = timedelta(
            minutes=draw.choice(SPANS_MINUTES), seconds=draw.choice([0, draw.uniform(-90, 7200)])
        )
        instant = now - max(back, timedelta(seconds=-90))
        message = MAKERS[topic](
            instant, symbol=SYMBOLS[symbol_at], key=str(number), **_changed(draw, topic, instant)
        )
        partition = symbol_at % N_PARTITIONS
        offset = ends.get((topic, partition), 0)
        ends[topic, partition] = offset + 1
        sent = Message(offset, SYMBOLS[symbol_at].encode(), to_bytes(message), to_us(now))
        stream.append(Sent(topic, partition, sent))
    return stream


def _changed(draw: random.Random, topic: str, instant: datetime) -> dict[str, Any]:
    if topic == "raw-price":
        venue, quote = draw.choice(MARKETS)
        return {"venue": venue, "quote": quote, "price": draw.uniform(1, 100)}
    if topic == "predicted-price":
        horizon = draw.choice([1, 24])
        target = rfc3339(instant + timedelta(hours=horizon))
        model = draw.choice(["random-walk", "ridge-price"])
        return {"horizon": f"{horizon}h", "target_time": target, "model": model, "lower": draw.uniform(1, 98)}
    score = draw.choice([None, draw.uniform(-1, 1)])
    return {"score": score, "label": "unscored" if score is None else "neutral", "terms": []}


def plain_row(reader: Lake, symbol: str, end_us: int) -> dict[str, Any]:
    """Return the figures of an overview's row, each from a question to a history."""

    def ask(series: str, start_us: int, until_us: int = end_us, **more: Any) -> HistoryPage:
        asked = question(
            series,
            symbol=symbol,
            start=to_time(start_us),
            end=to_time(until_us),
            as_of=to_time(end_us),
            **more,
        )
        return read_history(reader, asked)

    last = _last(ask("price", end_us - DAY_US, limit=1))
    hour_us = (end_us - 1) // HOUR_US * HOUR_US
    scores = _scores(ask("sentiment", end_us - DAY_US, limit=10_000))
    before = _scores(ask("sentiment", end_us - 2 * DAY_US, end_us - DAY_US, limit=10_000))
    forecasts = ask("prediction", end_us - DAY_US, limit=1, horizon="24h")
    row: dict[str, Any] = {
        "price": None if last is None else last[1],
        "event_us": None if last is None else last[0],
        "market": None if last is None else last[2].market,
        "n_texts": len(scores),
        "sentiment": _mean(scores),
        "sentiment_change": _mean(scores) - _mean(before) if scores and before else None,
        "forecast": _forecast(forecasts),
        "changes": [],
    }
    for back_us in (HOUR_US, DAY_US, 7 * DAY_US):
        base = _last(ask("price", end_us - back_us - HOUR_US, end_us - back_us, limit=1))
        is_one = (
            last is not None
            and base is not None
            and base[2].continues(last[2])
            and last[0] >= end_us - back_us
        )
        row["changes"].append(last[1] / base[1] - 1 if is_one else None)
    hours = ask("price", hour_us - 23 * HOUR_US, interval="1h", limit=24)
    closes = {bucket[0]: (bucket[4], bucket[8], bucket[9]) for bucket in hours.rows}
    row["sparkline"] = [_close(closes.get(hour_us - back * HOUR_US), last) for back in range(23, -1, -1)]
    return row


def _last(page: HistoryPage) -> tuple[int, float, MarketPart] | None:
    if not page.rows:
        return None
    time_us, price = (page.rows[-1][page.columns.index(name)] for name in ("event_time", "price"))
    part = next(part for part in page.market_parts if part.start_us <= time_us < part.end_us)
    return time_us, price, part


def _close(bucket: tuple[float, str, str] | None, last: tuple[int, float, MarketPart] | None) -> float | None:
    if bucket is None or last is None:
        return None
    close, venue, quote = bucket
    return close if (venue, quote) == (last[2].market.venue, last[2].market.quote) else None


def _scores(page: HistoryPage) -> list[float]:
    at = page.columns.index("score")
    return [row[at] for row in page.rows if row[at] is not None]


def _mean(scores: list[float]) -> float | None:
    return float(np.mean(scores)) if scores else None


def _forecast(page: HistoryPage) -> tuple[Any, ...] | None:
    names = ("lower", "upper", "nominal_coverage", "quote", "model", "made_at", "target_time")
    return tuple(page.rows[-1][page.columns.index(name)] for name in names) if page.rows else None
