"""Kafka admin client, opened with a time limit and closed whatever happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from kafka import KafkaAdminClient
from kafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError, NodeNotReadyError

from streaming.errors import KafkaUnavailableError

ClientConfig = Mapping[str, Any]
DEFAULT_TIMEOUT_SECONDS = 10.0
# kafka-python waits up to 30 s between two tries by default; a broker that comes up is found sooner.
RECONNECT_MAX_MS = 500


@contextmanager
def open_admin(
    client_config: ClientConfig, *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
) -> Iterator[KafkaAdminClient]:
    """Open an admin client for the block.

    Raises: KafkaUnavailableError when no broker answers in time, when opening or within the block.
    """
    config = {
        "reconnect_backoff_max_ms": RECONNECT_MAX_MS,
        "request_timeout_ms": max(1, round(timeout_seconds * 1000)),
        "bootstrap_timeout_ms": max(1, round(timeout_seconds * 1000)),
        **client_config,
    }
    with raise_as_unavailable(config.get("bootstrap_servers")):
        admin = _Admin(**config)
        try:
            yield admin
        finally:
            admin.close()


@contextmanager
def raise_as_unavailable(bootstrap_servers: object) -> Iterator[None]:
    """Turn what kafka-python raises when no broker answers into KafkaUnavailableError, which is retried.

    A client that stays open finds a restarted broker by itself, but raises NodeNotReadyError until then.
    """
    try:
        yield
    except (KafkaConnectionError, KafkaTimeoutError, NodeNotReadyError) as error:
        listed = bootstrap_servers if isinstance(bootstrap_servers, (list, tuple)) else [bootstrap_servers]
        raise KafkaUnavailableError(",".join(map(str, listed)), str(error)) from error


class _Admin(KafkaAdminClient):  # type: ignore[misc]
    """Client that closes what kafka-python 3.0 leaves behind: a thread and five descriptors when nothing answers."""

    def __init__(self, **config: object) -> None:
        try:
            super().__init__(**config)
        except KafkaError:
            self._client.close()
            self._net.stop()
            raise
