"""A stream that has begun waits for its turn longer than a question that has not."""

import logging
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from lakehouse.engine.limits import QueryLimits
from lakehouse.errors import BusyError
from lakehouse.history.stream import stream_history
from lakehouse.lake import Lake
from tests.support.history_queries import question
from tests.support.lake_builder import NOON, build_lake
from tests.support.query_slots import hold_slot

ONE_AT_ONCE = QueryLimits(n_at_once=1, wait_seconds=0.5)


class Release(logging.Handler):
    """Handler that releases the only slot as soon as a stream logs that it waits."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if "stream waits" in record.getMessage():
            self.released.set()


def test_stream_goes_on_after_it_has_waited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lakehouse.history.stream.SLICE_ROWS", 2)
    times = [NOON + timedelta(seconds=n) for n in range(6)]
    builder = build_lake(tmp_path, price=[{"event_time": time} for time in times])
    lake, release = Lake(builder.location, limits=ONE_AT_ONCE), Release()
    logger = logging.getLogger("lakehouse.history.stream")
    monkeypatch.setattr(logger, "handlers", [release])
    monkeypatch.setattr(logger, "level", logging.INFO)

    stream = stream_history(lake, question("price", limit=100))
    first = next(stream.slices)
    holder = hold_slot(lake.session, release.released)
    rest = list(stream.slices)
    holder.join()

    assert (len(first), [len(rows) for rows in rest]) == (2, [2, 2])


def test_stream_that_has_not_begun_is_refused(tmp_path: Path) -> None:
    lake, ended = Lake(build_lake(tmp_path, price=[{}]).location, limits=ONE_AT_ONCE), threading.Event()
    stream_history(lake, question("price", limit=100))
    holder = hold_slot(lake.session, ended)
    with pytest.raises(BusyError):
        stream_history(lake, question("price", limit=100))
    ended.set()
    holder.join()
