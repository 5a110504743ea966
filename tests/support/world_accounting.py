"""The books of collection: every text and trade that the offline world gave is stored once, or in a recorded gap."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lakehouse.delta.storage import LakeLocation
from lakehouse.messages.contract import RAW_NEWS, RAW_PRICE, make_message_id
from lakehouse.time_range import to_time, to_us
from streaming.offline.news_wire import News
from streaming.offline.trades import QUOTE, Trades
from tests.support.record_accounting import read_table

VENUE = "simx"
ATOM_OUTLETS = ("ledgerdaily", "cryptohebdo")
N_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the world gave: texts of its outlets, and trades by symbol, but for the withheld numbers of each."""

    texts: Sequence[News]
    trades: Mapping[str, Trades]
    withheld: Mapping[str, frozenset[int]]

    @property
    def n_trades(self) -> int:
        return sum(len(self.numbers(symbol)) for symbol in self.trades)

    def numbers(self, symbol: str) -> list[int]:
        """Return the numbers of a market's trades that some answer held."""
        return [each for each in self.trades[symbol].numbers.tolist() if each not in self.withheld[symbol]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What became of it: texts as fields of their messages, times in epoch microseconds, and message ids of trades."""

    texts: Sequence[Mapping[str, Any]]
    trade_ids: Sequence[str]


def stored_in_lake(lake: LakeLocation) -> Stored:
    """Return what gold and quarantine hold of both topics. What is in quarantine has a reason."""
    rejected = [row for row in read_table(lake, "quarantine").to_pylist() if row["rule"] and row["reason"]]
    messages = {
        topic: [json.loads(row["value"]) for row in rejected if row["topic"] == topic]
        for topic in (RAW_NEWS.topic, RAW_PRICE.topic)
    }
    texts = read_table(lake, "gold_news").to_pylist()
    trade_ids = read_table(lake, "gold_price")["message_id"].to_pylist()
    return Stored(
        texts=[
            *({**row, "event_us": to_us(row["event_time"])} for row in texts),
            *(as_stored_text(each) for each in messages[RAW_NEWS.topic]),
        ],
        trade_ids=[*trade_ids, *(each["message_id"] for each in messages[RAW_PRICE.topic])],
    )


def as_stored_text(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message of raw-news as `Stored` holds it."""
    return {**message, "event_us": _to_us(message["published_time"])}


def text_id(news: News) -> tuple[str, str]:
    """Return the outlet and the guid that its feed gives the text."""
    is_atom = news.outlet in ATOM_OUTLETS
    return news.outlet, f"urn:cryptoviz:{news.outlet}:{news.guid}" if is_atom else news.guid


def assert_texts_stored_once(stored: Stored, given: Given) -> None:
    """Assert that each text is stored once, with its own words and its own time, and no other text is."""
    ids = Counter((text["source"], text["guid"]) for text in stored.texts)
    _assert_same(ids, Counter(map(text_id, given.texts)), "texts")
    by_id = {text_id(news): news for news in given.texts}
    for text in stored.texts:
        news = by_id[text["source"], text["guid"]]
        assert (text["title"], text["summary"]) == (news.title, news.summary)
        assert (text["dated_by"], text["event_us"]) == ("published", news.time_us), news


def assert_trades_stored_once(stored: Stored, given: Given) -> None:
    """Assert that each trade that some answer held is stored once, and no other trade is."""
    expected = Counter(
        each for symbol in given.trades for each in trade_ids(given, symbol, given.numbers(symbol)).values()
    )
    _assert_same(Counter(stored.trade_ids), expected, "trades")


def assert_gaps_are_true(gaps: Iterable[Mapping[str, Any]], given: Given) -> None:
    """Assert that each withheld trade between two given ones is in one gap, and that gaps miss nothing else.

    There is nothing else to tell, but for a market whose last answer was too late on a busy machine: no wrong clock,
    no trade that waits.
    """
    by_market: dict[str, list[Mapping[str, Any]]] = {}
    for gap in gaps:
        if gap["kind"] == "failing":
            continue
        assert gap["kind"] == "gap", gap
        by_market.setdefault(gap["market"], []).append(gap)
    for symbol in given.trades:
        _assert_gaps_of_market(symbol, by_market.pop(f"{VENUE}-{symbol}-{QUOTE}", []), given)
    assert not by_market, f"gaps of markets that there are not: {sorted(by_market)}"


def trade_ids(given: Given, symbol: str, numbers: Iterable[int]) -> dict[int, str]:
    """Return the message id of each of these trades."""
    trades = given.trades[symbol]
    times_us = dict(zip(trades.numbers.tolist(), trades.times_us.tolist(), strict=True))
    return {
        number: make_message_id(
            key=symbol, event_time=to_time(times_us[number]), natural_key=(VENUE, QUOTE, str(number))
        )
        for number in numbers
    }


def _assert_gaps_of_market(symbol: str, gaps: list[Mapping[str, Any]], given: Given) -> None:
    trades, numbers = given.trades[symbol], given.numbers(symbol)
    times_us = dict(zip(trades.numbers.tolist(), trades.times_us.tolist(), strict=True))
    noticeable = {each for each in given.withheld[symbol] if numbers[0] < each < numbers[-1]}
    inside: Counter[int] = Counter()
    for gap in gaps:
        after_us, before_us = _to_us(gap["after_time"]), _to_us(gap["before_time"])
        between = {number for number, time_us in times_us.items() if after_us < time_us < before_us}
        between |= {number for number in noticeable if after_us <= times_us[number] <= before_us}
        if between or gap["n_missing"] is not None:
            assert between <= noticeable, f"{symbol}: a gap over trades that were given: {gap}"
            assert gap["n_missing"] in (None, len(between)), f"{symbol}: {len(between)} are missing in {gap}"
        inside.update(between)
    assert inside == Counter(noticeable), (
        f"{symbol}: in no gap {sorted(noticeable - inside.keys())[:N_SHOWN]}, "
        f"in two {[each for each, n in inside.items() if n > 1][:N_SHOWN]}"
    )


def _assert_same(stored: Counter[Any], expected: Counter[Any], what: str) -> None:
    missing, surplus = expected - stored, stored - expected
    assert stored == expected, (
        f"{what}: {missing.total()} of {expected.total()} missing, such as {list(missing)[:N_SHOWN]}; "
        f"{surplus.total()} doubled or strange, such as {list(surplus)[:N_SHOWN]}"
    )


def _to_us(text: str) -> int:
    return to_us(datetime.fromisoformat(text))
