"""Trades ahead of this machine's clock: which of trade and clock is wrong."""

import pytest

from streaming.collect.exchanges.trade import Page, Trade
from streaming.collect.exchanges.trade_times import check_times

NOW_MS = 1_795_608_000_000
MINUTE_MS = 60_000
YEAR_MS = 366 * 86_400_000


def page(*minutes: float, exchange_minutes: float | None) -> Page:
    """Return a page with trades so many minutes after NOW_MS; ids are their places."""
    times_ms = [NOW_MS + round(each * MINUTE_MS) for each in minutes]
    exchange_ms = None if exchange_minutes is None else NOW_MS + round(exchange_minutes * MINUTE_MS)
    return Page(
        trades=tuple(Trade(str(place), time_ms, 1.0, 1.0, "{}") for place, time_ms in enumerate(times_ms)),
        is_full=False,
        exchange_ms=exchange_ms,
    )


@pytest.mark.parametrize(
    ("given", "kept", "impossible", "n_ahead", "offset_minutes"),
    [
        (page(-2, -1, exchange_minutes=0), ["0", "1"], [], 0, None),
        (page(-2, 4, exchange_minutes=0), ["0", "1"], [], 0, None),
        (page(-2, -1, exchange_minutes=0.5), ["0", "1"], [], 0, None),
        (page(-2, 6, exchange_minutes=6), ["0"], [], 1, 6),
        (page(5.5, 6, exchange_minutes=6), [], [], 2, 6),
        (page(4, 6, exchange_minutes=6), ["0"], [], 1, 6),
        (page(-2, 6, exchange_minutes=None), ["0"], [], 1, 6),
        (page(-8, -7, exchange_minutes=-6), ["0", "1"], [], 0, -6),
        (page(-2, 600_000, exchange_minutes=0), ["0", "1"], ["1"], 0, None),
        (page(-2, 600_000, -1, exchange_minutes=None), ["0", "1", "2"], ["1"], 0, None),
        (page(-2, -50 * YEAR_MS / MINUTE_MS, -1, exchange_minutes=0), ["0", "1", "2"], ["1"], 0, None),
        (page(600_000, exchange_minutes=0), [], ["0"], 0, None),
        (page(exchange_minutes=20), [], [], 0, 20),
        (page(exchange_minutes=None), [], [], 0, None),
    ],
)
def test_a_trade_ahead_waits_where_the_exchanges_clock_has_reached_it_and_is_refused_otherwise(
    given: Page, kept: list[str], impossible: list[str], n_ahead: int, offset_minutes: float | None
) -> None:
    timed = check_times(given, now_ms=NOW_MS)

    assert [trade.id for trade in timed.page.trades] == kept
    assert list(timed.impossible) == impossible
    assert timed.n_ahead == n_ahead
    expected_ms = None if offset_minutes is None else offset_minutes * MINUTE_MS
    assert timed.clock_offset_ms == expected_ms


def test_an_impossible_time_is_replaced_by_a_neighbours_and_told_once() -> None:
    given = page(-2, 600_000, -1, exchange_minutes=0)

    timed = check_times(given, now_ms=NOW_MS)
    again = check_times(given, now_ms=NOW_MS, refused_ids=["1"])

    assert [trade.time_ms - NOW_MS for trade in timed.page.trades] == [-2 * MINUTE_MS] * 2 + [-MINUTE_MS]
    assert timed.impossible["1"].time_ms == NOW_MS + 600_000 * MINUTE_MS
    assert [trade.id for trade in again.page.trades] == ["0", "2"]
    assert again.impossible == {}
