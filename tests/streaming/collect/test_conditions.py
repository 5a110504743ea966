"""Collection of a faulty world in simulated time, by a clock that steps, killed at any step: exact books."""

import json
from pathlib import Path

import pytest

from lakehouse.time_range import MINUTE_US
from streaming.collect.exchanges.gaps import find_markets, to_json_lines
from streaming.collect.source import ExchangeSource, NewsSource, Profile
from streaming.offline.http_server import OfflineServer, World
from streaming.offline.news_wire import NewsWire
from streaming.offline.trades import TradeBook
from tests.streaming.collect.simulation import Simulation
from tests.support.answer_faults import EXCHANGE_FAULTS
from tests.support.fault_proxy import FaultProxy
from tests.support.offline_world import given_until
from tests.support.profiles import sized
from tests.support.withheld_trades import WithheldTrades
from tests.support.world_accounting import (
    VENUE,
    assert_gaps_are_true,
    assert_texts_stored_once,
    assert_trades_stored_once,
)

FEEDS = {"chainwire": "rss", "cryptohebdo": "atom", "journaldubloc": "rss"}
SYMBOLS = ("btc", "eth")
HISTORY_US = 60 * MINUTE_US
START_US = 1_795_608_000_000_000  # 2026-11-25T12:00:00Z
SLOW_FAULTS = ("slow", "dripping", "too_slow")  # true time, which these tests have not


def _profile(url: str) -> Profile:
    feeds = (
        NewsSource(source=outlet, url=f"{url}/news/{outlet}.{kind}", origin="generated", poll_seconds=20)
        for outlet, kind in FEEDS.items()
    )
    exchange = ExchangeSource(
        exchange="kraken",
        venue=VENUE,
        symbols=tuple(f"{symbol.upper()}/USD" for symbol in SYMBOLS),
        url=f"{url}/exchange",
        origin="generated",
        poll_seconds=10,
        request_ms=0,
        consecutive_ids=True,
    )
    return Profile(news=tuple(feeds), prices=(exchange,))


@pytest.mark.parametrize("seed", range(sized(quick=1, full=2, soak=40)))
def test_each_text_and_trade_is_published_once_or_in_a_gap(seed: int, tmp_path: Path) -> None:
    first_us = START_US - HISTORY_US
    wire = NewsWire(seed=seed, every_seconds=40)
    world = World(TradeBook(seed=seed, a_minute=20, wire=wire), days=30.0, first_us=first_us)
    withheld = WithheldTrades(seed)
    server = OfflineServer(world, now_us=lambda: simulation.world_us())
    proxy = FaultProxy(
        server.url,
        seed=seed,
        is_withheld=withheld,
        left_out=SLOW_FAULTS,
        now_us=lambda: simulation.clock.true_us,
    )
    simulation = Simulation(seed, tmp_path, profile=_profile(proxy.url), proxy=proxy, start_us=START_US)

    with server, proxy:
        simulation.run(faulty_seconds=1_800)

    assert simulation.stopped_us is not None
    given = given_until(
        world, simulation.stopped_us, first_us=first_us, symbols=SYMBOLS, is_withheld=withheld, outlets=FEEDS
    )
    stored = simulation.kafka.stored()
    assert_texts_stored_once(stored, given)
    assert_trades_stored_once(stored, given)
    lines = (line for market, state in find_markets(tmp_path) for line in to_json_lines(market, state))
    assert_gaps_are_true(map(json.loads, lines), given)
    assert simulation.n_kills > 3
    assert set(EXCHANGE_FAULTS) - set(proxy.n_by_fault) == set(SLOW_FAULTS)
