"""What the analysis measures of its queries' batches."""

from prometheus_client import Counter, Gauge, Histogram

BATCH_SECONDS = Histogram(
    "cryptoviz_analysis_batch_seconds",
    "seconds of a batch with input",
    ["query"],
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
RECORDS = Counter("cryptoviz_analysis_records_total", "messages that came in", ["query"])
LAG_MESSAGES = Gauge(
    "cryptoviz_analysis_lag_messages",
    "messages that Kafka had beyond the last batch, in the partition that is furthest behind",
    ["query"],
)
