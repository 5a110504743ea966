"""Collection from a world that is slow, cut off, doubled, out of order and wrong, by a clock that steps."""

import os
from pathlib import Path

import pytest

from tests.support.answer_faults import EXCHANGE_FAULTS
from tests.system.faults.conditions import Plan, new_conditions

SEED = int(os.environ.get("CONDITIONS_SEED", "20260401"))


def _run(plan: Plan, directory: Path) -> None:
    with new_conditions(plan, directory) as conditions:
        conditions.run()
        conditions.assert_accounted()
        assert set(EXCHANGE_FAULTS) <= set(conditions.proxy.n_by_fault)


@pytest.mark.timeout(240)
def test_each_text_and_trade_of_a_faulty_world_is_stored_once_or_in_a_gap(tmp_path: Path) -> None:
    plan = Plan(
        seed=SEED,
        symbols=("btc", "eth", "doge"),
        history_minutes=20,
        speed=1.0,
        trades_a_minute=30,
        news_every_seconds=10,
        rounds=("news", "prices", "400", "-400", "0"),
        answers=7,
        settle_seconds=60.0,
    )
    _run(plan, tmp_path)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_day_of_a_faulty_world_is_stored_once_or_in_a_gap(tmp_path: Path) -> None:
    plan = Plan(
        seed=SEED + 1,
        symbols=("btc", "eth", "sol", "xrp", "ada", "doge", "dot", "link"),
        history_minutes=1_440,
        speed=240.0,
        trades_a_minute=12,
        news_every_seconds=60,
        rounds=("news", "prices", "ingestion", "400", "-400", "0", "130", "-130") * 4 + ("broker",),
        answers=60,
        settle_seconds=240.0,
    )
    _run(plan, tmp_path)
