"""Parts of a batch: bounded, whole, and in the order of each partition's offsets."""

from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.ingest.splitter import split_by_size

Row = tuple[str, int, int, int]
MAX_BYTES = 100


def sizes(rows: list[Row]) -> pa.Table:
    names = ("topic", "kafka_partition", "kafka_offset", "n_bytes")
    types = (pa.string(), pa.int32(), pa.int64(), pa.int64())
    columns = zip(*rows, strict=True) if rows else ((),) * 4
    return pa.table(
        {name: pa.array(column, of) for name, column, of in zip(names, columns, types, strict=True)}
    )


rows_of_batches = st.dictionaries(
    st.tuples(st.sampled_from(("raw-news", "raw-price")), st.integers(0, 2), st.integers(0, 50)),
    st.integers(0, 130),
    max_size=40,
).flatmap(lambda found: st.permutations([(*key, n_bytes) for key, n_bytes in found.items()]))


@given(rows=rows_of_batches)
def test_every_record_is_in_one_part_of_bounded_size_after_those_before_it(rows: list[Row]) -> None:
    parts = list(split_by_size(sizes(rows), MAX_BYTES))

    found = [
        [row for row in sorted(rows) if any(row[:2] == of[:2] and of[2] <= row[2] <= of[3] for of in part)]
        for part in parts
    ]
    assert [row for part in found for row in part] == sorted(rows)
    assert all(sum(row[3] for row in part) <= MAX_BYTES or len(part) == 1 for part in found)
    assert all(sum(row[3] for row in part) + after[0][3] > MAX_BYTES for part, after in pairwise(found))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], []),
        ([("raw-price", 0, 7, 5_000)], [[("raw-price", 0, 7, 7)]]),
        (
            [("raw-price", 0, 7, 60), ("raw-price", 0, 9, 60), ("raw-price", 1, 0, 30)],
            [[("raw-price", 0, 7, 7)], [("raw-price", 0, 9, 9), ("raw-price", 1, 0, 0)]],
        ),
    ],
)
def test_parts_are_ranges_of_offsets(rows: list[Row], expected: list[list[Row]]) -> None:
    assert list(split_by_size(sizes(rows), MAX_BYTES)) == expected
