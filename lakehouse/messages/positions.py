"""Rows of Kafka records compared with a position, whole columns at once and without a query engine."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lakehouse.delta.position import Position, TopicPartition

Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def encode_sources(topic_ids: pa.Array, partitions: Integers) -> tuple[Integers, list[TopicPartition]]:
    """Return a number for each row's topic id and partition, and the sources that the numbers stand for."""
    topics = topic_ids if isinstance(topic_ids, pa.DictionaryArray) else topic_ids.dictionary_encode()
    pairs = topics.indices.to_numpy(zero_copy_only=False).astype(np.int64) << 32 | partitions
    distinct = pa.array(pairs).dictionary_encode()
    sources = [
        TopicPartition(topics.dictionary[pair >> 32].as_py(), pair & 0xFFFFFFFF)
        for pair in distinct.dictionary.to_pylist()
    ]
    codes: Integers = distinct.indices.to_numpy().astype(np.int64)
    return codes, sources


def is_offset_beyond(
    offsets: Integers, codes: npt.NDArray[np.integer], sources: Sequence[TopicPartition], position: Position
) -> Mask:
    """Return which offsets are at or beyond a position; ``codes`` number each one's source in ``sources``."""
    next_offsets = np.array([position[source] for source in sources], dtype=np.int64)
    mask: Mask = offsets >= next_offsets[codes]
    return mask


def is_beyond(rows: pa.Table, position: Position) -> Mask:
    """Return which rows are at or beyond a position, those of a partition that it lacks included."""
    partitions = rows["kafka_partition"].to_numpy().astype(np.int64)
    codes, sources = encode_sources(rows["topic_id"].combine_chunks(), partitions)
    return is_offset_beyond(rows["kafka_offset"].to_numpy(), codes, sources, position)
