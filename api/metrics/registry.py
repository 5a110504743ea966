"""Metrics of the API, summed over its processes for HTTP and for the WebSocket.

Each process writes to memory-mapped files of its own in PROMETHEUS_MULTIPROC_DIR, which `python -m api` sets before
anything is measured; the process that answers Prometheus sums them. Without that folder a process gives its own alone.
"""

import os
import time
from collections import deque
from collections.abc import Callable
from functools import cache

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

REQUEST_SECONDS = Histogram(
    "cryptoviz_http_request_seconds",
    "seconds from a request's arrival in Django to its answer; of a stream, to its first piece",
    ["endpoint", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15),
)
RESPONSE_CACHE_REQUESTS = Counter(
    "cryptoviz_response_cache_requests_total",
    "history requests, by result: hit is answered from the response cache, miss from the lake",
    ["result"],
)
COLUMN_READS = Counter(
    "cryptoviz_column_reads_total",
    "reads of days from the columnar cache, by result: hit has all in memory, load reads some, files reads no columns",
    ["result"],
)
CACHE_BYTES = Gauge(
    "cryptoviz_cache_bytes",
    "bytes that caches hold, over all processes",
    ["cache"],
    multiprocess_mode="livesum",
)
TAIL_MESSAGES = Gauge(
    "cryptoviz_tail_messages",
    "messages that the tail holds, in the process that holds most",
    ["table"],
    multiprocess_mode="livemax",
)
TAIL_BYTES = Gauge(
    "cryptoviz_tail_bytes",
    "bytes of the values of those messages, in the process that holds most",
    ["table"],
    multiprocess_mode="livemax",
)
TAIL_INCLUDED = Gauge(
    "cryptoviz_tail_included",
    "1 where the answers of every process hold what Kafka has beyond gold, 0 where those of one do not",
    multiprocess_mode="livemin",
)
WEBSOCKET_CLIENTS = Gauge(
    "cryptoviz_websocket_clients", "clients that are connected", multiprocess_mode="livesum"
)
WEBSOCKET_FRAMES = Counter("cryptoviz_websocket_frames_total", "frames that were sent to clients")
WEBSOCKET_SLOW_CLIENTS = Counter(
    "cryptoviz_websocket_slow_clients_total", "clients that were disconnected because they did not read"
)


_requests: deque[tuple[str, int, float]] = deque(maxlen=100_000)
"""(endpoint, class of status, seconds) of requests that no sampler has observed yet: a request that observes takes
more than 5 µs for it, one that appends here 0.1."""


class MetricsMiddleware:
    """Middleware that records each request by the name of its path and the class of its status."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        response = self._get_response(request)
        match = request.resolver_match
        endpoint = "none" if match is None else match.url_name or match.route
        _requests.append((endpoint, response.status_code // 100, time.perf_counter() - began))
        return response


def observe_requests() -> None:
    """Observe the requests that were recorded since the last call."""
    while _requests:
        endpoint, status_class, seconds = _requests.popleft()
        _seconds_of(endpoint, status_class).observe(seconds)


@cache
def _seconds_of(endpoint: str, status_class: int) -> Histogram:
    """Return the child of a label pair: looking it up takes as long as observing."""
    return REQUEST_SECONDS.labels(endpoint, f"{status_class}xx")


def exposition(*collectors: Collector) -> tuple[bytes, str]:
    """Return (text, media type) of all metrics, and of those that ``collectors`` read now."""
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)
    else:
        registry.register(REGISTRY)
    for collector in collectors:
        registry.register(collector)
    return generate_latest(registry), CONTENT_TYPE_LATEST
