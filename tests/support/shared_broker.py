"""Broker that the system tests of one worker share: each finds it running, and without topics of others."""

from kafka import KafkaAdminClient

from streaming.broker.embedded import EmbeddedBroker
from tests.support.waiting import wait_until


def without_topics(broker: EmbeddedBroker) -> EmbeddedBroker:
    """Return a running broker once it has no topics but Kafka's own. A topic that is made again has another id."""
    with KafkaAdminClient(bootstrap_servers=broker.bootstrap) as admin:
        if topics := _topics(admin):
            admin.delete_topics(topics)
            wait_until(lambda: not _topics(admin), "the topics of other tests to be gone")
    return broker


def _topics(admin: KafkaAdminClient) -> list[str]:
    return [topic for topic in admin.list_topics() if not topic.startswith("__")]
