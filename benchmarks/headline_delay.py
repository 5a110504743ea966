"""From a headline in an offline feed to its sentiment in an API answer: every process of the chain is real."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Collection
from datetime import datetime
from itertools import pairwise
from typing import Any

from benchmarks.rig import Rig, percentiles
from lakehouse import lake
from lakehouse.schema.tables import GOLD_SENTIMENT
from streaming.feed.market import ASSETS

NEWS_EVERY_SECONDS = 2
POLL_SECONDS = 0.25
GOLD_SECONDS = 60.0
_PATH = "/api/v1/sentiment/{symbol}/historique?periode=15m&intervalle=brut&limite=100"


def measure_delays(rig: Rig, *, n_headlines: int, n_warm_up: int) -> None:
    """Start the chain, let it warm up, follow headlines and print the delay of each part of the way."""
    offline = str(rig.directory / "offline")
    state = str(rig.directory / "collected")
    seed = time.time_ns() % 100_000
    rig.start(
        "offline", "streaming.offline", "--dir", offline, "--days", "0.01", "--seed", str(seed),
        "--news-every", str(NEWS_EVERY_SECONDS),
    )  # fmt: skip
    rig.wait_log("offline", "offline ready")
    for kind in ("news", "prices"):
        rig.start(kind, "streaming.collect", kind, "--offline", offline, "--state", state)
    rig.start(
        "stream", "streaming", "run", "--checkpoints", str(rig.directory / "checkpoints"),
        "--analysis-checkpoints", str(rig.directory / "analysis"),
    )  # fmt: skip
    rig.start("api", "api")
    url = rig.wait_log("api", r"listening on (\S+)").group(1)
    rig.wait_log("stream", "sentiment batch=", timeout_seconds=240)
    _follow(url, n_warm_up)
    _report(rig, _follow(url, n_headlines))


def _follow(url: str, n_headlines: int) -> dict[str, float]:
    """Return when each of the first results about headlines published from now on was first in an answer, by id."""
    started, waiting = time.time(), threading.Event()
    seen: dict[str, float] = {}
    while len(seen) < n_headlines:
        for symbol in ASSETS:
            points, now = _points(url + _PATH.format(symbol=symbol)), time.time()
            for point in points:
                if datetime.fromisoformat(point["event_time"]).timestamp() >= started:
                    seen.setdefault(point["message_id"], now)
        waiting.wait(POLL_SECONDS)
    return seen


def _points(url: str) -> list[dict[str, Any]]:
    """Return an answer's points; none where the API does not know the asset yet."""
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            points: list[dict[str, Any]] = json.load(response)["points"]
            return points
    except urllib.error.HTTPError:
        return []


def _rows_in_gold(rig: Rig, message_ids: Collection[str]) -> list[dict[str, Any]]:
    """Return gold's rows once they hold these ids, which answers have earlier from the tail."""
    deadline, waiting = time.monotonic() + GOLD_SECONDS, threading.Event()
    while True:
        rows: list[dict[str, Any]] = lake.open(rig.lake.uri).table(GOLD_SENTIMENT.name).arrow().to_pylist()
        if {row["message_id"] for row in rows}.issuperset(message_ids) or time.monotonic() > deadline:
            return rows
        waiting.wait(POLL_SECONDS)


def _report(rig: Rig, seen: dict[str, float]) -> None:
    print(
        "running: offline world, two collectors (each feed asked every 5 s), broker, ingestion and analysis, API"
    )
    ways: dict[str, list[float]] = {"published -> collected": [], "collected -> analysed": []}
    ways |= {"analysed -> an answer": [], "published -> an answer": []}
    for row in _rows_in_gold(rig, seen):
        if row["message_id"] in seen:
            instants = [row[name].timestamp() for name in ("event_time", "collected_time", "analyzed_time")]
            instants.append(seen[row["message_id"]])
            steps = [after - before for before, after in pairwise(instants)]
            for way, seconds in zip(ways.values(), [*steps, instants[-1] - instants[0]], strict=True):
                way.append(seconds)
    for name, delays in ways.items():
        print(f"headline {name:<24} n={len(delays):4}  {percentiles(delays)}", flush=True)
