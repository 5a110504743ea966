"""Metrics of the collectors, by source: requests, errors, new items, gaps."""

from prometheus_client import Counter, Gauge

REQUESTS = Counter("cryptoviz_collect_requests_total", "requests to a source", ["source"])
ERRORS = Counter("cryptoviz_collect_errors_total", "requests without a usable answer", ["source"])
ITEMS = Counter("cryptoviz_collect_items_total", "new texts or trades that were published", ["source"])
REFUSED = Counter(
    "cryptoviz_collect_refused_total",
    "texts and trades that were not published: unreadable, without a usable price or time, or at an absurd price",
    ["source"],
)
GAPS = Counter("cryptoviz_collect_gaps_total", "intervals that an exchange did not deliver", ["source"])
CLOCK_OFFSET = Gauge(
    "cryptoviz_collect_clock_offset_seconds",
    "how far an exchange's clock is ahead of this machine's; 0 where both seem right",
    ["source"],
)
LAST_ANSWER_TIME = Gauge(
    "cryptoviz_collect_last_answer_time_seconds", "last usable answer of a source, Unix time", ["source"]
)
LAST_ITEM_TIME = Gauge(
    "cryptoviz_collect_last_item_time_seconds", "last published new item of a source, Unix time", ["source"]
)


def register_source(source: str) -> None:
    """Export zeros for a source before its first request, so that its silence can be seen."""
    for counter in (REQUESTS, ERRORS, ITEMS):
        counter.labels(source)


def count_answer(source: str, *, n_new: int, now_seconds: float) -> None:
    """Count a usable answer, once its new items are acknowledged by Kafka."""
    LAST_ANSWER_TIME.labels(source).set(now_seconds)
    if n_new:
        ITEMS.labels(source).inc(n_new)
        LAST_ITEM_TIME.labels(source).set(now_seconds)
