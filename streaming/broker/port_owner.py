"""Owner of a loopback port that the embedded broker expected to have: another Kafka, or another program."""

import logging

from kafka.errors import KafkaError

from streaming.broker.config import LOOPBACK
from streaming.errors import KafkaUnavailableError
from streaming.kafka.admin import open_admin

ASK_SECONDS = 2.0

logger = logging.getLogger(__name__)


def warn_of_lost_port(port: int, bootstrap: str) -> None:
    """Log that clients of this broker, which is at ``bootstrap`` now, would reach another program at a port."""
    logger.warning(
        "event=port_taken port=%d owner=%s: this broker serves at %s; start its clients again, which would talk to the "
        "other one, or stop that and start this broker again",
        port,
        describe_owner(port),
        bootstrap,
    )


def describe_owner(port: int) -> str:
    """Return who listens on a port of loopback, in words; a Kafka by its cluster id."""
    try:
        with open_admin({"bootstrap_servers": f"{LOOPBACK}:{port}"}, timeout_seconds=ASK_SECONDS) as admin:
            return f"another Kafka, with cluster id {admin.describe_cluster()['cluster_id']}"
    except (KafkaError, KafkaUnavailableError):
        return "a program that is no Kafka"
