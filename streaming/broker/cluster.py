"""The cluster that a program publishes to: the one that is named, else the embedded broker."""

import threading
from collections.abc import Callable, Iterable

from lakehouse.process.kafka_settings import KafkaSettings
from lakehouse.process.settings import Settings
from lakehouse.process.stopping import call_until_stopped
from streaming.broker.embedded import read_bootstrap
from streaming.errors import BrokerError, KafkaUnavailableError, TopicNotFoundError
from streaming.kafka.retries import retry_until_stopped
from streaming.kafka.topics import describe_topics


def find_cluster(
    settings: Settings, bootstrap: str | None, *, report: Callable[[str], None], stopping: threading.Event
) -> KafkaSettings:
    """Return how to reach the brokers at `bootstrap`, else those of the settings, else the embedded broker.

    Waits for the embedded broker, with a line a try. Raises: SettingError, StopRequestedError.
    """
    if bootstrap:
        return settings.kafka.with_servers(bootstrap)
    if settings.kafka.is_named:
        return settings.kafka

    def find_embedded() -> str:
        embedded = read_bootstrap(settings.broker_dir)
        if embedded is None:
            raise BrokerError(
                "CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS is not set and no embedded broker is ready on "
                f"{settings.broker_dir}"
            )
        return embedded

    retry = retry_until_stopped(BrokerError, report=report, stopping=stopping)
    return settings.kafka.with_servers(retry(find_embedded))


def wait_topic_ids(
    kafka: KafkaSettings, topics: Iterable[str], *, report: Callable[[str], None], stopping: threading.Event
) -> dict[str, str]:
    """Return {topic: id} once there is a broker that has them all, with a line a try until then.

    Raises: StopRequestedError.
    """
    names = sorted(topics)

    def describe() -> dict[str, str]:
        described = call_until_stopped(lambda: describe_topics(kafka.for_kafka_python(), names), stopping)
        return {name: description.topic_id for name, description in described.items()}

    return retry_until_stopped(KafkaUnavailableError, TopicNotFoundError, report=report, stopping=stopping)(
        describe
    )
