"""Sources are tried in turn, each for the newest part that it covers."""

from dataclasses import dataclass, field

import pytest

from lakehouse.errors import FileGoneError
from lakehouse.history.query import Row, newest_part
from lakehouse.history.sources import read_newest
from lakehouse.time_range import TimeRange

RANGE = TimeRange(0, 10)


@dataclass
class FakeSource:
    """Covers a range from an instant on, with a row at each instant, unless its file is gone."""

    name: str
    from_us: int
    is_gone: bool = False
    covered: list[TimeRange] = field(default_factory=list)

    def covers(self, rest: TimeRange) -> TimeRange:
        return newest_part(rest, self.from_us)

    def read(self, covered: TimeRange, n_rows: int) -> list[Row]:
        if self.is_gone:
            raise FileGoneError(problem=self.name)
        self.covered.append(covered)
        return [(self.name, us) for us in range(covered.end_us - 1, covered.start_us - 1, -1)][:n_rows]


def test_next_source_goes_on_where_the_first_ends() -> None:
    newer, older = FakeSource("newer", 7), FakeSource("older", 0)
    rows = read_newest([newer, older], RANGE, 5)
    assert rows == [("newer", 9), ("newer", 8), ("newer", 7), ("older", 6), ("older", 5)]
    assert (newer.covered, older.covered) == ([TimeRange(7, 10)], [TimeRange(0, 7)])


def test_source_is_not_read_where_enough_rows_are_newer() -> None:
    newer, older = FakeSource("newer", 7), FakeSource("older", 0)
    assert read_newest([newer, older], RANGE, 3) == [("newer", 9), ("newer", 8), ("newer", 7)]
    assert older.covered == []


def test_range_that_no_source_covers_has_no_rows() -> None:
    assert read_newest([FakeSource("newer", 7)], RANGE, 5) == [("newer", 9), ("newer", 8), ("newer", 7)]
    assert read_newest([FakeSource("none", 10)], RANGE, 5) == []


def test_source_whose_file_is_gone_leaves_its_range_to_the_next() -> None:
    rows = read_newest([FakeSource("gone", 5, is_gone=True), FakeSource("files", 0)], RANGE, 2)
    assert rows == [("files", 9), ("files", 8)]


def test_file_that_no_source_does_without_is_missed() -> None:
    with pytest.raises(FileGoneError, match="gone"):
        read_newest([FakeSource("gone", 5, is_gone=True), FakeSource("none", 10)], RANGE, 2)
