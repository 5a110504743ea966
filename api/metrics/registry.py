"""What the API's processes measure, added up over all of them: gunicorn's processes for HTTP and for the WebSocket.

Each process writes to files of its own in memory that is mapped (PROMETHEUS_MULTIPROC_DIR, which `python -m api` sets
before anything is measured); whichever is asked adds all of them up. Without that folder a process gives its own alone.
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
KEPT_PAGES = Counter(
    "cryptoviz_response_cache_requests_total",
    "history questions that the memory of answers was asked for; outcome hit: answered from it, miss: worked out",
    ["outcome"],
)
COLUMN_READS = Counter(
    "cryptoviz_column_reads_total",
    "reads of days as columns; outcome hit: all were in memory, load: some were read, files: left to the files",
    ["outcome"],
)
CACHE_BYTES = Gauge(
    "cryptoviz_cache_bytes",
    "memory of what is kept, over all processes",
    ["cache"],
    multiprocess_mode="livesum",
)
TAIL_MESSAGES = Gauge(
    "cryptoviz_tail_messages",
    "messages from Kafka that are held, in the process that holds most",
    ["table"],
    multiprocess_mode="livemax",
)
TAIL_BYTES = Gauge(
    "cryptoviz_tail_bytes",
    "bytes of those messages' values, in the process that holds most",
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
WEBSOCKET_CUT_OFF = Counter(
    "cryptoviz_websocket_cut_off_total", "clients that were cut off because they did not read"
)


_requests: deque[tuple[str, int, float]] = deque(maxlen=100_000)
"""(endpoint, class of status, seconds) of requests that no sampler has taken over yet: observing costs a question
more than 5 µs, noting 0.1."""


class MetricsMiddleware:
    """Notes each request, by the name of its path and the class of its status."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        response = self._get_response(request)
        found = request.resolver_match
        endpoint = "none" if found is None else found.url_name or found.route
        _requests.append((endpoint, response.status_code // 100, time.perf_counter() - began))
        return response


def take_over_requests() -> None:
    """Observes what requests have noted."""
    while _requests:
        endpoint, status_class, seconds = _requests.popleft()
        _seconds_of(endpoint, status_class).observe(seconds)


@cache
def _seconds_of(endpoint: str, status_class: int) -> Histogram:
    """The child of a label pair: looking it up costs as much as observing."""
    return REQUEST_SECONDS.labels(endpoint, f"{status_class}xx")


def exposition(*collectors: Collector) -> tuple[bytes, str]:
    """(text, media type) of everything that is measured, and of what ``collectors`` look up now."""
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)
    else:
        registry.register(REGISTRY)
    for collector in collectors:
        registry.register(collector)
    return generate_latest(registry), CONTENT_TYPE_LATEST
