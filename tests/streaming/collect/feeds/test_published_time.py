"""Dates in every format that feeds were seen to use."""

import pytest

from streaming.collect.feeds.published_time import read_time_us

TEN_US = 1_795_600_800_000_000  # 2026-11-25T10:00:00Z


@pytest.mark.parametrize(
    "text",
    [
        "Wed, 25 Nov 2026 10:00:00 GMT",
        "Wed, 25 Nov 2026 10:00:00 +0000",
        "Wed, 25 Nov 2026 10:00:00",
        "25 Nov 2026 10:00 GMT",
        "25 Nov 26 10:00:00 GMT",
        "Wed, 25 Nov 2026 05:00:00 EST",
        "Wed, 25 Nov 2026 11:00:00 +0100",
        "2026-11-25T10:00:00Z",
        "2026-11-25T10:00:00.000000Z",
        "2026-11-25T11:00:00+01:00",
        "2026-11-25T10:00:00",
        "2026-11-25 10:00:00",
        "20261125T100000Z",
        "1795600800",
        "1795600800000",
        "mer. 25 nov. 2026 10:00:00 +0000",
        "mercredi 25 novembre 2026 à 10:00:00",
        "25 novembre 2026 10:00",
        "  2026-11-25T10:00:00Z\n",
    ],
)
def test_the_same_instant_however_it_is_written(text: str) -> None:
    assert read_time_us(text, None) == TEN_US


def test_a_day_alone_is_its_midnight() -> None:
    assert read_time_us("2026-11-25", None) == 1_795_564_800_000_000
    assert read_time_us("1er déc. 2026", None) == 1_796_083_200_000_000


@pytest.mark.parametrize("text", ["", "yesterday", "32 Nov 2026 10:00:00 GMT", "25 brumaire 2026", "0"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert read_time_us(text, None) is None
