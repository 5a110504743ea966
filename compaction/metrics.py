"""Metrics of runs in a process that repeats them. Of runs from cron the API serves the newest records instead."""

from prometheus_client import Counter, Histogram

RUN_SECONDS = Histogram(
    "cryptoviz_maintenance_run_seconds",
    "seconds of a run",
    ["command"],
    buckets=(0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
RUNS = Counter("cryptoviz_maintenance_runs_total", "runs by outcome: done, failed, locked", ["outcome"])
FIGURES = Counter(
    "cryptoviz_maintenance_figures_total",
    "sums of the figures in the records of runs: n_files_before, n_files_after, freed_bytes, ...",
    ["figure"],
)
