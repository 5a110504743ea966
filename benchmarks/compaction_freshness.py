"""Freshness of a stream beside a compaction at full speed: `python -m benchmarks.compaction_freshness`.

Broker, Spark ingestion, API, a producer at a fixed rate and two pollers; then the same while copies of a lake of many
small files are compacted one after the other.
"""

import argparse
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

from benchmarks.compaction import write_small_commits
from benchmarks.freshness import DRAIN_SECONDS, measure
from benchmarks.rig import new_rig, percentiles
from lakehouse.delta.storage import LakeLocation

AIM = 1.3


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compaction_freshness", description=__doc__)
    parser.add_argument("--rate", type=float, default=100.0, help="messages a second (default 100)")
    parser.add_argument("--seconds", type=float, default=60.0, help="seconds of each part (default 60)")
    parser.add_argument(
        "--rows", type=int, default=1_000_000, help="rows that are compacted (default 1,000,000)"
    )
    parser.add_argument("--commits", type=int, default=400, help="that wrote those rows (default 400)")
    parser.add_argument("--warm-up", type=float, default=20.0, help="seconds before the first (default 20)")
    parser.add_argument(
        "--drain",
        type=float,
        default=DRAIN_SECONDS,
        help=f"most seconds after each (default {DRAIN_SECONDS:.0f})",
    )
    options = parser.parse_args()
    with new_rig() as rig:
        small_files = rig.directory / "small-files"
        write_small_commits(
            LakeLocation.parse(str(small_files)), n_rows=options.rows, n_commits=options.commits
        )
        rig.start("ingest", "streaming.ingest", "run", "--checkpoints", str(rig.directory / "checkpoints"))
        rig.start("api", "api")
        url = rig.wait_log("api", r"listening on (\S+)").group(1)
        rig.wait_log("ingest", "ingest starts")
        measure(rig, url, rate=options.rate, seconds=options.warm_up, drain_seconds=options.drain)
        p95 = {}
        for name in ("alone", "beside a compaction"):
            ended = threading.Event()
            n_done: list[int] = []
            worker = threading.Thread(
                target=_compact_copies, args=(small_files, rig.directory, ended, n_done)
            )
            if name != "alone":
                worker.start()
            gold, _ = measure(
                rig, url, rate=options.rate, seconds=options.seconds, drain_seconds=options.drain
            )
            ended.set()
            if name != "alone":
                worker.join()
            delays = sorted(delay for by_topic in gold.values() for delay in by_topic)
            p95[name] = delays[int(len(delays) * 0.95)]
            print(
                f"{name:20} n={len(delays):6} {percentiles(delays)}  compactions: {sum(n_done)}", flush=True
            )
    ratio = p95["beside a compaction"] / p95["alone"]
    print(f"p95 is {ratio:.2f} times as long beside a compaction; the aim is {AIM}")
    return 0


def _compact_copies(small_files: Path, directory: Path, ended: threading.Event, n_done: list[int]) -> None:
    """Compact one copy of a lake after the other, without a pause."""
    while not ended.is_set():
        copy = directory / f"copy-{len(n_done)}"
        shutil.copytree(small_files, copy, copy_function=os.link)
        command = [sys.executable, "-m", "compaction", "compact", "--now", "--lake", str(copy)]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        n_done.append(1)
        shutil.rmtree(copy)


if __name__ == "__main__":
    sys.exit(main())
