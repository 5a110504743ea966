"""What the table service measures of its runs. A run from cron is told by the API, which reads the runs' notes."""

from collections.abc import Mapping

from prometheus_client import Counter, Histogram

RUN_SECONDS = Histogram(
    "cryptoviz_maintenance_run_seconds",
    "seconds of a run",
    ["command"],
    buckets=(0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
RUNS = Counter(
    "cryptoviz_maintenance_runs_total", "runs, by how they ended: done, failed, locked", ["outcome"]
)
GAINED = Counter(
    "cryptoviz_maintenance_gained_total",
    "what runs gained, in the figures of their notes: n_files_before, n_files_after, freed_bytes, ...",
    ["figure"],
)


def count_gain(gained: Mapping[str, int]) -> None:
    for figure, number in gained.items():
        GAINED.labels(figure).inc(number)
