from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.http.instants import parse_instant, parse_period
from lakehouse.errors import QueryError
from lakehouse.time_range import DAY_US, HOUR_US, MINUTE_US, to_us

NEW_YEAR_US = to_us(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01",
        "2026-01-01T00:00",
        "2026-01-01T00:00:00",
        "2026-01-01 00:00:00",
        "2026-01-01T00:00:00Z",
        "2026-01-01t00:00:00z",
        "2026-01-01T00:00:00.000Z",
        "2026-01-01T00:00:00.000000999Z",
        "2026-01-01T02:00:00+02:00",
        "2026-01-01T02:00:00 02:00",
        "2025-12-31T19:00:00-05:00",
        "2025-12-31T19:00:00-0500",
        "1767225600",
        "1767225600000",
    ],
)
def test_instant_is_understood(text: str) -> None:
    assert parse_instant("date_debut", text) == NEW_YEAR_US


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "now",
        "2026",
        "20260101",
        "2026-13-01",
        "2026-02-30",
        "2026-01-01T25:00:00Z",
        "2026-01-01T00:00:60Z",
        "2026-01-01T",
        "2026-01-01T00",
        "2026-1-1",
        "0000-01-01",
        "9999-12-31",
        "1969-12-31",
        "2100-01-01",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00+00:60",
        "1e9",
        "inf",
        "nan",
        "-1767225600",
        "+1767225600",
        "1767225600.5",
        "99999999999999",
        "999999999999999999999",
        "１７６７２２５６００",
        "٢٠٢٦-٠١-٠١",
        "2026-01-01\n",
        "2026-01-01Z",
        "2026-W01-1",
        "'; drop table x; --",
        "2026-01-01\0",
    ],
)
def test_instant_is_refused_with_what_is_accepted(text: str) -> None:
    with pytest.raises(QueryError) as refused:
        parse_instant("date_debut", text)
    assert refused.value.parameter == "date_debut"
    assert "2026-01-31T09:30:00Z" in refused.value.accepted


@pytest.mark.parametrize(
    ("text", "period_us"),
    [
        ("1m", MINUTE_US),
        ("24h", 24 * HOUR_US),
        ("7d", 7 * DAY_US),
        ("7j", 7 * DAY_US),
        ("1y", 365 * DAY_US),
        ("1a", 365 * DAY_US),
        ("50y", 50 * 365 * DAY_US),
    ],
)
def test_period_is_understood(text: str, period_us: int) -> None:
    assert parse_period("periode", text) == period_us


@pytest.mark.parametrize(
    "text",
    [
        "",
        "h",
        "24",
        "0h",
        "-1h",
        "+1h",
        "1.5h",
        "1 h",
        "24H",
        "1w",
        "100y",
        "999999999y",
        "9999999999h",
        "２４h",
        "24h\n",
    ],
)
def test_period_is_refused_with_what_is_accepted(text: str) -> None:
    with pytest.raises(QueryError, match="periode") as refused:
        parse_period("periode", text)
    assert "24h" in refused.value.accepted


@given(text=st.text(max_size=40))
def test_any_text_is_an_instant_or_refused(text: str) -> None:
    for parse in (parse_instant, parse_period):
        with suppress(QueryError):
            parse("date_debut", text)
