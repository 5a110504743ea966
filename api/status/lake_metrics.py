"""The state of the lake as Prometheus metrics."""

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from deltalake.exceptions import DeltaError
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.maintenance.selectors import MaintenanceState
from api.status.state import LakeState, TableState
from lakehouse.errors import LakehouseError
from lakehouse.time_range import SECOND_US

Samples = Iterable[tuple[list[str], float]]


class LakeMetrics(Collector):
    """Collector that reads the state when Prometheus asks. A lake that cannot be read gives `lake_readable` 0.

    ``folder`` is where the lake is, if that is on this machine.
    """

    def __init__(self, read_state: Callable[[], LakeState], *, folder: Path | None) -> None:
        self._read_state = read_state
        self._folder = folder

    def describe(self) -> list[Metric]:
        """Return nothing: a registry would read the state only to learn the names."""
        return []

    def collect(self) -> Iterator[Metric]:
        try:
            state = self._read_state()
        except (LakehouseError, DeltaError):
            state = None
        yield _single("lake_readable", "1 where the lake can be read", state is not None)
        if self._folder is not None and self._folder.exists():
            free_bytes = shutil.disk_usage(self._folder).free
            yield _single("disk_free_bytes", "bytes that are free where the lake is", free_bytes)
        if state is not None:
            yield from _of_tables(state.tables)
            yield from _of_kafka(state)
            yield from _of_maintenance(state.maintenance)
            yield _single("losses", "accepted losses of offsets", len(state.losses))


_COUNTS: tuple[tuple[str, str, Callable[[TableState], int]], ...] = (
    ("table_rows", "rows of the newest version", lambda table: table.n_rows),
    ("table_bytes", "bytes of the newest version's files", lambda table: table.n_bytes),
    ("table_files", "files of the newest version", lambda table: table.n_files),
    ("table_version", "newest version", lambda table: table.version),
)
_TIMES: tuple[tuple[str, str, Callable[[TableState], int | None]], ...] = (
    (
        "table_commit_time_seconds",
        "when the newest version was committed, Unix time",
        lambda table: table.commit_time_us,
    ),
    (
        "table_newest_event_time_seconds",
        "the newest event; of bronze, quarantine and duplicates the newest message, Unix time",
        lambda table: table.newest_event_us,
    ),
    (
        "table_newest_ingest_time_seconds",
        "when the newest row of gold was ingested, Unix time",
        lambda table: table.newest_ingest_us,
    ),
)


def _of_tables(tables: Iterable[TableState]) -> Iterator[Metric]:
    for name, meaning, count_of in _COUNTS:
        yield _gauge(name, meaning, ["table"], [([table.name], count_of(table)) for table in tables])
    for name, meaning, time_of in _TIMES:
        samples = [
            ([table.name], instant_us / SECOND_US)
            for table in tables
            if (instant_us := time_of(table)) is not None
        ]
        yield _gauge(name, meaning, ["table"], samples)


def _of_kafka(state: LakeState) -> Iterator[Metric]:
    yield _single("kafka_known", "1 where Kafka says how far it is", state.is_kafka_known)
    n_messages: Counter[tuple[str, str]] = Counter()
    for lag in state.lags:
        n_messages[lag.table, lag.topic] += lag.n_messages
    yield _gauge(
        "table_lag_messages",
        "messages that Kafka has and a table has yet to ingest",
        ["table", "topic"],
        [(list(key), number) for key, number in n_messages.items()],
    )


def _of_maintenance(maintenance: MaintenanceState) -> Iterator[Metric]:
    ended = [run for run in maintenance.newest_runs if run.ended_time is not None]
    yield _gauge(
        "maintenance_last_end_time_seconds",
        "when the newest run of a command ended, Unix time",
        ["command"],
        [([run.command], run.ended_time.timestamp()) for run in ended],
    )
    yield _gauge(
        "maintenance_last_exit_code",
        "exit code of the newest run of a command",
        ["command"],
        [([run.command], run.exit_code) for run in ended],
    )
    yield _gauge(
        "maintenance_last_figures",
        "figures of the newest run of a command",
        ["command", "figure"],
        [([run.command, figure], number) for run in ended for figure, number in (run.figures or {}).items()],
    )
    missed = "1 where the table service did not run when it was due"
    yield _single("maintenance_missed", missed, maintenance.is_missed)
    failed = "runs of the table service that failed since the last that succeeded"
    yield _single("maintenance_failed_in_a_row", failed, maintenance.n_failed_in_a_row)


def _single(name: str, meaning: str, number: float) -> Metric:
    return _gauge(name, meaning, [], [([], number)])


def _gauge(name: str, meaning: str, labels: list[str], samples: Samples) -> Metric:
    family = GaugeMetricFamily(f"cryptoviz_{name}", meaning, labels=labels)
    for values, number in samples:
        family.add_metric(values, float(number))
    return family
