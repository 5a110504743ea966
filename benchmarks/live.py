"""From produce to a WebSocket client and to a history answer, beside a bare relay; and what idle clients cost."""

import argparse
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.freshness import DRAIN_SECONDS, EventStats, Sent, answered_positions, drain, poll, produce
from benchmarks.rig import Rig, new_rig, percentiles, resident_bytes
from lakehouse.delta.catalog import Catalog
from streaming.feed.market import ASSETS
from streaming.feed.stream import FEED_TOPICS

AIM_CLIENT_P95_SECONDS = 0.050
AIM_ANSWER_P95_SECONDS = 0.150
AIM_IDLE_BYTES = 500_000_000
ANSWER_POLL_SECONDS = 0.02
CONNECT_SECONDS = 180.0

Place = tuple[str, int, int]


@dataclass(frozen=True)
class _Door:
    """A server that clients connect to, and its connected clients."""

    name: str
    url: str
    follow: str
    n_clients: int


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live", description=__doc__)
    parser.add_argument("--rate", type=float, default=500.0, help="messages a second (default 500)")
    parser.add_argument(
        "--seconds", type=float, default=20.0, help="seconds of each measurement (default 20)"
    )
    parser.add_argument("--clients", type=int, default=200, help="clients (default 200)")
    parser.add_argument("--idle", type=int, default=2_000, help="idle clients (default 2000)")
    parser.add_argument("--warm-up", type=float, default=15.0, help="seconds before the first (default 15)")
    parser.add_argument(
        "--drain",
        type=float,
        default=DRAIN_SECONDS,
        help=f"most seconds after each (default {DRAIN_SECONDS:.0f})",
    )
    parser.add_argument("--idle-seconds", type=float, default=12.0, help="of idle clients (default 12)")
    options = parser.parse_args()
    with new_rig() as rig:
        rig.start("ingest", "streaming.ingest", "run", "--checkpoints", str(rig.directory / "checkpoints"))
        rig.start(
            "api",
            "api",
            CRYPTOVIZ_LIVE_CLIENTS_OF_ADDRESS="0",
            CRYPTOVIZ_LIVE_CLIENTS="0",
        )
        url = rig.wait_log("api", r"listening on (\S+)").group(1)
        rig.wait_log("ingest", "ingest starts")
        rig.start("relay", "benchmarks.live_relay")
        relay = rig.wait_log("relay", r"listening on (\S+)").group(1)
        gateway = url.replace("http", "ws") + "/ws/v1/flux"
        produce(rig.broker.bootstrap, rate=200, seconds=options.warm_up)
        doors = [
            _Door("gateway", gateway, "one", options.clients),
            _Door("relay", relay, "one", options.clients),
        ]
        full = [
            _Door("gateway, all take all", gateway, "all", options.clients),
            _Door("relay, all take all", relay, "all", options.clients),
        ]
        for door in (*doors, *full):
            _report(rig, door, url, options, running="Spark runs")
        rig.processes["ingest"].stop()
        for door in doors:
            _report(rig, door, url, options, running="no Spark")
        _report_idle(rig, gateway, options.idle, seconds=options.idle_seconds)
    print(
        f"aims: client p95 under {AIM_CLIENT_P95_SECONDS * 1000:.0f} ms, answer p95 under "
        f"{AIM_ANSWER_P95_SECONDS * 1000:.0f} ms, 2000 idle clients under {AIM_IDLE_BYTES / 1e6:.0f} MB"
    )
    return 0


def _report(rig: Rig, door: _Door, url: str, options: argparse.Namespace, *, running: str) -> None:
    ids = Catalog(rig.lake).current_topics()
    out = _connect(rig, door)
    answers = {topic: EventStats() for topic in FEED_TOPICS}
    ended = threading.Event()
    look = answered_positions(url)
    pollers = [
        threading.Thread(target=poll, args=(look, {topic: seen}, ANSWER_POLL_SECONDS, ended))
        for topic, seen in answers.items()
    ]
    for poller in pollers:
        poller.start()
    sent = produce(rig.broker.bootstrap, rate=options.rate, seconds=options.seconds)
    drain(sent, ids, (answers,), options.drain)
    ended.set()
    for poller in pollers:
        poller.join()
    connections = _disconnect(rig)
    delays = _delays(out, sent, ids)
    label = f"{options.rate:.0f} msg/s, {running}, {door.n_clients} clients, {door.name}"
    print(f"{label}: produce -> client  n={len(delays):7}  {percentiles(delays)}  {connections}")
    answered = [delay for topic in FEED_TOPICS for delay in answers[topic].delays(sent[topic], ids[topic])]
    print(f"{label}: produce -> answer  n={len(answered):7}  {percentiles(answered)}", flush=True)


def _report_idle(rig: Rig, url: str, n_clients: int, *, seconds: float) -> None:
    time.sleep(1.0)
    gateway_pid = int(rig.wait_log("api", r"gateway serves pid=(\d+)").group(1))
    before = resident_bytes(gateway_pid)
    _connect(rig, _Door("gateway", url, "nothing", n_clients))
    time.sleep(seconds)
    after = resident_bytes(gateway_pid)
    connections = _disconnect(rig)
    print(
        f"{n_clients} idle clients: the gateway's process takes {after / 1e6:.0f} MB, "
        f"{(after - before) / 1e6:.0f} MB more than without them  {connections}",
        flush=True,
    )


def _connect(rig: Rig, door: _Door) -> Path:
    out = rig.directory / "updates.txt"
    rig.start(
        "clients",
        "benchmarks.live_clients",
        *("--url", door.url, "--clients", str(door.n_clients), "--symbols", ",".join(sorted(ASSETS))),
        *("--follow", door.follow, "--out", str(out)),
    )
    rig.wait_log("clients", r"connected \d+", timeout_seconds=CONNECT_SECONDS)
    return out


def _disconnect(rig: Rig) -> str:
    process = rig.processes.pop("clients")
    process.stop(timeout_seconds=120)
    return rig.log_path("clients").read_text().strip().splitlines()[-1]


def _delays(out: Path, sent: dict[str, Sent], ids: dict[str, str]) -> list[float]:
    """Return the seconds from each message's sending to each client that received it."""
    at: dict[Place, float] = {
        (ids[topic], partition, offset): when
        for topic, of_topic in sent.items()
        for (partition, offset), when in of_topic.times.items()
    }
    delays = []
    for line in out.read_text().splitlines():
        topic_id, partition, offset, came = line.split()
        sent_at = at.get((topic_id, int(partition), int(offset)))
        if sent_at is not None:
            delays.append(float(came) - sent_at)
    return delays


if __name__ == "__main__":
    sys.exit(main())
