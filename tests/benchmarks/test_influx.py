"""Rows sent to InfluxDB: all of them, in batches of one size."""

import pyarrow as pa
import pytest

from benchmarks.influx import in_batches


@pytest.mark.parametrize("sizes", [[], [0], [3], [7, 7], [1, 1, 1, 9], [10, 0, 5]])
def test_batches_are_the_rows_of_all_days_in_order(sizes: list[int]) -> None:
    days, first = [], 0
    for size in sizes:
        days.append(pa.table({"n": pa.array(range(first, first + size), pa.int64())}))
        first += size

    batches = [batch["n"].to_pylist() for batch in in_batches(days, 5)]

    assert [n for batch in batches for n in batch] == list(range(first))
    assert all(len(batch) == 5 for batch in batches[:-1])
    assert all(batches)
