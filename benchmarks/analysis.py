"""The analysis in Spark beside the same work in a plain Python loop, its memory, and a headline's way to an answer."""

import argparse
import re
import sys
import time
from dataclasses import dataclass

from benchmarks.analysis_load import (
    bare_forecaster_seconds,
    bare_scorer_seconds,
    last_of_each_key,
    news_of,
    price_messages,
    publish,
    scored_messages_seconds,
    to_news_message,
)
from benchmarks.headline_delay import measure_delays
from benchmarks.rig import Rig, new_rig
from benchmarks.scorers import report_scorers
from lakehouse.messages.contract import RAW_NEWS, RAW_PRICE
from streaming.analysis.prediction.arrivals import SLACK_US
from streaming.analysis.sentiment.query import MAX_TEXTS_PER_BATCH

N_CORES = 2


@dataclass(frozen=True, slots=True)
class Batch:
    """One line of a query's log."""

    n_messages: int
    seconds: float


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.analysis", description=__doc__)
    parser.add_argument("--texts", type=int, default=40_000, help="scored after the warm-up (default 40,000)")
    parser.add_argument("--prices", type=int, default=60_000, help="after the warm-up (default 60,000)")
    parser.add_argument(
        "--warm-up-texts",
        type=int,
        default=MAX_TEXTS_PER_BATCH,
        help=f"before those (default a batch, {MAX_TEXTS_PER_BATCH:,})",
    )
    parser.add_argument("--warm-up-prices", type=int, default=2_000, help="before those (default 2,000)")
    parser.add_argument("--headlines", type=int, default=50, help="followed from feed to answer (default 50)")
    parser.add_argument("--warm-up-headlines", type=int, default=10, help="before those (default 10)")
    parser.add_argument("--passages", type=int, default=400, help="scored on one core (default 400)")
    options = parser.parse_args()
    if options.passages:
        report_scorers(options.passages)
    if options.texts:
        with new_rig() as rig:
            _report_sentiment(rig, options.texts, n_warm_up=options.warm_up_texts)
    if options.prices:
        with new_rig() as rig:
            _report_predictions(rig, options.prices, n_warm_up=options.warm_up_prices)
    if options.headlines:
        with new_rig() as rig:
            measure_delays(rig, n_headlines=options.headlines, n_warm_up=options.warm_up_headlines)
            _report_memory(rig, "stream", "ingestion and analysis")
    return 0


def _report_sentiment(rig: Rig, n_texts: int, *, n_warm_up: int) -> None:
    """Report texts a second; the batches of the warm-up are left out."""
    news = news_of(n_warm_up + n_texts)
    messages = [to_news_message(each) for each in news]
    publish(rig.broker.bootstrap, RAW_NEWS.topic, messages[:n_warm_up])
    _start_analysis(rig, "sentiment")
    n_batches = len(_wait_batches(rig, "sentiment", n_messages=n_warm_up))
    publish(rig.broker.bootstrap, RAW_NEWS.topic, messages[n_warm_up:])
    batches = _wait_batches(rig, "sentiment", n_messages=len(messages))[n_batches:]
    _stop(rig, "sentiment")
    in_spark = sum(each.n_messages for each in batches) / sum(each.seconds for each in batches)
    measured = news[n_warm_up:]
    bare = n_texts / bare_scorer_seconds(measured)
    whole = n_texts / scored_messages_seconds(messages[n_warm_up:])
    _report("texts", in_spark=in_spark, bare=bare, whole=whole, what="scorer")
    _report_memory(rig, "sentiment", "the sentiment query")


def _report_predictions(rig: Rig, n_prices: int, *, n_warm_up: int) -> None:
    """Report price updates a second; the first batch warms the workers up and is left out.

    The others read while prices are published, hold them back for a slack, and forecast when nothing else runs.
    """
    messages = price_messages(n_warm_up + n_prices)
    publish(rig.broker.bootstrap, RAW_PRICE.topic, messages[:n_warm_up])
    _start_analysis(rig, "prediction")
    n_batches = len(_wait_batches(rig, "prediction", n_messages=n_warm_up))
    publish(rig.broker.bootstrap, RAW_PRICE.topic, messages[n_warm_up:])
    time.sleep(SLACK_US / 1e6 + 1)
    last = last_of_each_key(messages)
    publish(rig.broker.bootstrap, RAW_PRICE.topic, last)
    batches = _wait_batches(rig, "prediction", n_messages=len(messages) + len(last))[n_batches:]
    _stop(rig, "prediction")
    in_spark = sum(each.n_messages for each in batches) / sum(each.seconds for each in batches)
    bare_seconds, whole_seconds, n_predictions = bare_forecaster_seconds(messages)
    print(f"predictions for each price update: {n_predictions / len(messages):.1f}")
    _report(
        "price updates",
        in_spark=in_spark,
        bare=len(messages) / bare_seconds,
        whole=len(messages) / whole_seconds,
        what="forecaster",
    )
    _report_memory(rig, "prediction", "the prediction query")


def _start_analysis(rig: Rig, query: str) -> None:
    checkpoints = str(rig.directory / "analysis")
    rig.start(query, "streaming.analysis", "run", "--queries", query, "--analysis-checkpoints", checkpoints)
    rig.wait_log(query, f"{query} starts")


def _wait_batches(rig: Rig, query: str, *, n_messages: int) -> list[Batch]:
    """Return the query's batches once they hold so many messages; raise RuntimeError where the process has ended."""
    line = re.compile(rf"{query} batch=\d+ in=(\d+) .*?seconds=([0-9.]+)")
    while True:
        log = rig.log_path(query).read_text(errors="replace")
        batches = [Batch(int(found[1]), float(found[2])) for found in line.finditer(log)]
        if sum(batch.n_messages for batch in batches) >= n_messages:
            return batches
        if not rig.processes[query].is_running:
            raise RuntimeError(log[-2_000:])
        time.sleep(0.2)


def _stop(rig: Rig, query: str) -> None:
    """End the process, so that the plain loops have the machine to themselves."""
    rig.processes[query].stop()


def _report(unit: str, *, in_spark: float, bare: float, whole: float, what: str) -> None:
    print(f"{unit}: Spark and Kafka, {N_CORES} cores             {in_spark:10,.0f} /s")
    print(f"{unit}: bare {what}, one core          {bare:10,.0f} /s", end="")
    print(f"   Spark per core is {in_spark / N_CORES / bare:5.0%} of it, in all {in_spark / bare:5.0%}")
    print(f"{unit}: with validation and JSON, one core{whole:10,.0f} /s", end="")
    print(f"   Spark per core is {in_spark / N_CORES / whole:5.0%} of it", flush=True)


def _report_memory(rig: Rig, name: str, what: str) -> None:
    peak = rig.peak_bytes[name] / 1e9
    print(f"peak memory of {what}: driver, JVM and workers   {peak:.2f} GB", flush=True)


if __name__ == "__main__":
    sys.exit(main())
