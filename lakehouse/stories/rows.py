"""Rows of gold_story from rows of gold_sentiment, and the statements that read what an assignment needs."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.engine.position_sql import is_before, is_beyond, join_position
from lakehouse.schema.story_table import GOLD_STORY, REACH_US
from lakehouse.stories.assignment import Assigner, Known, Text
from lakehouse.time_range import DAY_US

SAID_COLUMNS = ("event_time", "message_id", "source", "title", "score", "label", "origin")
KEY_COLUMNS = ("topic_id", "kafka_partition", "kafka_offset")
TEXT_COLUMNS = ("symbol", *SAID_COLUMNS, *KEY_COLUMNS)
_COPIED = (
    "symbol",
    "event_time",
    "message_id",
    "source",
    "origin",
    "topic_id",
    "kafka_partition",
    "kafka_offset",
)
# Texts beyond a position, those of all symbols or of one.
TEXTS_BETWEEN = f"""
SELECT {", ".join(TEXT_COLUMNS)}
FROM {{rows}} {join_position("from")} {join_position("to")}
WHERE {is_beyond("from")} AND {is_before("to")}
"""
TEXTS_BEYOND = f"""
SELECT {", ".join(TEXT_COLUMNS)}
FROM {{rows}} {join_position("from")}
WHERE symbol = $symbol AND {is_beyond("from")}
"""
# What is known around days of symbols. A first text without a title has no words, and finds nothing.
KNOWN_AROUND = """
SELECT symbol, topic_id, kafka_partition, kafka_offset, epoch_us(event_time), story_id, story_id = message_id, title,
    score IS NOT NULL
FROM {rows}
WHERE (symbol, event_time::DATE) IN (SELECT (unnest($symbols), unnest($days)::DATE))
"""
_DAYS_AROUND = -(-REACH_US // DAY_US)
_ORDER = [("topic_id", "ascending"), ("kafka_partition", "ascending"), ("kafka_offset", "ascending")]
_US = pa.timestamp("us", tz="UTC")


def days_around(texts: pa.Table) -> tuple[list[str], list[date]]:
    """Return symbols and days, in parallel: the days of each symbol that may hold a story of its texts."""
    own = texts.select(["symbol"]).append_column(
        "day", texts["event_time"].cast(pa.date32()).cast(pa.int32())
    )
    touched = own.group_by(["symbol", "day"]).aggregate([]).to_pylist()
    around = sorted(
        {
            (each["symbol"], each["day"] + distance)
            for each in touched
            for distance in range(-_DAYS_AROUND, _DAYS_AROUND + 1)
        }
    )
    days = pa.array([day for _, day in around], pa.int32()).cast(pa.date32()).to_pylist()
    return [symbol for symbol, _ in around], days


def to_story_rows(texts: pa.Table, known: Sequence[tuple[Any, ...]]) -> pa.Table:
    """Return the rows of gold_story of texts, which have TEXT_COLUMNS; ``known`` are rows of KNOWN_AROUND. Pure."""
    ordered = texts.sort_by(_ORDER)
    times_us = ordered["event_time"].cast(_US).cast(pa.int64()).to_pylist()
    between_us = (min(times_us), max(times_us)) if times_us else None
    assigner = Assigner(map(Known._make, known), between_us)
    logs = [ordered[name].to_pylist() for name in ("symbol", "topic_id", "kafka_partition", "kafka_offset")]
    said = [ordered[name].to_pylist() for name in ("message_id", "title")]
    is_scored = pc.is_valid(ordered["score"]).to_pylist()
    assigned = [assigner.assign(Text(*row)) for row in zip(*logs, times_us, *said, is_scored, strict=True)]
    schema = GOLD_STORY.to_arrow_schema()
    arrays = {name: ordered[name] for name in _COPIED}
    arrays["story_id"] = pa.array([each.story_id for each in assigned], pa.string())
    arrays["story_time"] = pa.array([each.story_time_us for each in assigned], pa.int64()).cast(_US)
    arrays["event_date"] = ordered["event_time"].cast(pa.date32())
    arrays["title"] = _where([each.is_first for each in assigned], ordered["title"])
    for name in ("score", "label"):
        arrays[name] = _where([each.counts for each in assigned], ordered[name])
    return pa.table([arrays[name].cast(schema.field(name).type) for name in schema.names], schema=schema)


def _where(is_kept: Sequence[bool], column: pa.ChunkedArray) -> pa.Array:
    values = column.to_pylist()
    return pa.array(
        [value if kept else None for kept, value in zip(is_kept, values, strict=True)], column.type
    )
