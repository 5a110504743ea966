import doctest
from datetime import UTC, datetime, timedelta, timezone

import pytest

from lakehouse import time_range
from lakehouse.cache import aggregation
from lakehouse.errors import QueryError
from lakehouse.history import query
from lakehouse.series import aggregates, buckets, grid, markets
from lakehouse.series.buckets import BUCKET_WIDTHS_US, automatic_interval, check_bucket_count, grid_of
from lakehouse.time_range import DAY_US, MINUTE_US, TimeRange, format_us, to_us


@pytest.mark.parametrize("module", [aggregates, aggregation, buckets, grid, markets, query, time_range])
def test_examples_in_docstrings_hold(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


def test_range_that_goes_backwards_is_refused() -> None:
    with pytest.raises(ValueError, match="after its end"):
        TimeRange(2, 1)


def test_instant_with_an_offset_is_the_same_instant() -> None:
    paris = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    assert to_us(paris) == to_us(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("epoch_us", "text"),
    [(0, "1970-01-01T00:00:00Z"), (1, "1970-01-01T00:00:00.000001Z"), (-1, "1969-12-31T23:59:59.999999Z")],
)
def test_instant_is_written_in_utc(epoch_us: int, text: str) -> None:
    assert format_us(epoch_us) == text


@pytest.mark.parametrize(
    ("span_us", "interval"),
    [(0, "5m"), (DAY_US, "5m"), (DAY_US + 1, "1h"), (90 * DAY_US, "1h"), (90 * DAY_US + 1, "1d")],
)
def test_interval_follows_the_span(span_us: int, interval: str) -> None:
    assert automatic_interval(span_us) == interval


@pytest.mark.parametrize(
    ("start_us", "end_us", "n_buckets"),
    [(0, 0, 0), (0, 1, 1), (0, MINUTE_US, 1), (0, MINUTE_US + 1, 2), (MINUTE_US - 1, MINUTE_US + 1, 2)],
)
def test_buckets_that_a_range_touches_are_counted(start_us: int, end_us: int, n_buckets: int) -> None:
    assert grid_of("1m").count(TimeRange(start_us, end_us)) == n_buckets


def test_widest_range_fits_the_widest_bucket() -> None:
    longest = TimeRange(0, to_us(datetime(2100, 1, 1, tzinfo=UTC)))
    check_bucket_count(longest, "1d")
    with pytest.raises(QueryError, match="1d or wider"):
        check_bucket_count(longest, "4h")


def test_every_bucket_divides_a_day() -> None:
    assert all(DAY_US % width_us == 0 for width_us in BUCKET_WIDTHS_US.values())
