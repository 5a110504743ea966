"""Absurd prices: one trade is refused, a new level is let through, and nothing is lost."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.collect.exchanges.price_levels import CONFIRMING_TRADES, JUMP_FACTOR, check_levels
from streaming.collect.exchanges.trade import Trade


def trades(prices: Sequence[float]) -> list[Trade]:
    return [Trade(str(number), 1_000 * number, price, 1.0, "{}") for number, price in enumerate(prices)]


def prices(given: Sequence[Trade]) -> list[float | None]:
    return [trade.price for trade in given]


@pytest.mark.parametrize(
    ("given", "published", "refused", "held"),
    [
        ([100, 101, 99], [100, 101, 99], [], []),
        ([100, 1e5, 101], [100, 101], [1e5], []),
        ([100, 0.1, 101], [100, 101], [0.1], []),
        ([100, 99_999, 101], [100, 99_999, 101], [], []),
        ([100, 1e5, 2e5, 101], [100, 101], [1e5, 2e5], []),
        ([100, 1e9, 1e-9, 101], [100, 101], [1e9, 1e-9], []),
        ([100, 1e-9], [100], [], [1e-9]),
        ([100, *[1e-3] * 4], [100], [], [1e-3] * 4),
        ([100, *[1e-3] * 5, 1e-3], [100, *[1e-3] * 6], [], []),
        ([100, *[1e-3] * 4, 100, *[1e-3] * 4], [100, 100], [1e-3] * 4, [1e-3] * 4),
        ([100], [100], [], []),
        ([], [], [], []),
    ],
)
def test_a_jump_is_held_until_later_trades_decide(
    given: list[float], published: list[float], refused: list[float], held: list[float]
) -> None:
    levelled = check_levels(100.0, [], trades(given))

    assert prices(levelled.published) == published
    assert prices(levelled.refused) == refused
    assert prices(levelled.held) == held


@pytest.mark.parametrize(
    ("given", "published", "refused", "held"),
    [
        ([1e9, 100, 100, 100], [100, 100, 100], [1e9], []),
        ([100, 1e9, 100], [100, 100], [1e9], []),
        ([*[100] * 5, *[0.01] * 9], [*[100] * 5, *[0.01] * 9], [], []),
        ([7], [7], [], []),
    ],
)
def test_a_market_begins_at_the_level_of_its_first_trades(
    given: list[float], published: list[float], refused: list[float], held: list[float]
) -> None:
    levelled = check_levels(None, [], trades(given))

    assert prices(levelled.published) == published
    assert prices(levelled.refused) == refused
    assert prices(levelled.held) == held


any_price = st.floats(min_value=1e-12, max_value=1e12)


@given(st.lists(any_price, max_size=40), st.lists(st.integers(0, 40), max_size=4))
def test_every_trade_is_published_refused_or_held_once_however_answers_are_cut(
    given_prices: list[float], cuts: list[int]
) -> None:
    given_trades = trades(given_prices)
    bounds = [0, *sorted(cuts), len(given_trades)]
    level, held, seen = None, (), []
    for begin, end in pairwise(bounds):
        levelled = check_levels(level, held, given_trades[begin:end])
        level, held = levelled.level, levelled.held
        seen += [*levelled.published, *levelled.refused]
        assert len(held) < CONFIRMING_TRADES

    assert Counter(trade.id for trade in [*seen, *held]) == Counter(trade.id for trade in given_trades)


@given(
    st.lists(st.floats(min_value=50, max_value=200), min_size=1, max_size=20),
    st.lists(st.tuples(st.integers(1, 19), st.sampled_from((1e-7, 1e-5, 1e7, 1e9))), max_size=5),
)
def test_single_absurd_prices_never_reach_the_lake_and_normal_ones_always_do(
    normal: list[float], absurd: list[tuple[int, float]]
) -> None:
    mixed: list[float] = []
    at = dict(absurd)
    for place, price in enumerate(normal):
        mixed += [at[place]] if place in at else []
        mixed.append(price)

    levelled = check_levels(normal[0], [], trades(mixed))

    assert prices(levelled.published) == normal
    assert len(levelled.refused) == len(mixed) - len(normal)


@given(
    st.lists(st.floats(min_value=50, max_value=200), min_size=1, max_size=10),
    st.integers(CONFIRMING_TRADES, 12),
    st.sampled_from((1 / JUMP_FACTOR / 10, JUMP_FACTOR * 10)),
)
def test_a_redenomination_is_published_from_its_first_trade_on(
    before: list[float], n_after: int, factor: float
) -> None:
    after = [before[-1] * factor] * n_after

    levelled = check_levels(before[0], [], trades([*before, *after]))

    assert prices(levelled.published) == [*before, *after]
    assert levelled.held == levelled.refused == ()
