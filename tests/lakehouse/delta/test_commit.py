"""A commit of a log as a value: position, retention, time and rows."""

import pytest

from lakehouse.delta.commit import parse_commit
from lakehouse.delta.position import TopicPartition
from lakehouse.time_range import DAY_US

ADD = b'{"add":{"path":"x","size":5,"partitionValues":{},"dataChange":false,"tags":{"note":"\\"txn\\""}}}'


def test_commit_moves_only_the_partitions_that_it_names() -> None:
    commit = parse_commit(
        b"""{"commitInfo":{"timestamp":1}}
{"txn":{"appId":"position:Zk3:1","version":7}}
{"txn":{"appId":"somebody-else","version":8}}
"""
        + ADD
    )
    assert commit.offsets == {TopicPartition("Zk3", 1): 7}
    assert commit.retained_from_us is None


def test_commit_of_an_expiry_names_the_first_day_that_is_left() -> None:
    commit = parse_commit(b'{"txn": {"appId": "horizon", "version": 2}}')
    assert commit.retained_from_us == 2 * DAY_US
    assert commit.offsets == {}


def test_commit_tells_its_time_and_operation() -> None:
    commit = parse_commit(b'{"commitInfo": {"timestamp": 7, "operation": "WRITE"}}')
    assert (commit.commit_time_us, commit.operation) == (7_000, "WRITE")


def test_compaction_changes_no_rows() -> None:
    assert not parse_commit(ADD).changes_rows
    assert parse_commit(ADD.replace(b"false", b"true")).changes_rows


@pytest.mark.parametrize("content", [b"{", b'{"add": {}}', b'{"add": 1}', b'{"txn": {"appId": 1}}', b"{}"])
def test_bytes_that_are_no_commit_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="no commit of a Delta log"):
        parse_commit(content)
