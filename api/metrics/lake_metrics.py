"""The lake as metrics: its tables, how far they are behind Kafka, the last runs of the table service."""

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from deltalake.exceptions import DeltaError
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from lakehouse.errors import LakehouseError

Document = dict[str, Any]


class LakeMetrics(Collector):
    """What the state of the API says, looked up when Prometheus asks. A lake that cannot be read is said to be so.

    ``folder`` is where the lake is, if that is on this machine.
    """

    def __init__(self, read_state: Callable[[], Document], *, folder: Path | None) -> None:
        self._read_state = read_state
        self._folder = folder

    def describe(self) -> list[Metric]:
        """None beforehand: a registry would look everything up only to learn the names."""
        return []

    def collect(self) -> Iterator[Metric]:
        try:
            state = self._read_state()
        except (LakehouseError, DeltaError):
            state = None
        yield _gauge("lake_readable", "1 where the lake can be read", [], [([], float(state is not None))])
        if self._folder is not None and self._folder.exists():
            free_bytes = shutil.disk_usage(self._folder).free
            yield _gauge("disk_free_bytes", "bytes that are free where the lake is", [], [([], free_bytes)])
        if state is not None:
            yield from _of_tables(state["tables"])
            yield from _of_kafka(state["kafka"])
            yield from _of_maintenance(state["maintenance"], state["maintenance_health"])
            yield _gauge("losses", "accepted losses of offsets", [], [([], float(len(state["losses"])))])


def _of_tables(tables: list[Document]) -> Iterator[Metric]:
    for name, key, meaning in (
        ("table_rows", "rows", "rows of the newest version"),
        ("table_bytes", "bytes", "bytes of the newest version's files"),
        ("table_files", "files", "files of the newest version"),
        ("table_version", "version", "newest version"),
    ):
        yield _gauge(name, meaning, ["table"], [([table["table"]], table[key]) for table in tables])
    for name, times, meaning in (
        (
            "table_commit_time_seconds",
            [table["commit_time"] for table in tables],
            "when the newest version was committed",
        ),
        (
            "table_newest_event_time_seconds",
            [table["freshness"]["event_time"] for table in tables],
            "the newest event; of bronze, quarantine and duplicates the newest message",
        ),
        (
            "table_newest_ingest_time_seconds",
            [table["freshness"]["ingest_time"] for table in tables],
            "when the newest row of gold was taken in",
        ),
    ):
        samples = [
            ([table["table"]], _unix(instant))
            for table, instant in zip(tables, times, strict=True)
            if instant is not None
        ]
        yield _gauge(name, f"{meaning}, Unix time", ["table"], samples)


def _of_kafka(kafka: Document) -> Iterator[Metric]:
    yield _gauge("kafka_known", "1 where Kafka says how far it is", [], [([], float(kafka["known"]))])
    lags: dict[tuple[str, str], int] = {}
    for lag in kafka["lag"]:
        key = (lag["table"], lag["topic"])
        lags[key] = lags.get(key, 0) + lag["messages"]
    yield _gauge(
        "table_lag_messages",
        "messages that Kafka has and a table has yet to take in",
        ["table", "topic"],
        [(list(key), n_messages) for key, n_messages in lags.items()],
    )


def _of_maintenance(runs: list[Document], health: Document) -> Iterator[Metric]:
    ended = [run for run in runs if run["ended_time"] is not None]
    yield _gauge(
        "maintenance_last_end_time_seconds",
        "when the newest run of a command ended, Unix time",
        ["command"],
        [([run["command"]], _unix(run["ended_time"])) for run in ended],
    )
    yield _gauge(
        "maintenance_last_exit_code",
        "how the newest run of a command ended",
        ["command"],
        [([run["command"]], run["exit_code"]) for run in ended],
    )
    yield _gauge(
        "maintenance_last_gained",
        "what the newest run of a command gained",
        ["command", "figure"],
        [([run["command"], figure], n) for run in ended for figure, n in (run["gained"] or {}).items()],
    )
    yield _gauge(
        "maintenance_missed",
        "1 where the table service did not run when it was due",
        [],
        [([], float(health["is_missed"]))],
    )
    yield _gauge(
        "maintenance_failed_in_a_row",
        "runs of the table service that failed since the last good one",
        [],
        [([], health["n_failed_in_a_row"])],
    )


def _gauge(name: str, meaning: str, labels: list[str], samples: list[tuple[list[str], float]]) -> Metric:
    family = GaugeMetricFamily(f"cryptoviz_{name}", meaning, labels=labels)
    for values, number in samples:
        family.add_metric(values, number)
    return family


def _unix(instant: str) -> float:
    return datetime.fromisoformat(instant).timestamp()
