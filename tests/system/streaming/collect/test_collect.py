"""Collectors on a real broker: all of the offline server's items are in Kafka, also after a kill."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lakehouse.messages.contract import RAW_NEWS, RAW_PRICE, make_message_id
from lakehouse.messages.validation import Rejected, validate
from lakehouse.time_range import DAY_US, to_time
from streaming.broker.embedded import EmbeddedBroker
from streaming.collect.feeds.identity import canonical_url, normalised_title
from streaming.collect.source import BUNDLED_SOURCES
from streaming.feed.market import ASSETS
from streaming.kafka.topics import create_topics
from streaming.offline.http_server import OfflineServer, World
from streaming.offline.news_wire import NewsWire
from streaming.offline.trades import TradeBook
from tests.support.record_accounting import Delivered, read_delivered
from tests.support.shared_broker import without_topics
from tests.support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[4]
DAYS = 0.3
ATOM_OUTLETS = ("ledgerdaily", "cryptohebdo")
N_FEEDS, N_MARKETS = 5, 8
Launch = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture(scope="module")
def broker(broker_of_worker: EmbeddedBroker) -> EmbeddedBroker:
    broker = without_topics(broker_of_worker)
    create_topics({"bootstrap_servers": broker.bootstrap}, (RAW_NEWS.topic, RAW_PRICE.topic))
    return broker


@pytest.fixture(scope="module")
def book() -> TradeBook:
    return TradeBook(seed=5, a_minute=4, wire=NewsWire(seed=5, every_seconds=120))


@pytest.fixture(scope="module")
def now_us() -> int:
    """Return the instant at which the offline server stands still, so that all its items can be counted."""
    return time.time_ns() // 1_000


@pytest.fixture
def launch(broker: EmbeddedBroker, book: TradeBook, now_us: int, tmp_path: Path) -> Iterator[Launch]:
    """Return a starter of collectors of the offline server; each call is a restart on the same state."""
    sources = tmp_path / "sources.toml"
    sources.write_text(
        BUNDLED_SOURCES.read_text(encoding="utf-8").replace("poll_seconds = 5", "poll_seconds = 0.2"),
        encoding="utf-8",
    )
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CRYPTOVIZ_")}
    started: list[subprocess.Popen[bytes]] = []

    def launch(kind: str, *, log_path: Path) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "streaming.collect", kind, "--bootstrap", broker.bootstrap]
        command += ["--sources", str(sources), "--offline", str(tmp_path), "--state", str(tmp_path / "state")]
        with log_path.open("wb") as log:
            started.append(subprocess.Popen(command, cwd=ROOT, env=environ, stderr=log))
        return started[-1]

    with OfflineServer(World(book, days=DAYS), now_us=lambda: now_us) as server:
        (tmp_path / "url").write_text(server.url, encoding="utf-8")
        yield launch
    for process in started:
        process.kill()
        process.wait()


def expected_news(book: TradeBook, now_us: int) -> set[str]:
    """Return the ids of all texts of the outlets."""
    return {
        make_message_id(
            key=news.outlet,
            event_time=to_time(news.time_us),
            natural_key=(
                f"urn:cryptoviz:{news.outlet}:{news.guid}" if news.outlet in ATOM_OUTLETS else news.guid,
                canonical_url(news.url),
                normalised_title(news.title),
            ),
        )
        for news in book.wire.between(now_us - round(DAYS * DAY_US), now_us)
    }


def expected_prices(book: TradeBook, now_us: int) -> set[str]:
    """Return the ids of all trades of the exchange."""
    ids = set()
    for symbol in ASSETS:
        trades = book.between(symbol, from_us=now_us - round(DAYS * DAY_US), until_us=now_us, limit=1_000_000)
        for number, time_us in zip(trades.numbers.tolist(), trades.times_us.tolist(), strict=True):
            ids.add(
                make_message_id(
                    key=symbol, event_time=to_time(time_us), natural_key=("simx", "usd", str(number))
                )
            )
    return ids


def markets_without_news(log_path: Path) -> set[str]:
    return set(re.findall(r"market=(\S+) trades=\d+ new=0 ", log_path.read_text()))


def of_topic(broker: EmbeddedBroker, topic: str) -> list[Delivered]:
    return read_delivered(broker.bootstrap, topics=(topic,))


def ids_of(delivered: list[Delivered]) -> set[str]:
    results = [
        validate(d.record_id[0], key=d.key, value=d.value, broker_time_us=d.broker_time_us) for d in delivered
    ]
    assert not [result for result in results if isinstance(result, Rejected)]
    messages = [json.loads(d.value or b"") for d in delivered]
    assert {message["origin"] for message in messages} == {"generated"}
    return {message["message_id"] for message in messages}


def kill_in_the_middle(process: subprocess.Popen[bytes], is_underway: Callable[[], bool]) -> None:
    wait_until(is_underway, "the first answers are published")
    assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()


def stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


def test_prices_of_a_killed_collector_are_all_there(
    broker: EmbeddedBroker, launch: Launch, book: TradeBook, now_us: int, tmp_path: Path
) -> None:
    log_1, log_2 = tmp_path / "1.log", tmp_path / "2.log"
    killed = launch("prices", log_path=log_1)
    kill_in_the_middle(killed, lambda: log_1.read_text().count("new=") >= N_MARKETS + 3)
    n_before = len(of_topic(broker, RAW_PRICE.topic))

    again = launch("prices", log_path=log_2)
    wait_until(lambda: len(markets_without_news(log_2)) == N_MARKETS, "every market has nothing new")
    stop(again)

    expected = expected_prices(book, now_us)
    delivered = of_topic(broker, RAW_PRICE.topic)
    assert 0 < n_before < len(expected)
    assert ids_of(delivered) == expected
    assert "missing=" not in log_2.read_text()


def test_news_of_a_killed_collector_are_all_there(
    broker: EmbeddedBroker, launch: Launch, book: TradeBook, now_us: int, tmp_path: Path
) -> None:
    log_1, log_2 = tmp_path / "1.log", tmp_path / "2.log"
    killed = launch("news", log_path=log_1)
    kill_in_the_middle(killed, lambda: "new=" in log_1.read_text())

    again = launch("news", log_path=log_2)
    wait_until(lambda: log_2.read_text().count("status=304") >= 2 * N_FEEDS, "every feed has nothing new")
    stop(again)

    delivered = of_topic(broker, RAW_NEWS.topic)
    assert ids_of(delivered) == expected_news(book, now_us)
    times_delivered = Counter(json.loads(each.value or b"")["message_id"] for each in delivered)
    assert max(times_delivered.values()) <= 2  # once by the killed collector, once by the next


def test_the_offline_server_writes_its_address_and_restarts_at_it(tmp_path: Path) -> None:
    url_path = tmp_path / "url"
    urls = []
    for number in range(2):
        log_path = tmp_path / f"{number}.log"
        with log_path.open("wb") as log:
            command = [sys.executable, "-m", "streaming.offline", "--dir", str(tmp_path), "--days", "0.1"]
            process = subprocess.Popen(command, cwd=ROOT, stderr=log)
        try:
            wait_until(lambda path=log_path: "offline ready" in path.read_text(), "it listens")
            urls.append(url_path.read_text(encoding="utf-8"))
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0

    assert urls[0] == urls[1]
