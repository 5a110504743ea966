"""Sampling: what a process holds and has counted becomes metrics once a second, beside its requests."""

import threading
import time
from collections import Counter as Counts
from collections.abc import Mapping
from typing import Protocol

from prometheus_client import Counter

from api.metrics.registry import (
    CACHE_BYTES,
    COLUMN_READS,
    RESPONSE_CACHE_REQUESTS,
    TAIL_BYTES,
    TAIL_INCLUDED,
    TAIL_MESSAGES,
    observe_requests,
)
from lakehouse.lake import Lake
from lakehouse.tail.store import INCLUDED, Tail

SAMPLE_SECONDS = 1.0


class CountedCache(Protocol):
    """A cache that counts its requests by result, such as hit and miss."""

    n_found: dict[str, int]

    @property
    def n_bytes(self) -> int: ...


class Sampler:
    """Samples one HTTP process. Create one a process: two would count everything twice."""

    def __init__(self, lake: Lake, responses: CountedCache) -> None:
        self._lake = lake
        self._responses = responses
        self._n_counted: Counts[tuple[Counter, str]] = Counts()
        self._lock = threading.Lock()

    def sample(self) -> None:
        """Bring this process's metrics up to date. Thread-safe."""
        with self._lock:
            observe_requests()
            self._count(COLUMN_READS, self._lake.columns.n_reads)
            self._count(RESPONSE_CACHE_REQUESTS, self._responses.n_found)
            CACHE_BYTES.labels("columns").set(self._lake.columns.n_bytes)
            CACHE_BYTES.labels("responses").set(self._responses.n_bytes)
            if self._lake.tail is not None:
                sample_tail(self._lake.tail)

    def start(self) -> None:
        """Sample once a second in a thread until the process ends."""
        threading.Thread(target=self._run, name="metrics", daemon=True).start()

    def _count(self, counter: Counter, numbers: Mapping[str, int]) -> None:
        for result, number in numbers.items():
            counter.labels(result).inc(number - self._n_counted[counter, result])
            self._n_counted[counter, result] = number

    def _run(self) -> None:
        while True:
            self.sample()
            time.sleep(SAMPLE_SECONDS)


def sample_tail(tail: Tail) -> None:
    """Set the metrics of this process's tail."""
    TAIL_INCLUDED.set(tail.state == INCLUDED)
    for table, (n_messages, n_bytes) in tail.sizes().items():
        TAIL_MESSAGES.labels(table).set(n_messages)
        TAIL_BYTES.labels(table).set(n_bytes)
