"""What the collectors measure of each source: how often it was asked, what it gave, what it did not."""

from prometheus_client import Counter, Gauge

ASKED = Counter("cryptoviz_collect_asked_total", "times that a source was asked", ["source"])
ERRORS = Counter(
    "cryptoviz_collect_errors_total", "times that a source did not answer as it should", ["source"]
)
ITEMS = Counter("cryptoviz_collect_items_total", "new texts or trades that were published", ["source"])
REFUSED = Counter("cryptoviz_collect_refused_total", "trades that could not be read or cannot be", ["source"])
GAPS = Counter("cryptoviz_collect_gaps_total", "stretches that an exchange did not give", ["source"])
LAST_ANSWER_TIME = Gauge(
    "cryptoviz_collect_last_answer_time_seconds",
    "when a source last answered as it should, Unix time",
    ["source"],
)
LAST_ITEM_TIME = Gauge(
    "cryptoviz_collect_last_item_time_seconds", "when something new was last published, Unix time", ["source"]
)


def introduce(source: str) -> None:
    """A source that was never heard of is there with zeros, so that its silence can be told."""
    for counter in (ASKED, ERRORS, ITEMS):
        counter.labels(source)


def count_answer(source: str, *, n_new: int, now_seconds: float) -> None:
    """A good answer, after what was new in it is safe in Kafka."""
    LAST_ANSWER_TIME.labels(source).set(now_seconds)
    if n_new:
        ITEMS.labels(source).inc(n_new)
        LAST_ITEM_TIME.labels(source).set(now_seconds)
