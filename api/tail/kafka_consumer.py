"""kafka-python's consumer of committed records, without what it leaves behind where nothing answers."""

import logging

from kafka import KafkaConsumer
from kafka.errors import KafkaError

from api.tail.header_keys_patch import patch_header_keys

logger = logging.getLogger(__name__)

_CLOSE_MS = 500
_RECONNECT_MAX_MS = 500
METADATA_MS = 10_000
"""Age at which the partitions of topics are asked for again; Kafka's own default is five minutes."""


class Consumer(KafkaConsumer):
    """kafka-python 3.0 leaves a thread and five descriptors behind each time that nothing answers."""

    def __init__(self, *, timeout_seconds: float, **config: object) -> None:
        timeout_ms = round(timeout_seconds * 1000)
        try:
            super().__init__(
                request_timeout_ms=timeout_ms,
                bootstrap_timeout_ms=timeout_ms,
                reconnect_backoff_max_ms=_RECONNECT_MAX_MS,
                enable_auto_commit=False,
                isolation_level="read_committed",
                metadata_max_age_ms=METADATA_MS,
                **config,
            )
        except KafkaError:
            if hasattr(self, "_net"):
                self._client.close()
                self._net.stop()
            raise


def close_consumer(consumer: Consumer | None) -> None:
    if consumer is not None:
        try:
            consumer.close(timeout_ms=_CLOSE_MS)
        except (KafkaError, OSError) as error:
            logger.debug("consumer did not close error=%s", error)


# At import, since every consumer of this package is made here.
patch_header_keys()
