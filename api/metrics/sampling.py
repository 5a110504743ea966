"""What a process of the API holds, taken over into its metrics now and then: nothing on a question's way counts it."""

import threading
import time
from collections import Counter as Counted
from collections.abc import Mapping
from functools import cache

from prometheus_client import Counter

from api.history.views import response_cache
from api.metrics.registry import (
    CACHE_BYTES,
    COLUMN_READS,
    KEPT_PAGES,
    TAIL_BYTES,
    TAIL_INCLUDED,
    TAIL_MESSAGES,
    take_over_requests,
)
from api.process.lake import current_lake
from lakehouse.lake import Lake
from lakehouse.tail.store import INCLUDED, Tail

SAMPLE_SECONDS = 1.0


class Sampler:
    """Takes over what an HTTP process has counted and holds. One of a process, or counts would be taken over twice."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._taken_over: Counted[tuple[Counter, str]] = Counted()
        self._lock = threading.Lock()

    def sample(self) -> None:
        with self._lock:
            take_over_requests()
            self._take_over(COLUMN_READS, self._lake.columns.n_reads)
            self._take_over(KEPT_PAGES, response_cache().n_found)
            CACHE_BYTES.labels("columns").set(self._lake.columns.n_bytes)
            CACHE_BYTES.labels("pages").set(response_cache().n_bytes)
            if self._lake.tail is not None:
                sample_tail(self._lake.tail)

    def _take_over(self, counter: Counter, counted: Mapping[str, int]) -> None:
        for outcome, number in counted.items():
            counter.labels(outcome).inc(number - self._taken_over[counter, outcome])
            self._taken_over[counter, outcome] = number

    def start(self) -> None:
        """Samples again and again, beside the requests, until the process ends."""
        threading.Thread(target=self._run, name="metrics", daemon=True).start()

    def _run(self) -> None:
        while True:
            self.sample()
            time.sleep(SAMPLE_SECONDS)


@cache
def sampler() -> Sampler:
    """This process's."""
    return Sampler(current_lake())


def sample_tail(tail: Tail) -> None:
    """Sets what this process's tail holds."""
    TAIL_INCLUDED.set(tail.state == INCLUDED)
    for table, (n_messages, n_bytes) in tail.sizes().items():
        TAIL_MESSAGES.labels(table).set(n_messages)
        TAIL_BYTES.labels(table).set(n_bytes)
