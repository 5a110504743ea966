"""From produce to readable in gold, and to an API answer: p50, p95 and p99, all three topics at once."""

import argparse
import json
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from kafka import KafkaProducer
from kafka.producer.future import FutureRecordMetadata

from benchmarks.rig import Rig, new_rig, percentiles
from lakehouse.delta.catalog import Catalog
from lakehouse.delta.position import Position, TopicPartition, read_position
from lakehouse.delta.table import open_table
from lakehouse.messages.contract import CONTRACTS
from streaming.feed.publication.backfill import select_evenly
from streaming.feed.stream import FEED_TOPICS, Feed

AIM_GOLD_P95_SECONDS = 1.5
GOLD_POLL_SECONDS = 0.05
API_POLL_SECONDS = 0.2
DRAIN_SECONDS = 6.0
PATHS = {
    "analyzed-sentiment": "/api/v1/sentiment/btc/historique?periode=15m&intervalle=brut&limite=10",
    "predicted-price": "/api/v1/prediction/btc/historique?periode=15m&limite=10",
    "raw-price": "/api/v1/prix/btc/historique?periode=15m&intervalle=brut&limite=10",
}


@dataclass
class Sent:
    """Instants at which each message of a topic was handed to the producer, by partition and offset."""

    topic: str
    times: dict[tuple[int, int], float] = field(default_factory=dict)


@dataclass
class EventStats:
    """Instants at which a position was first seen, oldest first."""

    entries: list[tuple[float, Position]] = field(default_factory=list)

    def add(self, position: Position) -> None:
        if not self.entries or position != self.entries[-1][1]:
            self.entries.append((time.monotonic(), position))

    def delays(self, sent: Sent, topic_id: str) -> list[float]:
        """Seconds from each message's sending until a position beyond it was seen."""
        delays = []
        for (partition, offset), at in sent.times.items():
            key = TopicPartition(topic_id, partition)
            seen = next((when for when, position in self.entries if position[key] > offset), None)
            if seen is not None:
                delays.append(seen - at)
        return delays


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.freshness", description=__doc__)
    parser.add_argument(
        "--rates", default="100,500", help="messages a second, comma-separated (default 100,500)"
    )
    parser.add_argument("--seconds", type=float, default=40.0, help="seconds of each rate (default 40)")
    parser.add_argument("--warm-up", type=float, default=20.0, help="seconds before the first (default 20)")
    parser.add_argument(
        "--drain",
        type=float,
        default=DRAIN_SECONDS,
        help=f"most seconds after the last (default {DRAIN_SECONDS:.0f})",
    )
    options = parser.parse_args()
    with new_rig() as rig:
        rig.start("ingest", "streaming.ingest", "run", "--checkpoints", str(rig.directory / "checkpoints"))
        rig.start("api", "api")
        rig.start("compaction", "compaction", "run", "--every", "30")
        url = rig.wait_log("api", r"listening on (\S+)").group(1)
        rig.wait_log("ingest", "ingest starts")
        print(
            "running: Kafka broker, Spark ingestion (local[2]), API (2 processes), compaction every 30 s, "
            "this producer, two pollers"
        )
        measure(rig, url, rate=200, seconds=options.warm_up, drain_seconds=options.drain)
        for rate in (float(text) for text in options.rates.split(",")):
            gold, answers = measure(rig, url, rate=rate, seconds=options.seconds, drain_seconds=options.drain)
            _report(rate, gold, answers)
    print(f"aim: gold readable within {AIM_GOLD_P95_SECONDS} s at p95, 500 msg/s, two cores")
    return 0


def measure(
    rig: Rig, url: str, *, rate: float, seconds: float, drain_seconds: float
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Return delays by topic: until readable in gold, and until in an answer of the API."""
    ids = Catalog(rig.lake).current_topics()
    gold = {topic: EventStats() for topic in FEED_TOPICS}
    answers = {topic: EventStats() for topic in FEED_TOPICS}
    ended = threading.Event()
    pollers = [
        threading.Thread(target=poll, args=(_gold_positions(rig, ids), gold, GOLD_POLL_SECONDS, ended)),
        threading.Thread(target=poll, args=(answered_positions(url), answers, API_POLL_SECONDS, ended)),
    ]
    for poller in pollers:
        poller.start()
    sent = produce(rig.broker.bootstrap, rate=rate, seconds=seconds)
    drain(sent, ids, (gold, answers), drain_seconds)
    ended.set()
    for poller in pollers:
        poller.join()
    return (
        {topic: gold[topic].delays(sent[topic], ids[topic]) for topic in FEED_TOPICS},
        {topic: answers[topic].delays(sent[topic], ids[topic]) for topic in FEED_TOPICS},
    )


def drain(
    sent: dict[str, Sent], ids: dict[str, str], readers: Sequence[dict[str, EventStats]], seconds: float
) -> None:
    """Return once every reader has seen every message, after at most so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        n_delays = [
            len(by_topic[topic].delays(sent[topic], ids[topic]))
            for by_topic in readers
            for topic in FEED_TOPICS
        ]
        if n_delays == [len(sent[topic].times) for _ in readers for topic in FEED_TOPICS]:
            return
        time.sleep(GOLD_POLL_SECONDS)


def _report(rate: float, gold: dict[str, list[float]], answers: dict[str, list[float]]) -> None:
    for what, by_topic in (("gold", gold), ("answer", answers)):
        for topic, delays in by_topic.items():
            print(
                f"{rate:5.0f} msg/s  produce -> {what:<6}  {topic:<18} n={len(delays):6}  {percentiles(delays)}"
            )
        every = [delay for delays in by_topic.values() for delay in delays]
        print(
            f"{rate:5.0f} msg/s  produce -> {what:<6}  {'all':<18} n={len(every):6}  {percentiles(every)}",
            flush=True,
        )


def produce(bootstrap: str, *, rate: float, seconds: float) -> dict[str, Sent]:
    """Send the feed's messages evenly; return when each was sent, by partition and offset."""
    sent = {topic: Sent(topic) for topic in FEED_TOPICS}
    now_us = time.time_ns() // 1000
    feed = Feed(seed=now_us % 100_000)
    n_messages = int(rate * seconds)
    messages = select_evenly(feed, start_us=now_us - 300_000_000, end_us=now_us, n=n_messages)
    producer = KafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=2)
    pending: list[tuple[str, float, FutureRecordMetadata]] = []
    started = time.monotonic()
    for number, message in enumerate(messages):
        pause = started + number / rate - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        pending.append(
            (
                message.topic,
                time.monotonic(),
                producer.send(message.topic, key=message.key, value=message.value),
            )
        )
    producer.flush()
    for topic, at, future in pending:
        metadata = future.get(10)
        sent[topic].times[metadata.partition, metadata.offset] = at
    producer.close()
    return sent


def poll(
    look: Callable[[str], Position], seen: dict[str, EventStats], pause_seconds: float, ended: threading.Event
) -> None:
    while not ended.wait(pause_seconds):
        for topic in seen:
            seen[topic].add(look(topic))


def _gold_positions(rig: Rig, ids: dict[str, str]) -> Callable[[str], Position]:
    """Look at the newest commit of each gold table, as a reader of the table does."""
    catalog = Catalog(rig.lake)
    build = catalog.current_build()
    tables = {
        topic: open_table(catalog.table_location(CONTRACTS[topic].table.name, build), CONTRACTS[topic].table)
        for topic in FEED_TOPICS
    }

    def look(topic: str) -> Position:
        tables[topic].update_incremental()
        return read_position(tables[topic], [ids[topic]])

    return look


def answered_positions(url: str) -> Callable[[str], Position]:
    """Asks the API and believes the position that its answer carries."""
    tables = {topic: CONTRACTS[topic].table.name for topic in FEED_TOPICS}

    def look(topic: str) -> Position:
        try:
            with urllib.request.urlopen(url + PATHS[topic], timeout=10) as response:
                answer = json.load(response)
        except urllib.error.HTTPError:
            return Position()
        read = next(entry for entry in answer["snapshot"] if entry["table"] == tables[topic])
        return Position.from_json(read["position"])

    return look


if __name__ == "__main__":
    sys.exit(main())
