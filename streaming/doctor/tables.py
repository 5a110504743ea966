"""Checks of the lake: its build, its tables, and how far ingestion is behind Kafka."""

from collections.abc import Iterator, Mapping

from deltalake.exceptions import DeltaError

from lakehouse.delta.catalog import Catalog
from lakehouse.delta.position import Position, read_position
from lakehouse.delta.table import open_table
from lakehouse.errors import LakehouseError, LakeNotFoundError
from lakehouse.process.settings import Settings
from lakehouse.schema.tables import BRONZE, TABLES
from streaming.doctor.cluster import Cluster
from streaming.doctor.findings import FAIL, OK, WARN, Finding
from streaming.ingest.batch import INGESTED_TABLES
from streaming.ingest.preflight import find_losses

MANY_MESSAGES = 10_000
_POSITIONED = frozenset(spec.name for spec in INGESTED_TABLES)


def examine_tables(settings: Settings, cluster: Cluster | None) -> Iterator[Finding]:
    """Yield what the lake holds, and how far it is behind the cluster where that answers."""
    catalog = Catalog(settings.lake_location())
    try:
        build = catalog.current_build()
    except LakeNotFoundError:
        yield Finding(
            "lake",
            FAIL,
            f"no lake at {settings.lake_location().uri}",
            "correct CRYPTOVIZ_LAKE_URI or CRYPTOVIZ_RUNTIME_DIR; python -m streaming.ingest run makes a new lake",
        )
        return
    except (LakehouseError, DeltaError, OSError) as error:
        yield Finding("lake", FAIL, str(error), "look at the folder, and at who may read it")
        return
    yield Finding("lake", OK, f"build {build.build_id}, number {build.number}")
    topics, positions = catalog.current_topics(), {}
    for name, spec in TABLES.items():
        try:
            table = open_table(catalog.table_location(name, build), spec)
            if name in _POSITIONED:
                positions[name] = read_position(table, topics.values())
            yield Finding("table", OK, f"{name} version {table.version()}, {table.count():,} rows")
        except LakeNotFoundError:
            continue
        except (LakehouseError, DeltaError, OSError) as error:
            yield Finding("table", FAIL, f"{name}: {error}", "python -m compaction fsck says what is broken")
    if cluster is not None and BRONZE.name in positions:
        yield _examine_lag(topics, positions, cluster)


def _examine_lag(topics: Mapping[str, str], positions: Mapping[str, Position], cluster: Cluster) -> Finding:
    """Return how far ingestion is behind, or what Kafka lost before it was ingested."""
    losses = find_losses(
        positions=positions,
        registered=topics,
        described=cluster.described,
        beginnings={key: first for key, (first, _) in cluster.spans.items()},
    )
    if losses:
        return Finding("ingest", FAIL, losses[0].in_words(), "python -m streaming.ingest accept-loss --help")
    names = {topic.topic_id: topic.topic for topic in cluster.described.values()}
    position = positions[BRONZE.name]
    lags = {
        f"{names[key.topic_id]}/{key.partition}": end - position[key]
        for key, (_, end) in cluster.spans.items()
        if end > position[key]
    }
    detail = f"{sum(lags.values()):,} messages behind Kafka"
    if lags:
        detail += f": {', '.join(f'{where} {lag:,}' for where, lag in sorted(lags.items()))}"
    if sum(lags.values()) > MANY_MESSAGES:
        return Finding("ingest", WARN, detail, "does python -m streaming.ingest run?")
    return Finding("ingest", OK, detail)
