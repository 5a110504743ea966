"""Feed on a real broker: all that it reports as published is there, also after a kill."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from lakehouse.messages.contract import CONTRACTS
from lakehouse.messages.validation import validate
from streaming.broker.embedded import EmbeddedBroker
from streaming.feed.faults import FaultRates
from streaming.feed.stream import Feed, messages_between
from streaming.kafka.topics import create_topics
from tests.support.record_accounting import Delivered, read_delivered
from tests.support.shared_broker import without_topics
from tests.support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[4]
SYMBOLS = "btc,dot"


@pytest.fixture(scope="module")
def broker(broker_of_worker: EmbeddedBroker) -> EmbeddedBroker:
    broker = without_topics(broker_of_worker)
    create_topics({"bootstrap_servers": broker.bootstrap}, CONTRACTS)
    return broker


def start_feed(*arguments: str, bootstrap: str) -> subprocess.Popen[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CRYPTOVIZ_")}
    return subprocess.Popen(
        [sys.executable, "-m", "streaming.feed", *arguments, "--bootstrap", bootstrap],
        cwd=ROOT,
        env=environ,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_feed(*arguments: str, bootstrap: str) -> str:
    feed = start_feed(*arguments, bootstrap=bootstrap)
    _, log = feed.communicate(timeout=180)
    assert feed.returncode == 0, log
    return log


def of_seed(delivered: list[Delivered], seed: int) -> list[Delivered]:
    """Return the forecasts of one run: their model version names the seed."""
    return [d for d in delivered if d.value is not None and f"+seed{seed}".encode() in d.value]


def read_state(path: Path) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(path.read_bytes())
    return state


def n_published(log: str, stage: str) -> int:
    """Return the number of messages of a stage, by its last line."""
    return int(log.rsplit(f"{stage} done: ", 1)[1].split(" ")[0].replace(",", ""))


def test_a_backfill_is_published_whole_keyed_and_not_again(broker: EmbeddedBroker, tmp_path: Path) -> None:
    state = tmp_path / "feed.json"
    arguments = ("backfill", "--days", "0.5", "--seed", "11", "--symbols", SYMBOLS, "--state", str(state))

    log = run_feed(*arguments, bootstrap=broker.bootstrap)
    again = run_feed(*arguments, bootstrap=broker.bootstrap)

    published = read_state(state)
    feed = Feed(
        seed=11,
        symbols=frozenset(("btc", "dot")),
        fault_rates=FaultRates(late=0.01, duplicates=0.01, poison=0.002),
    )
    expected = messages_between(feed, start_us=published["from_us"], end_us=published["until_us"])
    delivered = read_delivered(broker.bootstrap)
    assert Counter((d.record_id[0], d.key, d.value) for d in delivered) == Counter(
        (message.topic, message.key, message.value) for message in expected
    )
    assert "backfill done" in log
    assert "published already" in again
    results = [
        validate(d.record_id[0], key=d.key, value=d.value, broker_time_us=d.broker_time_us) for d in delivered
    ]
    assert sum(isinstance(result, tuple) for result in results) > 0.99 * len(delivered)


def test_a_feed_that_is_killed_and_started_again_leaves_no_hole(
    broker: EmbeddedBroker, tmp_path: Path
) -> None:
    state = tmp_path / "feed.json"
    arguments = ("backfill", "--days", "5", "--seed", "12", "--symbols", SYMBOLS, "--state", str(state))
    feed = start_feed(*arguments, bootstrap=broker.bootstrap)
    wait_until(state.exists, "the first state")
    state_before = read_state(state)
    feed.send_signal(signal.SIGKILL)
    feed.wait()
    if feed.stderr is not None:
        feed.stderr.close()

    run_feed(*arguments, bootstrap=broker.bootstrap)

    state_after = read_state(state)
    assert state_before["until_us"] < state_after["until_us"] - 3_600_000_000
    assert state_after["from_us"] == state_before["from_us"]
    values = {d.value for d in of_seed(read_delivered(broker.bootstrap, ("predicted-price",)), 12)}
    feed_12 = Feed(seed=12, symbols=frozenset(("btc", "dot")))
    clean = messages_between(
        feed_12, start_us=state_after["from_us"], end_us=state_after["until_us"] - 4 * 3_600_000_000
    )
    assert {m.value for m in clean if m.topic == "predicted-price"} <= values


def test_live_keeps_its_rate_and_run_goes_on_after_its_backfill(
    broker: EmbeddedBroker, tmp_path: Path
) -> None:
    state = tmp_path / "feed.json"
    arguments = ("--days", "0.05", "--rate", "40", "--seconds", "5", "--seed", "13", "--state", str(state))

    count_before = len(read_delivered(broker.bootstrap))
    started_us = time.time_ns() // 1_000

    log = run_feed("run", *arguments, bootstrap=broker.bootstrap)

    n_past, n_live = n_published(log, "backfill"), n_published(log, "live")
    assert len(read_delivered(broker.bootstrap)) - count_before == n_past + n_live
    reached = read_state(state)
    live_from_us = reached["from_us"] + round(0.05 * 86_400_000_000)
    assert reached["until_us"] > started_us + 5_000_000
    live_seconds = (reached["until_us"] - live_from_us) / 1e6
    assert 0.3 < n_live / live_seconds / 40 < 3.0


def test_a_burst_has_its_count_at_a_pace_and_at_full_speed(broker: EmbeddedBroker) -> None:
    count_before = len(read_delivered(broker.bootstrap))

    paced = run_feed("burst", "--count", "400", "--rate", "200", bootstrap=broker.bootstrap)
    fast = run_feed("burst", "--count", "2000", "--rate", "max", bootstrap=broker.bootstrap)

    assert len(read_delivered(broker.bootstrap)) - count_before == 2_400
    assert n_published(paced, "burst") == 400
    assert n_published(fast, "burst") == 2_000


def test_an_absent_broker_is_waited_for_and_ctrl_c_ends_it_cleanly() -> None:
    feed = start_feed("live", bootstrap="127.0.0.1:9")
    assert feed.stderr is not None
    first = feed.stderr.readline()
    feed.send_signal(signal.SIGINT)
    _, rest = feed.communicate(timeout=180)

    assert "127.0.0.1:9" in first
    assert "trying again in 1 s" in first
    assert feed.returncode == 0
    assert "Traceback" not in rest
