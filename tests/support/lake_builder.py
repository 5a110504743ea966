"""Real Delta lakes for tests: rows with defaults, appended with their positions."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable

from lakehouse.delta.catalog import Build, Catalog
from lakehouse.delta.position import TopicPartition
from lakehouse.delta.storage import LakeLocation
from lakehouse.delta.table import append, ensure_table
from lakehouse.schema.spec import TableSpec
from lakehouse.schema.tables import GOLD_NEWS, GOLD_PREDICTION, GOLD_PRICE, GOLD_SENTIMENT, TABLES

TOPICS = {
    GOLD_SENTIMENT.name: ("analyzed-sentiment", "TopicSentiment"),
    GOLD_PREDICTION.name: ("predicted-price", "TopicPrediction"),
    GOLD_PRICE.name: ("raw-price", "TopicPrice"),
    GOLD_NEWS.name: ("raw-news", "TopicNews"),
}
NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)
Row = Mapping[str, Any]

_COMMON = {"symbol": "btc", "origin": "generated", "kafka_partition": 0}
_DEFAULTS: Mapping[str, Row] = {
    GOLD_SENTIMENT.name: {
        "event_time": NOON,
        "score": 0.5,
        "label": "positive",
        "model": "vader",
        "model_version": "1",
        "source": "wire",
        "title": "A headline",
        "terms": ["surge"],
    },
    GOLD_PREDICTION.name: {
        "made_at": NOON,
        "target_time": NOON,
        "horizon": "1h",
        "model": "walk",
        "model_version": "1",
        "base_price": 100.0,
        "predicted_price": 101.0,
        "lower": 90.0,
        "upper": 110.0,
        "nominal_coverage": 0.9,
        "quote": "usd",
        "sigma": 0.01,
        "p_up": 0.5,
        "p_up_base_rate": 0.52,
        "quantiles": {"levels": [0.05, 0.95], "values": [90.0, 110.0]},
        "moves": [{"threshold": 0.01, "probability": 0.25}],
    },
    GOLD_PRICE.name: {
        "event_time": NOON,
        "venue": "simx",
        "quote": "usd",
        "price": 100.0,
        "base_volume": 1.0,
    },
    GOLD_NEWS.name: {
        "source": "wire",
        "event_time": NOON,
        "dated_by": "published",
        "title": "A headline",
        "collected_time": NOON,
    },
}


def at(**after_noon: float) -> datetime:
    """Return an instant so long after NOON: ``at(minutes=5)``."""
    return NOON + timedelta(**after_noon)


@dataclass
class LakeBuilder:
    """A lake that grows: each append is one commit, offsets count up per table and partition."""

    path: Path
    next_offsets: dict[tuple[str, int], int] = field(default_factory=dict)
    topic_ids: dict[str, str] = field(default_factory=lambda: {name: i for name, (_, i) in TOPICS.items()})

    def __post_init__(self) -> None:
        self.location = LakeLocation.parse(str(self.path))
        self.catalog = Catalog(self.location)
        self.build: Build = self.catalog.ensure_build()
        for topic, topic_id in TOPICS.values():
            self.catalog.register_topic(topic=topic, topic_id=topic_id)

    def open(self, name: str) -> DeltaTable:
        return ensure_table(self.catalog.table_location(name, self.build), TABLES[name])

    def append(self, name: str, rows: Sequence[Row], *, partitions: Sequence[int] = (0,)) -> DeltaTable:
        """Add rows with defaults for what they leave out; ``partitions`` are registered without rows too."""
        spec, table = TABLES[name], self.open(name)
        topic_id = self.topic_ids[name]
        complete = [self._complete(spec, row) for row in rows]
        touched = sorted({row["kafka_partition"] for row in complete} | set(partitions))
        keys = {partition: TopicPartition(topic_id, partition) for partition in touched}
        append(
            table,
            spec,
            pa.Table.from_pylist(complete, schema=spec.to_arrow_schema()),
            expected={key: table.transaction_version(key.app_id) for key in keys.values()},
            advanced={keys[partition]: self.next_offsets.get((name, partition), 0) for partition in touched},
        )
        return table

    def recreate_topic(self, name: str) -> None:
        """From here on rows come from a topic of the same name with another id; offsets begin anew."""
        self.topic_ids[name] += "x"
        self.catalog.register_topic(topic=TOPICS[name][0], topic_id=self.topic_ids[name])
        self.next_offsets = {key: offset for key, offset in self.next_offsets.items() if key[0] != name}

    def skip_offsets(self, name: str, n_offsets: int, *, partition: int = 0) -> None:
        """Messages that became no row: duplicates, poison. The next append moves the position past them."""
        key = (name, partition)
        self.next_offsets[key] = self.next_offsets.get(key, 0) + n_offsets

    def _complete(self, spec: TableSpec, row: Row) -> dict[str, Any]:
        complete = {**_COMMON, **_DEFAULTS[spec.name], **row}
        partition = complete["kafka_partition"]
        offset = self.next_offsets.get((spec.name, partition), 0)
        self.next_offsets[(spec.name, partition)] = offset + 1
        time = complete[spec.sort_by[-1]]
        complete |= {
            "topic_id": self.topic_ids[spec.name],
            "kafka_offset": offset,
            "broker_time": complete.get("broker_time", time),
            "ingest_time": complete.get("ingest_time", time),
            "event_date": date(time.year, time.month, time.day),
        }
        complete.setdefault("message_id", f"{complete[spec.sort_by[0]]}:{spec.name}:{partition}:{offset}")
        return complete


def build_lake(
    path: Path,
    *,
    sentiment: Sequence[Row] = (),
    prediction: Sequence[Row] = (),
    price: Sequence[Row] = (),
    news: Sequence[Row] = (),
) -> LakeBuilder:
    """Build a lake with every gold table, rows in one commit each, or copy one that was built of the same rows."""
    rows = {
        GOLD_SENTIMENT.name: sentiment,
        GOLD_PREDICTION.name: prediction,
        GOLD_PRICE.name: price,
        GOLD_NEWS.name: news,
    }
    if path.exists() and any(path.iterdir()):
        return _append_all(LakeBuilder(path), rows)
    built = _built_lakes()
    kept = (
        Path(built.folder.name) / sha256(repr((rows, [TABLES[name] for name in rows])).encode()).hexdigest()
    )
    if kept.name in built.next_offsets:
        shutil.copytree(kept, path, dirs_exist_ok=True)
        return LakeBuilder(path, dict(built.next_offsets[kept.name]))
    builder = _append_all(LakeBuilder(path), rows)
    shutil.copytree(path, kept)
    built.next_offsets[kept.name] = dict(builder.next_offsets)
    return builder


def _append_all(builder: LakeBuilder, rows: Mapping[str, Sequence[Row]]) -> LakeBuilder:
    for name, of_table in rows.items():
        builder.append(name, of_table)
    return builder


@dataclass(frozen=True)
class _BuiltLakes:
    """Lakes as they were built, by a digest of their rows, until the process ends."""

    folder: TemporaryDirectory[str]
    next_offsets: dict[str, dict[tuple[str, int], int]]


@cache
def _built_lakes() -> _BuiltLakes:
    return _BuiltLakes(TemporaryDirectory(prefix="cryptoviz-lakes-"), {})
