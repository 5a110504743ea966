"""Every program without Spark ends within 20 s of a signal, with exit code 0, and leaves no process behind.

What a signal does is one function, `run_until_stopped`, and the API's own: a light program meets every signal, each
program its own states. More combinations are soak tests.
"""

import os
import signal
from pathlib import Path

import pytest

from tests.support.stopping_programs import (
    DEAD_BROKER,
    TO_GROUP,
    TO_PROCESS,
    Sent,
    assert_stops,
    prints,
    running,
    running_source,
)
from tests.support.waiting import wait_until

WAITING = """
import sys
from lakehouse.process.stopping import run_until_stopped
def work(stopping):
    print("up", flush=True)
    stopping.wait()
    return 0
sys.exit(run_until_stopped(work))
"""
ENDLESS = """
import sys, threading
from lakehouse.process.stopping import run_until_stopped
def work(stopping):
    print("up", flush=True)
    stopping.wait()
    print("asked", flush=True)
    threading.Event().wait()
sys.exit(run_until_stopped(work, grace_seconds=60))
"""

LIGHT = {
    "news, no broker": (("streaming.collect", "news", "--sources", "{sources}"), "trying again in", TO_GROUP),
    "prices, dead broker": (
        ("streaming.collect", "prices", "--sources", "{sources}", "--bootstrap", DEAD_BROKER),
        "trying again in",
        TO_PROCESS,
    ),
    "news, no offline server": (("streaming.collect", "news", "--print"), "waiting for", TO_PROCESS),
    "feed, no broker": (("streaming.feed", "run"), "trying again in", TO_PROCESS),
    "feed, dead broker": (
        ("streaming.feed", "live", "--bootstrap", DEAD_BROKER),
        "trying again in",
        TO_GROUP,
    ),
    "offline, ready": (("streaming.offline", "--days", "0.1"), "offline ready", TO_GROUP),
    "compaction, no lake": (("compaction", "run", "--every", "60"), "nothing to do yet", TO_PROCESS),
}

SOURCES = """
[[offline.news]]
source = "wire"
url = "http://127.0.0.1:1/feed"
origin = "generated"
poll_seconds = 5

[[offline.prices]]
venue = "simx"
exchange = "kraken"
url = "http://127.0.0.1:1/exchange"
origin = "generated"
symbols = ["BTC/USD"]
"""


@pytest.mark.parametrize("to", ["process", "group"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_work_that_waits_ends(tmp_path: Path, number: signal.Signals, to: str) -> None:
    with running_source(tmp_path, WAITING) as program:
        program.wait_for(prints("up"), "the start")
        assert_stops(program, (to, number))


@pytest.mark.parametrize("state", LIGHT)
def test_program_without_spark_ends(tmp_path: Path, state: str) -> None:
    command, text, sent = LIGHT[state]
    (tmp_path / "sources.toml").write_text(SOURCES)
    arguments = [part.format(sources=tmp_path / "sources.toml") for part in command]
    with running(tmp_path, *arguments) as program:
        program.wait_for(prints(text), text)
        assert_stops(program, sent)


@pytest.mark.parametrize(
    ("bootstrap", "sent"),
    [
        ({}, TO_PROCESS),
        ({}, TO_GROUP),
        ({"CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS": DEAD_BROKER}, TO_PROCESS),
        pytest.param({"CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS": DEAD_BROKER}, TO_GROUP, marks=pytest.mark.soak),
    ],
    ids=["alone-process", "alone-group", "dead broker-process", "dead broker-group"],
)
def test_api_that_serves_ends(tmp_path: Path, bootstrap: dict[str, str], sent: Sent) -> None:
    with running(tmp_path, "api", CRYPTOVIZ_HTTP_PORT="0", **bootstrap) as program:
        program.wait_for(prints("API listening on"), "the start")
        assert_stops(program, sent)


@pytest.mark.parametrize("to", ["process", "group"])
def test_api_that_is_starting_ends(tmp_path: Path, to: str) -> None:
    with running(tmp_path, "api", CRYPTOVIZ_HTTP_PORT="0") as program:
        database = tmp_path / "runtime" / "metadata.sqlite3"
        program.wait_for(lambda _: database.exists(), "migration")
        assert_stops(program, (to, signal.SIGTERM))


@pytest.mark.parametrize(
    ("state", "sent"),
    [
        ("starting", TO_PROCESS),
        ("ready", TO_GROUP),
        pytest.param("starting", TO_GROUP, marks=pytest.mark.soak),
        pytest.param("ready", TO_PROCESS, marks=pytest.mark.soak),
    ],
    ids=["starting-process", "ready-group", "starting-group", "ready-process"],
)
def test_broker_ends(tmp_path: Path, state: str, sent: Sent) -> None:
    with running(tmp_path, "streaming.broker", "start") as program:
        pid_file = tmp_path / "runtime" / "broker" / "broker.pid"
        is_there = prints("broker: ready") if state == "ready" else lambda _: pid_file.exists()
        program.wait_for(is_there, state)
        assert_stops(program, sent)
    assert not pid_file.exists()


def test_demo_that_is_starting_ends(tmp_path: Path) -> None:
    with running(tmp_path, "demo", CRYPTOVIZ_HTTP_PORT="0") as program:
        program.wait_for(prints("Kafka is ready"), "broker")
        assert_stops(program, TO_PROCESS)


def test_second_signal_ends_at_once(tmp_path: Path) -> None:
    with running_source(tmp_path, ENDLESS) as program:
        program.wait_for(prints("up"), "the start")
        os.kill(program.process.pid, signal.SIGTERM)
        program.wait_for(prints("asked"), "the first signal")

        def has_ended() -> bool:
            # Signals within a second of the first are one request with it.
            if program.process.poll() is None:
                os.kill(program.process.pid, signal.SIGTERM)
            return program.process.poll() is not None

        wait_until(has_ended, "the end")
        assert program.process.returncode == 128 + signal.SIGTERM
