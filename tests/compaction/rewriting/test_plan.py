"""Plan of rewrite tasks from a list of files and an instant."""

from datetime import UTC, datetime

import pytest

from compaction.live_files import LiveFile, run_file_name
from compaction.rewriting.plan import RewriteTask, partition_end_us, plan_table
from lakehouse.schema.rollup_tables import GOLD_SENTIMENT_1H
from lakehouse.schema.tables import BRONZE, GOLD_PRICE, LOSSES
from lakehouse.time_range import DAY_US, HOUR_US, MINUTE_US, to_us

KIB = 1024
MIB = 1024 * KIB
DAY = ("2026-01-10",)
NOON_US = to_us(datetime(2026, 1, 10, 12, tzinfo=UTC))
NEXT_DAY_US = NOON_US + DAY_US


def _loose(n: int, *, size_bytes: int = 10 * KIB, modified_us: int = NOON_US) -> list[LiveFile]:
    return [_file(f"event_date=2026-01-10/part-{at}.parquet", size_bytes, modified_us) for at in range(n)]


def _run(run_id: str, *sizes: int) -> list[LiveFile]:
    return [
        _file(f"event_date=2026-01-10/{run_file_name(run_id * 32, at)}", size, NOON_US)
        for at, size in enumerate(sizes)
    ]


def _file(path: str, size_bytes: int, modified_us: int) -> LiveFile:
    return LiveFile(path=path, partition=DAY, n_rows=10, size_bytes=size_bytes, modified_us=modified_us)


def _plan(
    files: list[LiveFile], *, now_us: int = NEXT_DAY_US, wait_for_late_rows: bool = True
) -> list[RewriteTask]:
    return plan_table(GOLD_PRICE, files, now_us=now_us, wait_for_late_rows=wait_for_late_rows)


def _n_files(tasks: list[RewriteTask]) -> list[int]:
    return [len(task.files) for task in tasks]


def test_open_partition_with_few_files_is_left_alone() -> None:
    assert _plan(_loose(7), now_us=NOON_US) == []


def test_open_partition_is_merged_as_soon_as_it_has_eight_small_files() -> None:
    (task,) = _plan(_loose(8), now_us=NOON_US)
    assert (task.table, task.partition, len(task.files), task.n_files_after) == ("gold_price", DAY, 8, 1)
    assert task.reason == "open partition with 8 small runs"


def test_open_partition_leaves_larger_runs_out_of_a_task_of_small_files() -> None:
    files = _loose(8) + _run("a", 30 * MIB) + _run("b", 40 * MIB)
    (task,) = _plan(files, now_us=NOON_US)
    assert {file.run_id for file in task.files} == {None}


def test_eight_runs_of_the_second_tier_are_merged_into_the_third() -> None:
    files = [file for letter in "abcdef01" for file in _run(letter, 9 * MIB)]
    assert _n_files(_plan(files, now_us=NOON_US)) == [8]


def test_task_of_an_open_partition_holds_no_more_than_its_bound_of_memory_allows() -> None:
    files = [file for letter in "abcdef01" for file in _run(letter, 60 * MIB)]
    (task,) = _plan(files, now_us=NOON_US)
    assert (len(task.files), task.size_bytes) == (4, 240 * MIB)


def test_partition_is_closed_an_hour_after_its_day() -> None:
    files = _run("a", 9 * MIB) + _run("b", 9 * MIB)
    midnight_us = partition_end_us(GOLD_PRICE, DAY)
    assert _plan(files, now_us=midnight_us + HOUR_US - 1) == []
    assert _n_files(_plan(files, now_us=midnight_us + HOUR_US)) == [2]


def test_closed_partition_becomes_one_run_whatever_the_sizes() -> None:
    (task,) = _plan(_run("a", 200 * MIB) + _run("b", MIB) + _loose(1))
    assert (len(task.files), task.reason) == (3, "closed partition in 3 runs")
    assert task.n_files_after == 2


def test_one_run_of_many_files_is_good_and_left_alone() -> None:
    assert _plan(_run("a", 128 * MIB, 128 * MIB, 10 * MIB)) == []


def test_one_small_file_of_a_writer_is_good() -> None:
    assert _plan(_loose(1)) == []


def test_one_large_file_of_a_writer_is_sorted_into_row_groups() -> None:
    assert _n_files(_plan(_loose(1, size_bytes=2 * MIB))) == [1]


def test_closed_partition_that_still_gets_late_rows_is_not_rewritten_for_each() -> None:
    late = _loose(7, modified_us=NEXT_DAY_US - MINUTE_US)
    assert _plan(_run("a", 100 * MIB) + late) == []
    assert _n_files(_plan(_run("a", 100 * MIB) + late, now_us=NEXT_DAY_US + HOUR_US)) == [8]


def test_late_rows_of_a_closed_partition_are_merged_among_themselves() -> None:
    late = _loose(9, modified_us=NEXT_DAY_US - MINUTE_US)
    (task,) = _plan(_run("a", 100 * MIB) + late)
    assert task.files == tuple(late)
    assert task.reason == "late rows in a closed partition with 9 small runs"


def test_closed_partition_is_rewritten_once_late_rows_weigh_a_quarter() -> None:
    late = _loose(8, size_bytes=MIB, modified_us=NEXT_DAY_US - MINUTE_US)
    assert _n_files(_plan(_run("a", 32 * MIB) + late)) == [9]


def test_impatient_plan_waits_for_no_late_rows() -> None:
    late = _loose(2, modified_us=NEXT_DAY_US)
    assert _plan(late) == []
    assert _n_files(_plan(late, wait_for_late_rows=False)) == [2]


def test_partition_larger_than_a_task_becomes_several_large_runs() -> None:
    files = [_file(f"event_date=2026-01-10/part-{at}.parquet", 400 * MIB, NOON_US) for at in range(5)]
    tasks = _plan(files)
    assert _n_files(tasks) == [2, 2, 1]
    assert all(task.size_bytes <= 1024 * MIB for task in tasks)


def test_large_runs_of_a_partition_larger_than_a_task_are_good() -> None:
    assert _plan(_run("a", *[128 * MIB] * 7) + _run("b", *[128 * MIB] * 6)) == []


def test_file_that_a_clock_ahead_has_dated_in_the_future_only_delays() -> None:
    files = _loose(2, modified_us=NEXT_DAY_US + DAY_US)
    assert _plan(files) == []
    assert _n_files(_plan(files, now_us=NEXT_DAY_US + DAY_US + HOUR_US)) == [2]


def test_partitions_are_planned_apart_and_in_their_order() -> None:
    other = [
        LiveFile(
            path=file.path, partition=("2026-01-09",), n_rows=1, size_bytes=KIB, modified_us=file.modified_us
        )
        for file in _loose(2)
    ]
    assert [task.partition for task in _plan(_loose(2) + other)] == [("2026-01-09",), DAY]


def test_table_without_partitions_is_never_compacted() -> None:
    files = [
        LiveFile(path=f"part-{at}", partition=(), n_rows=1, size_bytes=KIB, modified_us=NOON_US)
        for at in range(20)
    ]
    assert plan_table(LOSSES, files, now_us=NEXT_DAY_US) == []


@pytest.mark.parametrize(
    ("spec", "partition", "end"),
    [
        (GOLD_PRICE, ("2026-02-28",), datetime(2026, 3, 1, tzinfo=UTC)),
        (BRONZE, ("raw-price", "2026-12-31"), datetime(2027, 1, 1, tzinfo=UTC)),
        (GOLD_SENTIMENT_1H, ("2026-12-01",), datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
def test_partition_ends_with_its_day_or_month(spec, partition, end) -> None:  # type: ignore[no-untyped-def]
    assert partition_end_us(spec, partition) == to_us(end)
