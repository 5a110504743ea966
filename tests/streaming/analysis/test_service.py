"""Log line of a batch, and the checkpoint of a query."""

from pathlib import Path
from typing import Any

from pyspark.sql import Row

from streaming.analysis.progress import to_fields, to_line
from streaming.analysis.service import AnalysisQuery, checkpoint_of


def never(*_: Any, **__: Any) -> Any:
    raise AssertionError


QUERY = AnalysisQuery(name="sentiment", inputs=("raw-news",), output="analyzed-sentiment", start=never)


def test_batch_is_one_line_with_its_counts_seconds_and_lag() -> None:
    progress = {
        "batchId": 7,
        "numInputRows": 120,
        "durationMs": {"triggerExecution": 412},
        "observedMetrics": {"sentiment": Row(results=98, unscored=3)},
        "sources": [{"metrics": {"maxOffsetsBehindLatest": "5"}}, {"metrics": {}}],
    }

    assert to_line(to_fields(progress)) == "batch=7 in=120 results=98 unscored=3 seconds=0.412 lag_messages=5"


def test_batch_of_a_query_that_counts_nothing_is_a_line_too() -> None:
    progress = {"batchId": 1, "numInputRows": 2, "durationMs": {}, "sources": [{}]}

    assert to_line(to_fields(progress)) == "batch=1 in=2 seconds=0.000 lag_messages=0"


def test_topic_that_was_created_again_has_a_new_checkpoint() -> None:
    before = checkpoint_of(Path("c"), QUERY, {"raw-news": "Zk3", "analyzed-sentiment": "q1"})
    after = checkpoint_of(Path("c"), QUERY, {"raw-news": "Xy7", "analyzed-sentiment": "q1"})

    assert before == Path("c/sentiment/Zk3")
    assert after == Path("c/sentiment/Xy7")
