"""The cluster that a program of this package publishes to: the one that is asked for, else the embedded broker."""

import os
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from streaming.broker.embedded import DEFAULT_DIRECTORY, read_bootstrap
from streaming.errors import KafkaUnavailableError, TopicNotFoundError
from streaming.kafka.producer import backoff_seconds
from streaming.kafka.settings import KafkaSettings
from streaming.kafka.topics import describe_topics

BOOTSTRAP_VARIABLE = "CRYPTOVIZ_KAFKA_BOOTSTRAP_SERVERS"


def find_cluster(
    bootstrap: str | None, *, say: Callable[[str], None], environ: Mapping[str, str] = os.environ
) -> dict[str, Any]:
    """Options of a Kafka client for ``bootstrap``, else for the environment's cluster, else for the embedded broker.

    Waits for the embedded broker, a line a try. Raises KafkaSettingsError.
    """
    settings = dict(environ)
    if bootstrap is not None:
        settings[BOOTSTRAP_VARIABLE] = bootstrap
    pauses = iter(backoff_seconds())
    embedded = None
    while not settings.get(BOOTSTRAP_VARIABLE) and (embedded := read_bootstrap(DEFAULT_DIRECTORY)) is None:
        pause_seconds = next(pauses)
        problem = f"{BOOTSTRAP_VARIABLE} is not set and no embedded broker is ready"
        say(f"{problem}; trying again in {pause_seconds:.0f} s")
        time.sleep(pause_seconds)
    return KafkaSettings.from_env(settings, default_bootstrap=embedded).for_kafka_python()


def wait_topic_ids(
    config: dict[str, Any], topics: Iterable[str], *, say: Callable[[str], None]
) -> dict[str, str]:
    """{topic: id}, once there is a broker that has them all; a line a try until then."""
    wanted = sorted(topics)
    for pause_seconds in backoff_seconds():
        try:
            return {name: found.topic_id for name, found in describe_topics(config, wanted).items()}
        except (KafkaUnavailableError, TopicNotFoundError) as error:
            say(f"{error}; trying again in {pause_seconds:.0f} s")
            time.sleep(pause_seconds)
    raise AssertionError("the backoff never ends")
