"""Plan of a table's compaction. Pure: files and an instant in, rewrite tasks out.

Files of one sorted run count as one. A partition whose time has passed becomes a single run; an open one is merged by
tiers of size, so that each byte is rewritten a few times a day, however small its first file. Correctness does not
depend on the plan: every task replaces files by files with the same rows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from compaction.live_files import LiveFile, PartitionValues
from lakehouse.schema.spec import TableSpec
from lakehouse.time_range import HOUR_US, to_us

TARGET_FILE_BYTES = 128 * 1024 * 1024
MAX_TASK_BYTES = 1024 * 1024 * 1024
MAX_OPEN_TASK_BYTES = 256 * 1024 * 1024
LOWEST_TIER_BYTES = 8 * 1024 * 1024
MIN_RUNS = 8
LONE_FILE_BYTES = 1024 * 1024
CLOSED_AFTER_US = HOUR_US
SETTLED_AFTER_US = HOUR_US
_RUN_SHARE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class RewriteTask:
    """Files of one partition to replace by one sorted run of the same rows."""

    table: str
    partition: PartitionValues
    files: tuple[LiveFile, ...]
    reason: str

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)

    @property
    def n_rows(self) -> int:
        return sum(file.n_rows for file in self.files)

    @property
    def n_files_after(self) -> int:
        """Estimate the number of files that it leaves, if sorting changes no size."""
        return max(1, -(-self.size_bytes // TARGET_FILE_BYTES))


@dataclass(frozen=True, slots=True)
class _Run:
    run_id: str | None
    files: tuple[LiveFile, ...]

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)

    @property
    def tier(self) -> int:
        size_bytes, tier = self.size_bytes // LOWEST_TIER_BYTES, 0
        while size_bytes:
            size_bytes, tier = size_bytes // MIN_RUNS, tier + 1
        return tier


def plan_table(
    spec: TableSpec, files: Iterable[LiveFile], *, now_us: int, wait_for_late_rows: bool = True
) -> list[RewriteTask]:
    """Return the tasks that a table needs now, partitions ascending.

    With ``wait_for_late_rows`` a closed partition is rewritten an hour after its last file. A table without partitions
    or without an order is never compacted: it has one row a decision of an operator.
    """
    if not spec.partition_by or not spec.sort_by:
        return []
    by_partition: dict[PartitionValues, list[LiveFile]] = {}
    for file in files:
        by_partition.setdefault(file.partition, []).append(file)
    tasks = []
    for partition in sorted(by_partition):
        runs = _to_runs(by_partition[partition])
        is_closed = partition_end_us(spec, partition) + CLOSED_AFTER_US <= now_us
        settled_us = max(file.modified_us for file in by_partition[partition]) + SETTLED_AFTER_US
        is_settled = not wait_for_late_rows or settled_us <= now_us
        for task_runs, reason in _choose(runs, is_closed=is_closed, is_settled=is_settled):
            task_files = tuple(file for run in task_runs for file in run.files)
            tasks.append(RewriteTask(table=spec.name, partition=partition, files=task_files, reason=reason))
    return tasks


def partition_end_us(spec: TableSpec, partition: PartitionValues) -> int:
    """Return the instant at which the day (or month) of a partition ends."""
    name, value = next(
        (name, value)
        for name, value in zip(spec.partition_by, partition, strict=True)
        if name.endswith("_date")
    )
    first = date.fromisoformat(value)
    if name == "month_date":
        next_first = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    else:
        next_first = first + timedelta(days=1)
    return to_us(datetime(next_first.year, next_first.month, next_first.day, tzinfo=UTC))


def _to_runs(files: Iterable[LiveFile]) -> list[_Run]:
    grouped: dict[str, list[LiveFile]] = {}
    for file in files:
        grouped.setdefault(file.run_id or file.path, []).append(file)
    return [_Run(group[0].run_id, tuple(group)) for group in grouped.values()]


def _choose(runs: list[_Run], *, is_closed: bool, is_settled: bool) -> list[tuple[Sequence[_Run], str]]:
    if _is_compacted(runs):
        return []
    if not is_closed:
        return _tier_tasks(runs, max_bytes=MAX_OPEN_TASK_BYTES, when="open partition")
    total_bytes = sum(run.size_bytes for run in runs)
    if total_bytes > MAX_TASK_BYTES:
        return (
            _split_large(runs)
            if is_settled
            else _tier_tasks(runs, max_bytes=MAX_TASK_BYTES, when="large partition")
        )
    if is_settled:
        return [(runs, f"closed partition in {len(runs)} runs")]
    loose = [run for run in runs if run.run_id is None]
    loose_bytes = sum(run.size_bytes for run in loose)
    if len(loose) >= MIN_RUNS and loose_bytes * _RUN_SHARE >= total_bytes - loose_bytes:
        return [(runs, f"closed partition with {len(loose)} new files")]
    return _tier_tasks(runs, max_bytes=MAX_TASK_BYTES, when="late rows in a closed partition")


def _is_compacted(runs: list[_Run]) -> bool:
    """Return true for one sorted run, or one small file: every writer sorts it, and it is one row group either way."""
    return len(runs) == 1 and (runs[0].run_id is not None or runs[0].size_bytes < LONE_FILE_BYTES)


def _tier_tasks(runs: list[_Run], *, max_bytes: int, when: str) -> list[tuple[Sequence[_Run], str]]:
    """Return a task of the lowest full tier: its smallest runs, up to the size of one task."""
    tiers: dict[int, list[_Run]] = {}
    for run in runs:
        tiers.setdefault(run.tier, []).append(run)
    for tier in sorted(tiers):
        if len(tiers[tier]) >= MIN_RUNS:
            chosen = _take_up_to(sorted(tiers[tier], key=lambda run: run.size_bytes), max_bytes)
            return [(chosen, f"{when} with {len(tiers[tier])} small runs")] if len(chosen) > 1 else []
    return []


def _split_large(runs: list[_Run]) -> list[tuple[Sequence[_Run], str]]:
    """Split a partition that is too large for one task into several large runs."""
    rest = sorted(
        (run for run in runs if run.run_id is None or run.size_bytes < MAX_TASK_BYTES // 2),
        key=lambda run: run.size_bytes,
    )
    tasks: list[tuple[Sequence[_Run], str]] = []
    while rest:
        chosen = _take_up_to(rest, MAX_TASK_BYTES)
        rest = rest[len(chosen) :]
        if len(chosen) > 1 or chosen[0].run_id is None:
            tasks.append((chosen, "closed partition larger than a task"))
    return tasks


def _take_up_to(runs: Sequence[_Run], max_bytes: int) -> Sequence[_Run]:
    """Return the first runs that fit together; at least one."""
    total_bytes = 0
    for at, run in enumerate(runs):
        total_bytes += run.size_bytes
        if total_bytes > max_bytes and at:
            return runs[:at]
    return runs
