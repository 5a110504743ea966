"""Records as any client may write them are read, whatever their headers are."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.record import MemoryRecords
from kafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder

from api.tail.header_keys_patch import patch_header_keys
from api.tail.kafka_consumer import Consumer
from tests.support.hostile_headers import RawKey

Headers = list[tuple[bytes, bytes | None]]

header_lists = st.lists(st.tuples(st.binary(max_size=12), st.none() | st.binary(max_size=12)), max_size=4)


def read(records: list[Headers], compression: int) -> list[Any]:
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=compression,
        is_transactional=False,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=1_000_000,
    )
    for offset, headers in enumerate(records):
        written = [(RawKey(name), value) for name, value in headers]
        builder.append(offset, timestamp=0, key=b"k", value=b"%d" % offset, headers=written)
    batches = MemoryRecords(bytes(builder.build()))
    return list(batches.next_batch())


@given(records=st.lists(header_lists, min_size=1, max_size=5))
@pytest.mark.parametrize("compression", [0, 1, 2, 3, 4], ids=["none", "gzip", "snappy", "lz4", "zstd"])
def test_every_record_is_read_with_bytes_that_are_no_text_replaced(
    records: list[Headers], compression: int
) -> None:
    assert Consumer is not None  # its module applies the patch
    found = read(records, compression)

    assert [record.value for record in found] == [b"%d" % at for at in range(len(records))]
    assert [record.headers for record in found] == [
        [(name.decode("utf-8", "replace"), value) for name, value in headers] for headers in records
    ]


def test_patch_is_applied_once() -> None:
    patched = DefaultRecordBatch._read_msg
    patch_header_keys()
    assert DefaultRecordBatch._read_msg is patched
