"""What compaction would do to a table, and why. Pure: files and an instant in, tasks out.

Files of one sorted run count as one. A partition whose time has passed becomes a single run; the one that is still
written to is merged by tiers of size, so that each byte is rewritten a few times a day, however small its first file.
A plan says nothing about correctness: whatever it proposes, a task replaces files by files with the same rows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from compaction.live_files import LiveFile, PartitionValues
from lakehouse.schema.spec import TableSpec
from lakehouse.time_range import HOUR_US, to_us

TARGET_FILE_BYTES = 128 * 1024 * 1024
MAX_BITE_BYTES = 1024 * 1024 * 1024
MAX_OPEN_BITE_BYTES = 256 * 1024 * 1024
LOWEST_TIER_BYTES = 8 * 1024 * 1024
MIN_RUNS = 8
LONE_FILE_BYTES = 1024 * 1024
CLOSED_AFTER_US = HOUR_US
SETTLED_AFTER_US = HOUR_US
_RUN_SHARE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class RewriteTask:
    """Files of one partition to be replaced by one sorted run of the same rows."""

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
        """How many files about it leaves, if sorting changes no size."""
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
    """The tasks that a table needs now, partitions ascending. Empty where everything is good already.

    A patient plan lets a closed partition settle for an hour, as late rows may still come to it. A table without
    partitions or without an order is never compacted: it has one row a decision of an operator.
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
        settles_us = max(file.modified_us for file in by_partition[partition]) + SETTLED_AFTER_US
        is_settled = not wait_for_late_rows or settles_us <= now_us
        for chosen, reason in _choose(runs, is_closed=is_closed, is_settled=is_settled):
            files_of = tuple(file for run in chosen for file in run.files)
            tasks.append(RewriteTask(table=spec.name, partition=partition, files=files_of, reason=reason))
    return tasks


def partition_end_us(spec: TableSpec, partition: PartitionValues) -> int:
    """The instant at which the day (or month) of a partition ends."""
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
    if _is_good(runs):
        return []
    if not is_closed:
        return _tier_tasks(runs, max_bytes=MAX_OPEN_BITE_BYTES, when="open partition")
    total_bytes = sum(run.size_bytes for run in runs)
    if total_bytes > MAX_BITE_BYTES:
        return (
            _pieces(runs)
            if is_settled
            else _tier_tasks(runs, max_bytes=MAX_BITE_BYTES, when="large partition")
        )
    if is_settled:
        return [(runs, f"closed partition in {len(runs)} runs")]
    loose = [run for run in runs if run.run_id is None]
    loose_bytes = sum(run.size_bytes for run in loose)
    if len(loose) >= MIN_RUNS and loose_bytes * _RUN_SHARE >= total_bytes - loose_bytes:
        return [(runs, f"closed partition with {len(loose)} new files")]
    return _tier_tasks(runs, max_bytes=MAX_BITE_BYTES, when="late rows in a closed partition")


def _is_good(runs: list[_Run]) -> bool:
    """One sorted run, or one small file, which any writer sorts and which is one row group either way."""
    return len(runs) == 1 and (runs[0].run_id is not None or runs[0].size_bytes < LONE_FILE_BYTES)


def _tier_tasks(runs: list[_Run], *, max_bytes: int, when: str) -> list[tuple[Sequence[_Run], str]]:
    """The lowest tier that is full, smallest runs first, as much as one task may hold."""
    tiers: dict[int, list[_Run]] = {}
    for run in runs:
        tiers.setdefault(run.tier, []).append(run)
    for tier in sorted(tiers):
        if len(tiers[tier]) >= MIN_RUNS:
            chosen = _take_up_to(sorted(tiers[tier], key=lambda run: run.size_bytes), max_bytes)
            return [(chosen, f"{when} with {len(tiers[tier])} small runs")] if len(chosen) > 1 else []
    return []


def _pieces(runs: list[_Run]) -> list[tuple[Sequence[_Run], str]]:
    """A partition too large for one task becomes several large runs."""
    rest = sorted(
        (run for run in runs if run.run_id is None or run.size_bytes < MAX_BITE_BYTES // 2),
        key=lambda run: run.size_bytes,
    )
    tasks: list[tuple[Sequence[_Run], str]] = []
    while rest:
        chosen = _take_up_to(rest, MAX_BITE_BYTES)
        rest = rest[len(chosen) :]
        if len(chosen) > 1 or chosen[0].run_id is None:
            tasks.append((chosen, "closed partition larger than a task"))
    return tasks


def _take_up_to(runs: Sequence[_Run], max_bytes: int) -> Sequence[_Run]:
    """The first runs that fit together; one at least."""
    total_bytes = 0
    for at, run in enumerate(runs):
        total_bytes += run.size_bytes
        if total_bytes > max_bytes and at:
            return runs[:at]
    return runs
