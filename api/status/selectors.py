"""What the tables hold, how far they have come and how fresh they are."""

from collections.abc import Iterable, Mapping
from typing import Any

from api.maintenance.selectors import maintenance
from api.metadata.assets import UNKNOWN, Described
from api.status.lag import EndOffsets
from lakehouse.delta.position import TopicPartition
from lakehouse.errors import LakeNotFoundError
from lakehouse.lake import Lake
from lakehouse.schema.spec import TableSpec
from lakehouse.schema.tables import ASSET_TABLES, BRONZE, CORRECTIONS, GOLD_PRICE, GOLD_TABLES, LOSSES, TABLES
from lakehouse.series.markets import primary_market
from lakehouse.snapshots.pinned import TableSnapshot
from lakehouse.snapshots.symbols import EventStats, TableSymbols
from lakehouse.time_range import SECOND_US, format_us

_LOSSES = """
SELECT table_name, topic, topic_id, kafka_partition, from_offset, to_offset, cause, reason, accepted_by,
    epoch_us(accepted_time) AS accepted_time
FROM {rows} ORDER BY accepted_time, table_name, topic, kafka_partition
"""
_CORRECTIONS = """
SELECT topic, topic_id, kafka_partition, kafka_offset, reason, excluded_by, epoch_us(excluded_time) AS excluded_time
FROM {rows} ORDER BY excluded_time, topic, kafka_partition, kafka_offset
"""
_CORRECTION_COLUMNS = (
    "topic",
    "topic_id",
    "kafka_partition",
    "kafka_offset",
    "reason",
    "excluded_by",
    "excluded_time",
)
_LOSS_COLUMNS = (
    "table_name",
    "topic",
    "topic_id",
    "kafka_partition",
    "from_offset",
    "to_offset",
    "cause",
    "reason",
    "accepted_by",
    "accepted_time",
)

Document = dict[str, Any]


def assets(*, lake: Lake, described: Mapping[str, Described]) -> Document:
    """Every symbol that a table has seen, and what is ``described`` of it.

    Raises LakeNotFoundError where no gold table exists.
    """
    seen_by = _seen_by(lake, ASSET_TABLES)
    if not seen_by:
        raise LakeNotFoundError(what="any gold table", uri=lake.location.uri)
    symbols = sorted(set().union(*(table.symbols() for table in seen_by.values())))
    return {"actifs": [_to_asset(symbol, seen_by, described.get(symbol, UNKNOWN)) for symbol in symbols]}


def state(
    *,
    lake: Lake,
    end_offsets: EndOffsets,
    now_us: int,
    maintenance_seconds: float = 0.0,
    notice: str = "",
) -> Document:
    """Tables, lag, losses and origins. Raises LakeNotFoundError before the lake exists."""
    build = lake.current_build()
    topics = lake.catalog.current_topics()
    gold = _seen_by(lake, GOLD_TABLES)
    tables = {}
    for name in TABLES:
        try:
            tables[name] = lake.snapshot(name)[name]
        except LakeNotFoundError:
            continue
    return {
        "build": {"build": build.build_id, "number": build.number},
        "tables": [_to_table(table, gold.get(name), now_us) for name, table in tables.items()],
        "absentes": [name for name in TABLES if name not in tables],
        "kafka": {"known": end_offsets.known, "lag": _to_lags(tables, topics, end_offsets)},
        "losses": _read_decisions(lake, tables.get(LOSSES.name), _LOSSES, _LOSS_COLUMNS),
        "corrections": _read_decisions(lake, tables.get(CORRECTIONS.name), _CORRECTIONS, _CORRECTION_COLUMNS),
        **maintenance(lake=lake, now_us=now_us, every_seconds=maintenance_seconds),
        "origins": sorted({origin for table in gold.values() for origin in table.origins()}),
        "notice": notice or None,
    }


def _seen_by(lake: Lake, specs: Iterable[TableSpec]) -> dict[str, TableSymbols]:
    found = {}
    for spec in specs:
        try:
            found[spec.name] = lake.symbols.of(lake.snapshot(spec.name)[spec.name])
        except LakeNotFoundError:
            continue
    return found


def _to_asset(symbol: str, seen_by: Mapping[str, TableSymbols], described: Described) -> Document:
    seen = {name: found for name, table in seen_by.items() if (found := table.seen(symbol)) is not None}
    market = None
    if GOLD_PRICE.name in seen_by:
        market = primary_market(symbol, seen_by[GOLD_PRICE.name].markets(symbol))
    return {
        "symbol": symbol,
        "name": described.name,
        "first_event_time": format_us(min(found.first_us for found in seen.values())),
        "last_event_time": format_us(max(found.last_us for found in seen.values())),
        "tables": {name: _to_seen(found) for name, found in seen.items()},
        "origins": sorted({origin for table in seen_by.values() for origin in table.origins(symbol)}),
        "marche": {"venue": market.venue, "quote": market.quote} if market is not None else None,
        "enabled": described.enabled,
        "display_order": described.display_order,
        "colour": described.colour,
    }


def _to_seen(seen: EventStats) -> Document:
    return {
        "count": seen.n_rows,
        "first_event_time": format_us(seen.first_us),
        "last_event_time": format_us(seen.last_us),
    }


def _to_table(table: TableSnapshot, assets: TableSymbols | None, now_us: int) -> Document:
    seen = assets.seen() if assets is not None else None
    event_us, ingest_us = (
        (seen.last_us, seen.ingest_us) if seen is not None else (_newest_broker_us(table), None)
    )
    return {
        "table": table.spec.name,
        "version": table.version,
        "build": table.build.build_id,
        "position": table.position.to_json(),
        "rows": int(table.files.n_rows.sum()),
        "bytes": int(table.files.size_bytes.sum()),
        "files": table.files.n_files,
        "commit_time": None if table.commit_time_us is None else format_us(table.commit_time_us),
        "horizon": None if table.retained_from_us is None else format_us(table.retained_from_us),
        "freshness": {
            "event_time": None if event_us is None else format_us(event_us),
            "event_age_seconds": _age(event_us, now_us),
            "ingest_time": None if ingest_us is None else format_us(ingest_us),
            "ingest_age_seconds": _age(ingest_us, now_us),
        },
        "origins": assets.origins() if assets is not None else [],
    }


def _newest_broker_us(table: TableSnapshot) -> int | None:
    return table.files.newest_us("broker_time") if "broker_time" in table.files.times else None


def _age(instant_us: int | None, now_us: int) -> float | None:
    return None if instant_us is None else (now_us - instant_us) / SECOND_US


def _to_lags(
    tables: Mapping[str, TableSnapshot], topics: Mapping[str, str], end_offsets: EndOffsets
) -> list[Document]:
    """Messages that each table has yet to take in, per topic and partition that its position knows."""
    lags = []
    for name in (BRONZE.name, *(spec.name for spec in GOLD_TABLES)):
        table = tables.get(name)
        for topic, topic_id in sorted(topics.items()) if table is not None else ():
            if table is None or not len(table.position.of_topics([topic_id])):
                continue
            for partition, end in sorted(end_offsets.offsets.get(topic, {}).items()):
                position = table.position[TopicPartition(topic_id, partition)]
                lags.append(
                    {
                        "table": name,
                        "topic": topic,
                        "topic_id": topic_id,
                        "partition": partition,
                        "position": position,
                        "end_offset": end,
                        "messages": max(0, end - position),
                    }
                )
    return lags


def _read_decisions(
    lake: Lake, table: TableSnapshot | None, statement: str, columns: tuple[str, ...]
) -> list[Document]:
    """What operators decided, the oldest first; the last column is when."""
    if table is None:
        return []
    rows = lake.session.fetch_rows(statement, table.files.paths.tolist(), spec=table.spec)
    decisions = [dict(zip(columns, row, strict=True)) for row in rows]
    for decision in decisions:
        decision[columns[-1]] = format_us(decision[columns[-1]])
    return decisions
