"""Metrics of the analysis' batches, by query."""

from prometheus_client import Counter, Gauge, Histogram

BATCH_SECONDS = Histogram(
    "cryptoviz_analysis_batch_seconds",
    "duration of a batch with input",
    ["query"],
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
RECORDS = Counter("cryptoviz_analysis_records_total", "messages read", ["query"])
LAG_MESSAGES = Gauge(
    "cryptoviz_analysis_lag_messages",
    "messages in Kafka beyond the last batch, in the partition with the largest lag",
    ["query"],
)
FAILED = Counter(
    "cryptoviz_analysis_failed_total",
    "messages that were left out because the analysis failed at them",
    ["query"],
)
