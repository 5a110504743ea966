"""Log lines of a query's batches: messages read, the query's own counts, seconds, lag."""

import logging
from typing import Any

from pyspark.sql.streaming.query import StreamingQuery

from streaming.analysis import metrics

logger = logging.getLogger(__name__)

FAILED = "failed"
"""Name of a query's own count of records at which it failed."""


class ProgressLog:
    """Log of a running query's batches, each once. Counts come from the query's own `DataFrame.observe`."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._last_batch = -1

    def log_new(self, running: StreamingQuery) -> None:
        """Log the batches that ended since the last call; those without input are skipped."""
        for progress in running.recentProgress:
            if progress["batchId"] > self._last_batch and progress["numInputRows"] > 0:
                self._last_batch = progress["batchId"]
                fields = to_fields(progress)
                _count(self._name, progress, fields)
                logger.info("%s %s", self._name, to_line(fields), extra=fields)


def to_fields(progress: dict[str, Any]) -> dict[str, int | float]:
    """Return the figures of a batch: number, messages, the query's own counts, seconds and lag."""
    counts = {
        name: count
        for observed in (progress.get("observedMetrics") or {}).values()
        for name, count in observed.asDict().items()
    }
    return {
        "batch": progress["batchId"],
        "in": progress["numInputRows"],
        **counts,
        "seconds": _seconds(progress),
        "lag_messages": _lag(progress),
    }


def to_line(fields: dict[str, int | float]) -> str:
    """Return a batch as text: ``batch=7 in=120 results=98 unscored=3 seconds=0.412 lag_messages=0``."""
    return " ".join(
        f"{name}={value:.3f}" if isinstance(value, float) else f"{name}={value}"
        for name, value in fields.items()
    )


def _count(query: str, progress: dict[str, Any], fields: dict[str, int | float]) -> None:
    metrics.BATCH_SECONDS.labels(query).observe(_seconds(progress))
    metrics.RECORDS.labels(query).inc(progress["numInputRows"])
    metrics.LAG_MESSAGES.labels(query).set(_lag(progress))
    metrics.FAILED.labels(query).inc(fields.get(FAILED, 0))


def _seconds(progress: dict[str, Any]) -> float:
    return float(progress["durationMs"].get("triggerExecution", 0)) / 1000


def _lag(progress: dict[str, Any]) -> int:
    """Return the messages beyond the batch when it was planned, in the partition with the largest lag."""
    sources = [source.get("metrics") or {} for source in progress["sources"]]
    return max((int(each.get("maxOffsetsBehindLatest", 0)) for each in sources), default=0)
