"""Looks at a log of which a listing shows a later commit without an earlier one, as it may while both land."""

import threading
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake.exceptions import DeltaError

from lakehouse.delta.log_listing import is_incomplete_listing, refresh, retry_on_incomplete_listing
from lakehouse.delta.position import Position, TopicPartition, read_position
from lakehouse.delta.storage import LakeLocation
from lakehouse.delta.table import append, ensure_table, open_table
from lakehouse.schema.spec import Column, TableSpec

SPEC = TableSpec(name="example", grain="one example", columns=(Column("symbol", "string", "ticker"),))
KEY = TopicPartition("id-1", 0)
N_COMMITS = 8
HIDDEN = 5
ROWS = pa.table({"symbol": ["btc"]}, schema=SPEC.to_arrow_schema())


@pytest.fixture
def location(tmp_path: Path) -> LakeLocation:
    location = LakeLocation.parse(str(tmp_path / "example"))
    table = ensure_table(location, SPEC)
    for offset in range(N_COMMITS):
        append(table, SPEC, ROWS, expected={KEY: offset or None}, advanced={KEY: offset + 1})
    return location


@pytest.fixture
def tear(location: LakeLocation) -> Callable[..., None]:
    """Hides a commit in the middle of the log, for so many seconds or for good."""
    path = location.to_path() / "_delta_log" / f"{HIDDEN:020}.json"

    def act(*, seconds: float | None) -> None:
        hidden = path.rename(path.with_name("hidden"))
        if seconds is not None:
            threading.Timer(seconds, hidden.rename, (path,)).start()

    return act


def test_open_waits_until_the_log_is_seen_whole(location: LakeLocation, tear: Callable[..., None]) -> None:
    tear(seconds=0.1)
    assert open_table(location, SPEC).version() == N_COMMITS


def test_writer_begins_once_the_log_is_seen_whole(location: LakeLocation, tear: Callable[..., None]) -> None:
    tear(seconds=0.1)
    assert ensure_table(location, SPEC).version() == N_COMMITS


def test_refresh_waits_until_the_log_is_seen_whole(location: LakeLocation, tear: Callable[..., None]) -> None:
    table = open_table(location, SPEC, version=2)
    tear(seconds=0.1)
    refresh(table)
    assert table.version() == N_COMMITS


def test_append_whose_look_is_torn_after_it_landed_is_there_once(
    location: LakeLocation, tear: Callable[..., None]
) -> None:
    table = open_table(location, SPEC)
    tear(seconds=0.1)

    version = append(table, SPEC, ROWS, expected={KEY: N_COMMITS}, advanced={KEY: N_COMMITS + 1})

    found = open_table(location, SPEC)
    assert version == found.version() == N_COMMITS + 1
    assert read_position(found, [KEY.topic_id]) == Position({KEY: N_COMMITS + 1})
    assert pa.table(found.to_pyarrow_table()).num_rows == N_COMMITS + 1


def test_commit_that_is_lost_for_good_is_an_error(location: LakeLocation, tear: Callable[..., None]) -> None:
    tear(seconds=None)
    with pytest.raises(DeltaError) as raised:
        open_table(location, SPEC)
    assert is_incomplete_listing(raised.value)


def test_other_errors_are_not_tried_again() -> None:
    n_looks = 0

    def look() -> None:
        nonlocal n_looks
        n_looks += 1
        raise DeltaError("disk on fire")

    with pytest.raises(DeltaError, match="disk on fire"):
        retry_on_incomplete_listing(look)
    assert n_looks == 1
