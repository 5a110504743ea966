"""Waits that answers ask for."""

from datetime import timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.time_range import to_time
from streaming.collect.http_rules import MAX_RETRY_AFTER_SECONDS, retry_after_seconds
from tests.streaming.collect.conftest import NOON_US

NOON = to_time(NOON_US)


@given(wait_seconds=st.integers(-100_000, 200_000), clock_seconds=st.integers(-100_000, 100_000))
def test_a_date_to_retry_at_is_a_wait_whatever_our_own_clock_says(
    wait_seconds: int, clock_seconds: int
) -> None:
    headers = {
        "Date": format_datetime(NOON, usegmt=True),
        "Retry-After": format_datetime(NOON + timedelta(seconds=wait_seconds), usegmt=True),
    }

    waited = retry_after_seconds(headers, now_us=NOON_US + clock_seconds * 1_000_000)

    assert waited == min(max(wait_seconds, 0), MAX_RETRY_AFTER_SECONDS)


@pytest.mark.parametrize("date", ["", "yesterday", "Wed, 99 Nov 2026 10:00:00 GMT", "0"])
def test_an_answer_without_a_date_of_its_own_is_compared_with_our_clock(date: str) -> None:
    headers = {"Date": date, "Retry-After": format_datetime(NOON + timedelta(seconds=90), usegmt=True)}

    assert retry_after_seconds(headers, now_us=NOON_US) == 90
