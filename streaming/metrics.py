"""Metrics of the Spark services: interruptions."""

from prometheus_client import Counter

INTERRUPTIONS = Counter(
    "cryptoviz_interruptions_total",
    "failures after which a service, or one query of it, began again",
    ["service"],
)
