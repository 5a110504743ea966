"""Buckets of grids: consecutive, right across changes of clocks, and the same for one instant as for many."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.series.buckets import BUCKET_INTERVALS, CALENDAR_UNITS, grid_of
from lakehouse.series.grid import Grid, ceiling
from lakehouse.time_range import DAY_US, HOUR_US, MINUTE_US, TimeRange, format_us, to_time, to_us

ZONES = (
    "UTC",
    "Europe/Paris",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/Havana",
    "Asia/Beirut",
    "Pacific/Apia",
    "Africa/Monrovia",
)
GRIDS = st.one_of(
    st.sampled_from(BUCKET_INTERVALS).map(grid_of),
    st.builds(grid_of, st.sampled_from(list(CALENDAR_UNITS)), st.sampled_from(ZONES)),
)
INSTANTS = st.integers(to_us(datetime(1970, 1, 2, tzinfo=UTC)), to_us(datetime(2037, 1, 1, tzinfo=UTC)))


def us(text: str) -> int:
    return to_us(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("interval", "zone", "instant", "start", "end"),
    [
        # 23 hours, 25 hours, and a month with one of them.
        ("1d", "Europe/Paris", "2026-03-29T12:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
        ("1d", "Europe/Paris", "2026-10-25T12:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
        ("1d", "Europe/Paris", "2026-10-24T22:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
        ("1M", "Europe/Paris", "2026-10-01T12:00Z", "2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z"),
        ("1w", "Europe/Paris", "2026-03-29T12:00Z", "2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z"),
        # Clocks that go on at midnight: the day begins at one o'clock.
        ("1d", "America/Havana", "2026-03-08T12:00Z", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"),
        # Clocks that come back to midnight: the day begins when it comes first.
        ("1d", "America/Havana", "2026-11-01T12:00Z", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"),
        # A day that was left out.
        ("1d", "Pacific/Apia", "2011-12-30T09:00Z", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"),
        ("1d", "Pacific/Apia", "2011-12-30T10:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"),
        ("1d", "Asia/Kolkata", "2026-01-10T19:00Z", "2026-01-10T18:30:00Z", "2026-01-11T18:30:00Z"),
        ("1w", "UTC", "2026-01-11T23:59Z", "2026-01-05T00:00:00Z", "2026-01-12T00:00:00Z"),
        ("1w", "UTC", "1970-01-01T00:00Z", "1969-12-29T00:00:00Z", "1970-01-05T00:00:00Z"),
        ("1M", "UTC", "2024-02-29T23:59Z", "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
        ("12h", "UTC", "2026-01-10T13:00Z", "2026-01-10T12:00:00Z", "2026-01-11T00:00:00Z"),
        ("2h", "UTC", "2026-01-10T13:59Z", "2026-01-10T12:00:00Z", "2026-01-10T14:00:00Z"),
        ("30m", "UTC", "2026-01-10T13:59Z", "2026-01-10T13:30:00Z", "2026-01-10T14:00:00Z"),
    ],
)
def test_bucket_of_an_instant(interval: str, zone: str, instant: str, start: str, end: str) -> None:
    grid = grid_of(interval, zone)
    start_us = grid.start(us(instant))
    assert (format_us(start_us), format_us(grid.end(start_us))) == (start, end)


@given(grid=GRIDS, instant_us=INSTANTS)
def test_an_instant_is_in_its_bucket_and_buckets_are_consecutive(grid: Grid, instant_us: int) -> None:
    start_us = grid.start(instant_us)
    end_us = grid.end(start_us)
    assert start_us <= instant_us < end_us
    assert grid.start(end_us - 1) == grid.start(start_us) == start_us
    assert grid.start(end_us) == end_us
    assert grid.back(end_us, 1) == start_us
    assert grid.longest_us + HOUR_US >= end_us - start_us
    assert ceiling(grid, start_us) == start_us
    assert ceiling(grid, start_us + 1) == end_us


@given(grid=GRIDS, instant_us=INSTANTS, span_us=st.integers(1, 400 * DAY_US), draw=st.randoms())
def test_many_instants_have_the_buckets_of_each(
    grid: Grid, instant_us: int, span_us: int, draw: object
) -> None:
    time_range = TimeRange(instant_us, instant_us + min(span_us, 500 * grid.longest_us))
    starts = list(grid.starts(time_range))
    assert starts == sorted(set(starts))
    assert starts[0] <= time_range.start_us
    assert starts[-1] < time_range.end_us <= grid.end(starts[-1])
    assert [grid.end(start_us) for start_us in starts[:-1]] == starts[1:]
    assert grid.count(time_range) >= len(starts)
    step_us = max(1, time_range.span_us // 50)
    times = np.arange(time_range.start_us, time_range.end_us, step_us, dtype=np.int64)
    assert grid.floor(times).tolist() == [grid.start(each) for each in times.tolist()]
    unit_us = grid.unit_us(time_range)
    assert all(edge_us % unit_us == 0 for edge_us in (*starts, grid.end(starts[-1])))


@given(zone=st.sampled_from(ZONES), unit=st.sampled_from(list(CALENDAR_UNITS)), instant_us=INSTANTS)
def test_bucket_is_the_local_day_week_or_month(zone: str, unit: str, instant_us: int) -> None:
    grid = grid_of(unit, zone)
    start_us = grid.start(instant_us)

    def label(at_us: int) -> date:
        day = to_time(at_us).astimezone(ZoneInfo(zone)).date()
        first = {"1d": day, "1w": day - timedelta(days=day.weekday()), "1M": day.replace(day=1)}
        return first[unit]

    assert label(start_us) == label(instant_us) == label(grid.end(start_us) - 1)
    assert label(start_us - 1) < label(start_us)


def test_unit_is_the_widest_that_rollups_may_have() -> None:
    day = TimeRange(us("2026-01-01T00:00Z"), us("2026-12-01T00:00Z"))
    assert grid_of("1d", "Europe/Paris").unit_us(day) == HOUR_US
    assert grid_of("1d", "Asia/Kolkata").unit_us(day) == 30 * MINUTE_US
    assert grid_of("1w").unit_us(day) == DAY_US
    assert grid_of("1M").unit_us(day) == HOUR_US
