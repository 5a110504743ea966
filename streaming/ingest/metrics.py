"""Metrics of ingestion: batches, the results of their records, how far behind they leave the tables."""

import time
from collections.abc import Iterable, Mapping

from prometheus_client import Counter, Gauge, Histogram

from streaming.ingest.batch import BatchReport
from streaming.ingest.positioned_writer import CommitReport

BATCH_SECONDS = Histogram(
    "cryptoviz_ingest_batch_seconds",
    "seconds of a batch; step read: Spark collects it, commit: it is validated and written",
    ["step"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
FRESHNESS_SECONDS = Histogram(
    "cryptoviz_ingest_freshness_seconds",
    "age of a batch's newest message once the batch is committed, by the broker's time",
    buckets=(0.25, 0.5, 1, 1.5, 2.5, 5, 10, 30, 60, 300, 3600),
)
LAG_MESSAGES = Gauge(
    "cryptoviz_ingest_lag_messages", "messages that Kafka had beyond the last batch", ["topic", "partition"]
)
CLOCK_SKEW_SECONDS = Gauge(
    "cryptoviz_ingest_broker_clock_skew_seconds",
    "how far the broker's clock is at least ahead of this machine's (negative: behind), by a partition's newest record",
    ["topic", "partition"],
)
RECORDS = Counter("cryptoviz_ingest_records_total", "records that were read of Kafka")
ROWS = Counter("cryptoviz_ingest_rows_total", "rows that were committed", ["table"])
COMMITS = Counter("cryptoviz_ingest_commits_total", "commits", ["table"])
LAST_COMMIT_TIME = Gauge(
    "cryptoviz_ingest_last_commit_time_seconds", "when a table was last committed to, Unix time", ["table"]
)
QUARANTINED = Counter("cryptoviz_ingest_quarantined_total", "messages that were refused", ["topic", "rule"])
DUPLICATES = Counter("cryptoviz_ingest_duplicates_total", "messages whose message_id gold had already")

Lag = Mapping[tuple[str, int], int]
"""{(topic, partition): messages beyond what is ingested}"""


def count_batch(report: BatchReport, *, read_seconds: float, freshness_seconds: float, lag: Lag) -> None:
    """Count a batch that was committed."""
    BATCH_SECONDS.labels("read").observe(read_seconds)
    BATCH_SECONDS.labels("commit").observe(report.seconds)
    FRESHNESS_SECONDS.observe(freshness_seconds)
    for (topic, partition), n_messages in lag.items():
        LAG_MESSAGES.labels(topic, str(partition)).set(n_messages)
    RECORDS.inc(report.n_records)
    DUPLICATES.inc(report.n_duplicates)
    for (topic, rule), n_messages in report.n_quarantined_by.items():
        QUARANTINED.labels(topic, rule).inc(n_messages)


def count_commits(commits: Iterable[CommitReport]) -> None:
    for commit in commits:
        COMMITS.labels(commit.table).inc()
        ROWS.labels(commit.table).inc(commit.n_rows)
        LAST_COMMIT_TIME.labels(commit.table).set(time.time())
