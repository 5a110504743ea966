"""Waits that answers ask for."""

from datetime import timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.time_range import to_time
from streaming.collect.network.http_rules import (
    MAX_RETRY_AFTER_SECONDS,
    remaining_wait_seconds,
    retry_after_seconds,
)
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


@given(wait_seconds=st.floats(0, 1e6), passed_us=st.integers(-(10**15), 10**15))
def test_the_rest_of_a_wait_is_never_longer_than_the_wait(wait_seconds: float, passed_us: int) -> None:
    rest_seconds = remaining_wait_seconds(
        not_before_us=NOON_US + round(wait_seconds * 1e6),
        wait_seconds=wait_seconds,
        now_us=NOON_US + passed_us,
    )

    assert 0.0 <= rest_seconds <= wait_seconds
    if 0 <= passed_us <= wait_seconds * 1e6:
        assert rest_seconds == pytest.approx(wait_seconds - passed_us / 1e6, abs=1e-5)


@pytest.mark.parametrize("date", ["", "yesterday", "Wed, 99 Nov 2026 10:00:00 GMT", "0"])
def test_an_answer_without_a_date_of_its_own_is_compared_with_our_clock(date: str) -> None:
    headers = {"Date": date, "Retry-After": format_datetime(NOON + timedelta(seconds=90), usegmt=True)}

    assert retry_after_seconds(headers, now_us=NOON_US) == 90
