"""Generated prices as a pure function: any instant alone, in any order, in any process, whatever the behaviour."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.time_range import MINUTE_US
from streaming.feed.market import MARKETS
from streaming.feed.noise import child_keys, root_key
from streaming.feed.prices.behaviour import (
    SETTINGS,
    USUAL,
    Behaviour,
    BehaviourError,
    MarketModel,
    parse_behaviour,
)
from streaming.feed.prices.interruptions import is_down
from streaming.feed.prices.path import market_prices

MIDNIGHT_US = 20_513 * 1_440 * MINUTE_US  # 2026-03-01
BUSY = Behaviour(link=1.0, jumps_a_day=20.0, rests_a_day=2.0, bad_ticks=500.0, gaps_a_day=12.0, tick=10.0)


@given(
    offsets=st.lists(st.integers(-2 * 86_400_000_000, 2 * 86_400_000_000), min_size=1, max_size=40),
    market=st.sampled_from(MARKETS),
    behaviour=st.sampled_from([USUAL, BUSY]),
)
def test_an_instant_has_the_same_price_alone_and_among_others(
    offsets: list[int], market: object, behaviour: Behaviour
) -> None:
    model = MarketModel(3, behaviour)
    times_us = np.array(offsets, dtype=np.int64) + MIDNIGHT_US
    keys = child_keys(root_key(3, "test"), times_us)

    together = market_prices(model, market, times_us, keys)  # type: ignore[arg-type]
    down = is_down(model, market, times_us)  # type: ignore[arg-type]

    for at in range(len(offsets)):
        only = slice(at, at + 1)
        assert market_prices(model, market, times_us[only], keys[only])[0] == together[at]  # type: ignore[arg-type]
        assert is_down(model, market, times_us[only])[0] == down[at]  # type: ignore[arg-type]


def test_no_instants_have_no_prices() -> None:
    none = np.empty(0, dtype=np.int64)

    assert len(market_prices(MarketModel(3), MARKETS[0], none, child_keys(root_key(3, "test"), none))) == 0
    assert len(is_down(MarketModel(3), MARKETS[0], none)) == 0


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("written", ["", "x", "nan", "inf", "-1", "1e9", "1,2", "0x1"])
def test_a_setting_out_of_its_range_is_named_with_what_is_accepted(name: str, written: str) -> None:
    with pytest.raises(BehaviourError) as raised:
        parse_behaviour(f"{name}={written}")

    assert name in str(raised.value) or "accepted: tail_freedom, clusters_across_days" in str(raised.value)


@pytest.mark.parametrize("text", ["ticks=1", "=1", "tick", "link=1", "tick=1;bad_ticks=2"])
def test_what_is_no_setting_is_refused(text: str) -> None:
    with pytest.raises(BehaviourError):
        parse_behaviour(text)


def test_settings_that_are_named_change_and_others_stay() -> None:
    assert parse_behaviour(" tick = 100 ,jumps_a_day=0,", link=2.0) == Behaviour(
        link=2.0, tick=100.0, jumps_a_day=0.0
    )
    assert parse_behaviour("") == USUAL


def test_every_default_is_in_the_range_of_its_setting() -> None:
    assert all(each.at_least <= getattr(USUAL, name) <= each.at_most for name, each in SETTINGS.items())
    assert {"link", *SETTINGS} == set(Behaviour.__dataclass_fields__)
