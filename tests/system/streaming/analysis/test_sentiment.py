"""Sentiment query from raw news to gold: every text once, with stops and repeated batches."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from streaming.analysis.queries import all_queries
from streaming.analysis.service import AnalysisService, AnalysisSettings
from tests.support.messages import news, to_bytes
from tests.support.record_accounting import read_delivered, read_table
from tests.support.waiting import WAIT_SECONDS, wait_until
from tests.system.streaming.ingest.conftest import Pipeline

NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
UP = "Bitcoin surges to a record high"
DOWN = "Ethereum plunges after an exploit"
BOTH = "Bitcoin rallies while Solana tumbles"
FRENCH = "Le Bitcoin s’effondre après un piratage"
SPANISH = "El Bitcoin sube tras la decisión de la Reserva Federal"
NOTHING = "Central bank leaves its main rate where it was"


@contextmanager
def analysing(pipeline: Pipeline) -> Iterator[None]:
    """Run the service until the block ends. An error of its own fails the test."""
    settings = AnalysisSettings(
        kafka=pipeline.kafka,
        queries=all_queries(lake=pipeline.lake),
        checkpoint_dir=pipeline.directory / "analysis",
    )
    service = AnalysisService(lambda: pipeline.spark, settings)
    failures: list[BaseException] = []

    def run() -> None:
        try:
            service.run()
        except BaseException as error:  # noqa: BLE001  raised again in the test's thread
            failures.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        service.stop()
        thread.join(WAIT_SECONDS)
    if failures:
        raise failures[0]


def send_texts(pipeline: Pipeline, titles: list[str], *, name: str) -> None:
    for at, title in enumerate(titles):
        text = news(NOW + timedelta(seconds=at), key=f"{name}{at}", title=title, summary=None, language=None)
        pipeline.send("raw-news", to_bytes(text), key=b"wire")
    pipeline.flush()


def results(pipeline: Pipeline) -> list[dict[str, Any]]:
    """Return the messages of analyzed-sentiment, in no order."""
    delivered = read_delivered(pipeline.broker.bootstrap, ("analyzed-sentiment",))
    return [json.loads(record.value or b"") for record in delivered]


def wait_results(pipeline: Pipeline, n_results: int) -> None:
    wait_until(lambda: len(results(pipeline)) >= n_results, f"{n_results} results in Kafka")


def committed(pipeline: Pipeline) -> list[Path]:
    """Return the commit files of the checkpoint's finished batches, oldest first."""
    paths = (pipeline.directory / "analysis" / "sentiment").glob("*/commits/*")
    return sorted((path for path in paths if path.name.isdigit()), key=lambda path: int(path.name))


def forget_last_batch(pipeline: Pipeline) -> None:
    """Undo the last commit of the checkpoint, as a kill between Kafka and the checkpoint leaves it."""
    newest = committed(pipeline)[-1]
    newest.unlink()
    newest.with_name(f".{newest.name}.crc").unlink(missing_ok=True)


def test_text_is_scored_for_each_asset_that_it_mentions(pipeline: Pipeline) -> None:
    send_texts(pipeline, [UP, DOWN, BOTH, FRENCH, SPANISH, NOTHING], name="a")
    pipeline.send("raw-news", b"{", key=b"wire")
    pipeline.flush()

    with analysing(pipeline):
        wait_results(pipeline, 6)

    by_asset = {(result["title"], result["symbol"]): result for result in results(pipeline)}
    assert {key: result["label"] for key, result in by_asset.items()} == {
        (UP, "btc"): "positive",
        (DOWN, "eth"): "negative",
        (BOTH, "btc"): "positive",
        (BOTH, "sol"): "negative",
        (FRENCH, "btc"): "negative",
        (SPANISH, "btc"): "unscored",
    }
    assert by_asset[SPANISH, "btc"]["score"] is None
    assert by_asset[SPANISH, "btc"]["language"] == "es"
    assert by_asset[UP, "btc"]["terms"] == ["surges", "record high"]


def test_stopped_query_goes_on_and_a_repeated_batch_is_in_gold_once(pipeline: Pipeline) -> None:
    send_texts(pipeline, [UP, BOTH, SPANISH], name="a")
    with analysing(pipeline):
        wait_results(pipeline, 4)
        wait_until(lambda: len(committed(pipeline)) > 0, "the batch to be committed")
    forget_last_batch(pipeline)
    send_texts(pipeline, [DOWN, FRENCH], name="b")
    with analysing(pipeline):
        wait_results(pipeline, 7)

    pipeline.ingest_all()

    rows = read_table(pipeline.lake, "gold_sentiment").select(["title", "symbol", "score"]).to_pylist()
    assert sorted((row["title"], row["symbol"]) for row in rows) == sorted(
        [(UP, "btc"), (BOTH, "btc"), (BOTH, "sol"), (SPANISH, "btc"), (DOWN, "eth"), (FRENCH, "btc")]
    )
    assert [row["score"] for row in rows if row["title"] == SPANISH] == [None]
    assert read_table(pipeline.lake, "duplicates").num_rows == len(results(pipeline)) - 6 > 0
