"""Topics of the project: creation, description with ids, and offsets.

`python -m streaming.kafka.topics [--partitions 2]` creates them on the cluster that CRYPTOVIZ_KAFKA_* names.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from kafka import KafkaAdminClient, OffsetSpec, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaError, TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code
from kafka.protocol.consumer.offsets import IsolationLevel

from lakehouse.errors import LakehouseError
from lakehouse.process.commands import EXIT_DONE, exit_code_of, print_error, run, single_command
from lakehouse.process.settings import Settings
from lakehouse.process.stopping import end_process
from streaming.errors import (
    CompactedTopicError,
    KafkaUnavailableError,
    StreamingError,
    TopicError,
    TopicNotFoundError,
)
from streaming.kafka.admin import DEFAULT_TIMEOUT_SECONDS, ClientConfig, open_admin, raise_as_unavailable

RAW_NEWS = "raw-news"
RAW_PRICE = "raw-price"
ANALYZED_SENTIMENT = "analyzed-sentiment"
PREDICTED_PRICE = "predicted-price"
PROJECT_TOPICS = (RAW_NEWS, RAW_PRICE, ANALYZED_SENTIMENT, PREDICTED_PRICE)
LOG_APPEND_TIME = "LogAppendTime"
# The broker's clock stamps each record: under CreateTime the "broker" timestamp would be the producer's.
TOPIC_CONFIGS = {"cleanup.policy": "delete", "message.timestamp.type": LOG_APPEND_TIME}
PROBE_TOPIC = "cryptoviz-probe"
NO_TOPIC_ID = str(uuid.UUID(int=0))


@dataclass(frozen=True, slots=True)
class TopicDescription:
    """Topic as the cluster describes it; `topic_id` differs after it was deleted and created again."""

    topic: str
    topic_id: str
    n_partitions: int
    cleanup_policy: str
    timestamp_type: str


def create_topics(
    client_config: ClientConfig,
    topics: Iterable[str] = PROJECT_TOPICS,
    *,
    n_partitions: int = 2,
    replication_factor: int = -1,
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
) -> dict[str, TopicDescription]:
    """Create the topics that do not exist yet, with LogAppendTime, and describe them all. Idempotent.

    A topic that exists is left as it is, its number of partitions too; -1 copies means the cluster's default.
    Raises: CompactedTopicError, TopicError, KafkaUnavailableError.
    """
    names = list(dict.fromkeys(topics))
    with open_admin(client_config, timeout_seconds=timeout_seconds) as admin:
        for topic in names:
            _create_topic(admin, topic, n_partitions=n_partitions, replication_factor=replication_factor)
        admin.wait_for_topics(names, timeout_ms=round(timeout_seconds * 1000))
        return describe_with(admin, names)


def describe_topics(
    client_config: ClientConfig, names: Iterable[str], *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
) -> dict[str, TopicDescription]:
    """Return each topic's id, partitions and the two settings that ingestion depends on.

    Raises: TopicNotFoundError, CompactedTopicError, KafkaUnavailableError.
    """
    with open_admin(client_config, timeout_seconds=timeout_seconds) as admin:
        return describe_with(admin, list(dict.fromkeys(names)))


def fetch_offsets(
    client_config: ClientConfig, names: Iterable[str], *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
) -> dict[tuple[str, int], tuple[int, int]]:
    """Return, per (topic, partition), the first offset still kept, and where readers of committed records end now.

    That is the next offset to be written, or the first of a transaction that is still open.

    Raises: TopicNotFoundError, KafkaUnavailableError.
    """
    with open_admin(client_config, timeout_seconds=timeout_seconds) as admin:
        return offsets_with(admin, list(dict.fromkeys(names)))


def describe_with(admin: KafkaAdminClient, names: list[str]) -> dict[str, TopicDescription]:
    """Return what `describe_topics` does, over a connection that is open already."""
    with raise_as_unavailable(admin.config["bootstrap_servers"]):
        all_metadata = {metadata["name"]: metadata for metadata in _read_metadata(admin, names)}
        configs = _read_configs(admin, names)
    return {name: _to_description(all_metadata[name], configs[name]) for name in names}


def offsets_with(admin: KafkaAdminClient, names: list[str]) -> dict[tuple[str, int], tuple[int, int]]:
    """Return what `fetch_offsets` does, over a connection that is open already."""
    with raise_as_unavailable(admin.config["bootstrap_servers"]):
        partitions = partitions_with(admin, names)
        if not partitions:
            return {}
        beginnings = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.EARLIEST))
        latest = dict.fromkeys(partitions, OffsetSpec.LATEST)
        ends = admin.list_partition_offsets(latest, isolation_level=IsolationLevel.READ_COMMITTED)
    return {
        (partition.topic, partition.partition): (beginnings[partition].offset, ends[partition].offset)
        for partition in sorted(partitions)
    }


def partitions_with(admin: KafkaAdminClient, names: list[str]) -> list[TopicPartition]:
    """Return every partition of topics, over a connection that is open already."""
    return [
        TopicPartition(metadata["name"], partition["partition_index"])
        for metadata in _read_metadata(admin, names)
        for partition in metadata["partitions"]
    ]


def is_serving(client_config: ClientConfig, *, cluster_id: str, timeout_seconds: float) -> bool:
    """Return whether this very cluster answers metadata and would create a topic now; creates none."""
    try:
        with open_admin(client_config, timeout_seconds=timeout_seconds) as admin:
            if admin.describe_cluster()["cluster_id"] != cluster_id:
                return False
            admin.create_topics({PROBE_TOPIC: {"num_partitions": 1}}, validate_only=True)
    except (KafkaError, KafkaUnavailableError):
        return False
    return True


def set_log_append_time(
    client_config: ClientConfig, names: Iterable[str], *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
) -> None:
    """Let brokers stamp the records that come to topics from now on. Idempotent. Raises: KafkaUnavailableError."""
    config = {"message.timestamp.type": LOG_APPEND_TIME}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name, configs=config) for name in names]
    with open_admin(client_config, timeout_seconds=timeout_seconds) as admin:
        try:
            admin.alter_configs(resources)
        except KafkaError as error:
            raise StreamingError(f"message.timestamp.type cannot be set: {error}") from error


def create_project_topics(
    partitions: Annotated[int, typer.Option(min=1, max=10_000, help="partitions of a new topic")] = 2,
    log_append_time: Annotated[
        bool, typer.Option("--log-append-time", help="let brokers stamp records of topics that exist, too")
    ] = False,
) -> int:
    """Create the topics on the cluster that the settings name, and print each with its id."""
    try:
        config = Settings.from_environ(os.environ).kafka.required().for_kafka_python()
        described = create_topics(config, n_partitions=partitions)
        if log_append_time:
            set_log_append_time(config, described)
            described = describe_topics(config, described)
    except (StreamingError, LakehouseError) as error:
        print_error("topics", error)
        return exit_code_of(error)
    for description in described.values():
        print(
            f"topics: {description.topic} id={description.topic_id} partitions={description.n_partitions} "
            f"timestamps={description.timestamp_type}"
        )
    return EXIT_DONE


app = single_command(
    create_project_topics, description="Create the project's topics on the cluster of CRYPTOVIZ_KAFKA_*."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run(app, arguments, prog="python -m streaming.kafka.topics")


def _create_topic(admin: KafkaAdminClient, topic: str, *, n_partitions: int, replication_factor: int) -> None:
    request = {
        "num_partitions": n_partitions,
        "replication_factor": replication_factor,
        "configs": TOPIC_CONFIGS,
    }
    try:
        admin.create_topics({topic: request})
    except TopicAlreadyExistsError:
        pass
    except KafkaError as error:
        raise TopicError(topic, f"topic {topic} cannot be created: {error}") from error


def _to_description(metadata: dict[str, Any], configs: dict[str, Any]) -> TopicDescription:
    topic_id = str(metadata.get("topic_id") or NO_TOPIC_ID)
    if topic_id == NO_TOPIC_ID:
        raise TopicError(
            metadata["name"],
            f"topic {metadata['name']} has no topic id, which positions are kept by; Kafka from 2.8 on is accepted",
        )
    description = TopicDescription(
        topic=metadata["name"],
        topic_id=topic_id,
        n_partitions=len(metadata["partitions"]),
        cleanup_policy=configs["cleanup.policy"]["value"],
        timestamp_type=configs["message.timestamp.type"]["value"],
    )
    if "compact" in description.cleanup_policy:
        raise CompactedTopicError(description.topic, description.cleanup_policy)
    return description


def _read_metadata(admin: KafkaAdminClient, names: list[str]) -> list[dict[str, Any]]:
    topics: list[dict[str, Any]] = admin.describe_topics(names) if names else []
    for metadata in topics:
        error = for_code(metadata["error_code"])
        if error is UnknownTopicOrPartitionError:
            raise TopicNotFoundError(metadata["name"])
        if metadata["error_code"] != 0:
            raise TopicError(metadata["name"], f"topic {metadata['name']}: {error.__name__}")
    return topics


def _read_configs(admin: KafkaAdminClient, names: list[str]) -> dict[str, dict[str, Any]]:
    if not names:
        return {}
    resources = [
        ConfigResource(ConfigResourceType.TOPIC, name, configs=list(TOPIC_CONFIGS)) for name in names
    ]
    answer: dict[str, dict[str, dict[str, Any]]] = admin.describe_configs(resources, config_filter="all")
    return answer["topic"]


if __name__ == "__main__":
    end_process(main())
