"""SQL of positions: the relation of next offsets that rows are joined with, and the two predicates on it.

A statement may join several positions under different names. Each is bound with `bind_position` under its name.
"""

from typing import Any

from lakehouse.delta.position import Position


def join_position(name: str = "position") -> str:
    """Return the join that gives each row the next offset of its topic id and partition, null where it has none."""
    return f"""LEFT JOIN (
    SELECT unnest(${name}_topic_ids) AS topic_id, unnest(${name}_partitions) AS kafka_partition,
        unnest(${name}_offsets) AS {name}_offset
) AS {name}_offsets USING (topic_id, kafka_partition)"""


def is_before(name: str = "position") -> str:
    """Return the condition of rows before a joined position; no row of a partition that it lacks meets it."""
    return f"kafka_offset < {name}_offset"


def is_beyond(name: str = "position") -> str:
    """Return the condition of rows at or beyond a joined position, those of a partition that it lacks included."""
    return f"({name}_offset IS NULL OR kafka_offset >= {name}_offset)"


def bind_position(position: Position, name: str = "position") -> dict[str, list[Any]]:
    """Return the parameters that a joined position binds.

    >>> bind_position(Position.from_json({"Zk3": [7]}))
    {'position_topic_ids': ['Zk3'], 'position_partitions': [0], 'position_offsets': [7]}
    """
    keys = list(position)
    return {
        f"{name}_topic_ids": [key.topic_id for key in keys],
        f"{name}_partitions": [key.partition for key in keys],
        f"{name}_offsets": [position[key] for key in keys],
    }
