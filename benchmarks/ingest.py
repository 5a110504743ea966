"""Catch-up of many messages into bronze and gold, beside the same Kafka read by Spark into nothing, in one run."""

import argparse
import sys
import time
from pathlib import Path

from pyspark.sql import SparkSession

from benchmarks.rig import Rig, new_rig
from lakehouse.messages.contract import CONTRACTS
from streaming.spark.session import build_session

AIM_SHARE = 0.30
AIM_DRIVER_BYTES = 2.5e9
LONGEST_SECONDS = 600.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000, help="messages (default 1,000,000)")
    parser.add_argument(
        "--limit-of", metavar="BOOTSTRAP", help="internal: only time Spark's read into nothing"
    )
    options = parser.parse_args()
    if options.limit_of:
        _read_into_nothing(options.limit_of)
        return 0
    with new_rig() as rig:
        _report(rig, options.count)
    return 0


def _report(rig: Rig, n_messages: int) -> None:
    started = time.monotonic()
    rig.start(
        "feed",
        "streaming.feed",
        "burst",
        "--count",
        str(n_messages),
        "--rate",
        "max",
        "--bootstrap",
        rig.broker.bootstrap,
    )
    if rig.processes["feed"].wait(LONGEST_SECONDS) != 0:
        raise RuntimeError(rig.log_path("feed").read_text())
    print(f"published {n_messages:,} messages in {time.monotonic() - started:.1f} s", flush=True)
    limit = n_messages / _seconds_of_limit(rig)
    print(f"limit: Spark reads them into nothing        {limit:10,.0f} msg/s", flush=True)
    gold_seconds, bronze_seconds = _seconds_of_ingestion(rig)
    for what, seconds in (("gold", gold_seconds), ("bronze and gold", bronze_seconds)):
        rate = n_messages / seconds
        print(
            f"ingestion: {what:<16} after {seconds:6.1f} s  {rate:10,.0f} msg/s  {rate / limit:5.0%} of the limit"
        )
    peak = rig.peak_bytes["ingest"]
    print(f"peak memory of ingestion, driver and JVM     {peak / 1e9:10.2f} GB")
    print(f"aims: {AIM_SHARE:.0%} of the limit, under {AIM_DRIVER_BYTES / 1e9} GB")


def _seconds_of_limit(rig: Rig) -> float:
    rig.start("limit", "benchmarks.ingest", "--limit-of", rig.broker.bootstrap)
    seconds = float(rig.wait_log("limit", r"seconds=([0-9.]+)", timeout_seconds=LONGEST_SECONDS).group(1))
    rig.processes["limit"].wait()
    return seconds


def _read_into_nothing(bootstrap: str) -> None:
    spark = build_session(app_name="limit", master="local[2]", jars_dir=Path(".runtime/jars/spark"))
    seconds = _time_read(spark, bootstrap)
    print(f"seconds={seconds:.3f}", flush=True)
    spark.stop()


def _time_read(spark: SparkSession, bootstrap: str) -> float:
    started = time.monotonic()
    (
        spark.read.format("kafka")
        .option("kafka.bootstrap.servers", bootstrap)
        .option("subscribe", ",".join(CONTRACTS))
        .option("startingOffsets", "earliest")
        .option("includeHeaders", "true")
        .load()
        .write.format("noop")
        .mode("overwrite")
        .save()
    )
    return time.monotonic() - started


def _seconds_of_ingestion(rig: Rig) -> tuple[float, float]:
    """Seconds from the start of the stream until gold, and until bronze too, hold everything."""
    rig.start("ingest", "streaming.ingest", "run", "--checkpoints", str(rig.directory / "checkpoints"))
    rig.wait_log("ingest", "ingest starts")
    started = time.monotonic()
    ends = rig.ends()
    seconds = []
    for names in ([contract.table.name for contract in CONTRACTS.values()], ["bronze"]):
        for name in names:
            topics = {key.topic_id for key in rig.table_position(name)}
            while not rig.table_position(name).covers(ends.of_topics(topics)):
                time.sleep(0.1)
        seconds.append(time.monotonic() - started)
    return seconds[0], seconds[1]


if __name__ == "__main__":
    sys.exit(main())
