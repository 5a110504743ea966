"""Offsets of partitions beside their two ends: the newest record by its timestamp, and open transactions."""

from collections.abc import Iterable

from kafka import KafkaAdminClient, OffsetSpec
from kafka.errors import UnsupportedVersionError

from streaming.kafka.admin import DEFAULT_TIMEOUT_SECONDS, ClientConfig, open_admin, raise_as_unavailable
from streaming.kafka.topics import offsets_with, partitions_with


def newest_with(admin: KafkaAdminClient, names: list[str]) -> dict[tuple[str, int], tuple[int, int]]:
    """Return, per (topic, partition), offset and time (epoch microseconds) of the record that has the newest timestamp.

    Partitions without records are absent; so are all where the brokers do not know (Kafka before 3.0).
    Raises: TopicNotFoundError, KafkaUnavailableError.
    """
    with raise_as_unavailable(admin.config["bootstrap_servers"]):
        partitions = partitions_with(admin, names)
        try:
            newest = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.MAX_TIMESTAMP))
        except UnsupportedVersionError:
            return {}
    return {
        (partition.topic, partition.partition): (found.offset, found.timestamp * 1_000)
        for partition, found in newest.items()
        if found.offset >= 0
    }


def fetch_undecided(
    client_config: ClientConfig, names: Iterable[str], *, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
) -> dict[tuple[str, int], int]:
    """Return, per (topic, partition), how many offsets wait for the end of an open transaction.

    Raises: TopicNotFoundError, KafkaUnavailableError.
    """
    listed = list(dict.fromkeys(names))
    with open_admin(client_config, timeout_seconds=timeout_seconds) as admin:
        committed = offsets_with(admin, listed)
        latest = dict.fromkeys(partitions_with(admin, listed), OffsetSpec.LATEST)
        written = admin.list_partition_offsets(latest)
    return {
        (partition.topic, partition.partition): found.offset
        - committed[partition.topic, partition.partition][1]
        for partition, found in written.items()
    }
