"""Retries of a service with backoff, until it is asked to stop."""

import logging
import threading
import time
from collections.abc import Callable

from deltalake.exceptions import DeltaError
from kafka.errors import KafkaError
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from lakehouse.errors import LakehouseError
from lakehouse.process.stopping import StopRequestedError
from streaming.errors import CompactedTopicError, DataLossError, SparkLostError, StreamingError, to_one_line
from streaming.metrics import INTERRUPTIONS
from streaming.spark.session import assert_jvm_runs

logger = logging.getLogger(__name__)

FIRST_BACKOFF_SECONDS = 0.5
MAX_BACKOFF_SECONDS = 15.0
STEADY_SECONDS = 30.0
SIGNAL_SECONDS = 2.0
"""A signal to the process group ends the JVM too, perhaps before this process has seen it."""

_RETRIED = (
    StreamingError,
    LakehouseError,
    DeltaError,
    KafkaError,
    PySparkException,
    Py4JError,
    OSError,
)


def keep_running(
    attempt: Callable[[], None], *, name: str, spark: SparkSession, stopping: threading.Event
) -> None:
    """Call `attempt` again and again until `stopping` is set; after a failure with backoff, logged in one line.

    Not tenacity: an attempt that ran for STEADY_SECONDS begins the backoff anew, and one that returns is repeated too;
    tenacity's wait knows neither.

    Raises: DataLossError or CompactedTopicError, which only an operator can resolve; SparkLostError, after which only a
    new process can go on.
    """
    backoff_seconds = FIRST_BACKOFF_SECONDS
    while not stopping.is_set():
        started = time.monotonic()
        try:
            attempt()
        except StopRequestedError:
            return
        except (DataLossError, CompactedTopicError):
            raise
        except _RETRIED as error:
            _assert_jvm_runs(spark, stopping)
            if stopping.is_set():
                return
            if time.monotonic() - started > STEADY_SECONDS:
                backoff_seconds = FIRST_BACKOFF_SECONDS
            INTERRUPTIONS.labels(name).inc()
            logger.warning(
                "%s interrupted error=%s retry_seconds=%.1f", name, to_one_line(error), backoff_seconds
            )
            stopping.wait(backoff_seconds)
            backoff_seconds = min(backoff_seconds * 2, MAX_BACKOFF_SECONDS)


def _assert_jvm_runs(spark: SparkSession, stopping: threading.Event) -> None:
    try:
        assert_jvm_runs(spark)
    except SparkLostError:
        if not stopping.wait(SIGNAL_SECONDS):
            raise
