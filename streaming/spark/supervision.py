"""How a service stays up: what it does is tried again with backoff until it is told to stop."""

import logging
import signal
import threading
import time
from collections.abc import Callable
from typing import Protocol

from deltalake.exceptions import DeltaError
from kafka.errors import KafkaError
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from lakehouse.errors import LakehouseError
from streaming.errors import CompactedTopicError, DataLossError, StreamingError
from streaming.metrics import INTERRUPTIONS
from streaming.spark.session import assert_jvm_runs

logger = logging.getLogger(__name__)

FIRST_BACKOFF_SECONDS = 0.5
MAX_BACKOFF_SECONDS = 15.0
STEADY_SECONDS = 30.0

_WORTH_ANOTHER_TRY = (
    StreamingError,
    LakehouseError,
    DeltaError,
    KafkaError,
    PySparkException,
    Py4JError,
    OSError,
)


class Stoppable(Protocol):
    """A service that can be asked to end."""

    def stop(self) -> None: ...


def keep_running(
    attempt: Callable[[], None], *, name: str, spark: SparkSession, stopping: threading.Event
) -> None:
    """Calls ``attempt`` again and again until ``stopping``; after a failure with backoff, in one line each.

    Raises DataLossError or CompactedTopicError, which only an operator can mend, and SparkLostError, after which only
    a new process can go on.
    """
    backoff = FIRST_BACKOFF_SECONDS
    while not stopping.is_set():
        started = time.monotonic()
        try:
            attempt()
        except (DataLossError, CompactedTopicError):
            raise
        except _WORTH_ANOTHER_TRY as error:
            assert_jvm_runs(spark)
            if stopping.is_set():
                return
            if time.monotonic() - started > STEADY_SECONDS:
                backoff = FIRST_BACKOFF_SECONDS
            INTERRUPTIONS.labels(name).inc()
            logger.warning("%s interrupted error=%s retry_seconds=%.1f", name, one_line(error), backoff)
            stopping.wait(backoff)
            backoff = min(backoff * 2, MAX_BACKOFF_SECONDS)


def one_line(error: BaseException) -> str:
    """The first telling line of an error, without Spark's stack traces."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0] if lines else ''}"[:400]


def stop_on_signals(*services: Stoppable) -> None:
    """Makes SIGINT and SIGTERM stop services cleanly."""

    def stop_all(*_: object) -> None:
        for service in services:
            service.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop_all)
