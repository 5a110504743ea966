"""Offline server from the collectors' side: conditional feeds that grow, and an exchange that ccxt can read."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from streaming.collect.exchanges.client import ExchangeClient
from streaming.collect.exchanges.trade import Question
from streaming.collect.feeds.document import parse_feed
from streaming.collect.source import BUNDLED_SOURCES, read_profile
from streaming.offline.http_server import OfflineServer, World
from streaming.offline.news_wire import OUTLETS, NewsWire
from streaming.offline.trades import TradeBook
from tests.support.profiles import sized

pytestmark = pytest.mark.heavy

MINUTE_US = 60_000_000
NOON_US = 1_795_608_000_000_000  # 2026-11-25T12:00:00Z


class Now:
    """A clock of the server that a test sets."""

    def __init__(self) -> None:
        self.at_us = NOON_US

    def __call__(self) -> int:
        return self.at_us


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def world() -> World:
    wire = NewsWire(seed=7, every_seconds=120)
    return World(TradeBook(seed=7, a_minute=4, wire=wire), days=1.0)


@pytest.fixture
def server(world: World, now: Now) -> Iterator[OfflineServer]:
    with OfflineServer(world, now_us=now) as server:
        yield server


@pytest.fixture(scope="module")
def client() -> Iterator[requests.Session]:
    with requests.Session() as client:
        yield client


def test_a_feed_is_sent_again_only_when_it_has_something_new(
    server: OfflineServer, client: requests.Session, now: Now
) -> None:
    url = f"{server.url}/news/chainwire.rss"
    first = client.get(url)
    etag = {"If-None-Match": first.headers["ETag"]}
    modified = {"If-Modified-Since": first.headers["Last-Modified"]}

    assert first.headers["X-Origin"] == "generated"
    assert client.get(url, headers=etag).status_code == 304
    assert client.get(url, headers=modified).status_code == 304
    now.at_us += 30 * MINUTE_US
    assert client.get(url, headers=etag).status_code == 200
    assert client.get(url, headers=modified).status_code == 200


@pytest.mark.parametrize(("page", "language"), [("ledgerdaily.atom", "en"), ("journaldubloc.rss", "fr")])
def test_a_feed_lists_its_days_and_goes_on(
    server: OfflineServer, client: requests.Session, now: Now, page: str, language: str
) -> None:
    def listed() -> dict[str | None, int | None]:
        answer = client.get(f"{server.url}/news/{page}")
        document = parse_feed(answer.content, content_type=answer.headers["Content-Type"], url=server.url)
        assert document.problem is None
        assert {item.language for item in document.items} == {language}
        assert {item.dated_by for item in document.items} == {"published"}
        return {item.guid: item.time_us for item in document.items}

    before = listed()
    now.at_us += 60 * MINUTE_US
    after = listed()

    assert len(before) > 80
    assert set(after) - set(before)
    assert all(NOON_US - 1440 * MINUTE_US <= (time_us or 0) < NOON_US for time_us in before.values())
    assert all((after[guid] or 0) >= NOON_US for guid in set(after) - set(before))


def test_ccxt_reads_every_market_of_the_bundled_profile(server: OfflineServer, now: Now) -> None:
    (source,) = read_profile(BUNDLED_SOURCES, "offline", offline_url=server.url).prices
    client = ExchangeClient(source)
    since_ms = (NOON_US - 300 * MINUTE_US) // 1_000

    for symbol in source.symbols[:: sized(quick=4, full=1, soak=1)]:
        page = client.fetch_page(symbol, Question(kind="since", since_ms=since_ms), now_us=now.at_us)
        numbers = [int(trade.id) for trade in page.trades]

        assert len(numbers) == 1_000
        assert page.is_full
        assert numbers == list(range(numbers[0], numbers[0] + 1_000))
        assert all(trade.price and trade.amount for trade in page.trades)
        assert 0 <= page.trades[0].time_ms - since_ms < 30_000


def test_the_exchange_gives_nothing_older_than_its_days(server: OfflineServer, now: Now) -> None:
    (source,) = read_profile(BUNDLED_SOURCES, "offline", offline_url=server.url).prices

    question = Question(kind="since", since_ms=NOON_US // 1_000 - 10**9)
    page = ExchangeClient(source).fetch_page("DOGE/USD", question, now_us=now.at_us)

    assert 0 <= page.trades[0].time_ms - (NOON_US // 1_000 - 86_400_000) < 30_000


def test_wrong_questions_are_answered_as_an_exchange_and_a_server_do(
    server: OfflineServer, client: requests.Session
) -> None:
    trades = f"{server.url}/exchange/0/public/Trades"

    assert client.get(trades, params={"pair": "ABCUSD"}).json() == {"error": ["EGeneral:Invalid arguments"]}
    assert client.get(trades, params={"pair": "XBTUSD", "since": "x"}).json()["error"]
    assert client.get(f"{server.url}/exchange/0/public/Balance").status_code == 404
    assert client.get(f"{server.url}/news/nobody.rss").status_code == 404
    assert client.get(f"{server.url}/news/../url").status_code == 404


def test_the_world_tells_what_its_feeds_and_its_exchange_gave(
    world: World, server: OfflineServer, client: requests.Session, now: Now
) -> None:
    guids, numbers = set(), set()
    for _ in range(5):
        for outlet in OUTLETS:
            answer = client.get(f"{server.url}/news/{outlet}.rss")
            guids |= {item.guid for item in parse_feed(answer.content, content_type="", url="").items}
        since_us = now.at_us - 1440 * MINUTE_US
        while rows := _trades(client, server.url, since_us):
            numbers |= {row[6] for row in rows}
            since_us = round(rows[-1][2] * 1e6) + 1
        now.at_us += 20 * MINUTE_US
    end_us = now.at_us - 20 * MINUTE_US

    assert guids == {news.guid for news in world.texts_given(NOON_US, end_us)}
    assert numbers == set(world.exchange.trades_given("btc", NOON_US, end_us).numbers.tolist())


def test_a_world_that_began_gives_nothing_of_before(client: requests.Session, world: World, now: Now) -> None:
    first_us = NOON_US - 30 * MINUTE_US
    book = TradeBook(seed=7, a_minute=4, wire=NewsWire(seed=7, every_seconds=120))
    begun = World(book, days=1.0, first_us=first_us)

    with OfflineServer(begun, now_us=now) as server:
        (first, *_) = _trades(client, server.url, NOON_US - 1440 * MINUTE_US)

    assert 0 <= round(first[2] * 1e6) - first_us < 30_000_000
    texts = begun.texts_given(NOON_US, NOON_US)
    assert texts == [each for each in world.texts_given(NOON_US, NOON_US) if each.time_us >= first_us]
    assert 5 < len(texts) < 25


def _trades(client: requests.Session, url: str, since_us: int) -> list[list[Any]]:
    parameters = {"pair": "XBTUSD", "since": str(since_us * 1_000)}
    answer = client.get(f"{url}/exchange/0/public/Trades", params=parameters).json()
    rows: list[list[Any]] = answer["result"]["XXBTZUSD"]
    return rows
