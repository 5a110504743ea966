"""Order and identity of the trades of one answer."""

import pytest

from streaming.collect.exchanges.trade import Trade, in_order, to_number


def trade(trade_id: str, time_ms: int, *, is_nameless: bool = False) -> Trade:
    return Trade(trade_id, time_ms, 1.0, 1.0, "{}", is_nameless=is_nameless)


@pytest.mark.parametrize(
    ("by_number", "ids"), [(True, ["7", "8", "9", "10"]), (False, ["9", "10", "7", "8"])]
)
def test_trades_are_ordered_by_number_where_numbers_are_the_order_else_by_time(
    by_number: bool, ids: list[str]
) -> None:
    given = [trade("8", 30), trade("10", 20), trade("7", 25), trade("9", 20)]

    assert [each.id for each in in_order(given, by_number=by_number)] == ids


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        ([("998", 10), ("999", 20), ("1", 30), ("2", 40)], ["998", "999", "1", "2"]),
        ([("998", 10), ("0", 10), ("1", 11)], ["998", "0", "1"]),
        ([("1", 99_000), ("2", 10), ("3", 20)], ["1", "2", "3"]),  # one wrong time is no new count
        ([("1", 10), ("2", 99_000), ("3", 20)], ["1", "2", "3"]),
        ([("1", 10), ("5", 9), ("9", 20)], ["1", "5", "9"]),
        ([("7", 10)], ["7"]),
        ([], []),
    ],
)
def test_numbers_that_begin_anew_come_after_those_of_before(
    given: list[tuple[str, int]], ids: list[str]
) -> None:
    page = [trade(trade_id, time_ms) for trade_id, time_ms in given]

    assert [each.id for each in in_order(page, by_number=True)] == ids
    assert [each.id for each in in_order(page[::-1], by_number=True)] == ids


def test_one_id_that_is_no_number_means_the_order_of_time() -> None:
    given = [trade("8", 30), trade("x", 20)]

    assert [each.id for each in in_order(given, by_number=True)] == ["x", "8"]


def test_equal_trades_without_ids_are_two_trades_and_one_listed_twice_is_one() -> None:
    nameless = [trade("20-buy-1-1", 20, is_nameless=True)] * 3
    named = [trade("7", 30)] * 2

    ordered = [each.id for each in in_order([*nameless, *named], by_number=False)]

    assert ordered == ["20-buy-1-1", "20-buy-1-1-2", "20-buy-1-1-3", "7"]


@pytest.mark.parametrize(
    ("trade_id", "number"),
    [
        ("0", 0),
        ("0012", 12),
        ("-1", None),
        ("1.5", None),
        ("٣", None),
        ("²", None),
        ("", None),
        ("9" * 31, None),
        (None, None),
    ],
)
def test_an_id_is_a_number_only_if_it_is_plain_digits(trade_id: str | None, number: int | None) -> None:
    assert to_number(trade_id) == number
