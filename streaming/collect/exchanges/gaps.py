"""Gaps: intervals of price history that exchanges did not deliver, from the collectors' state."""

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec

from lakehouse.messages.contract import RAW_PRICE
from streaming.collect.exchanges.market_state import Gap, MarketState
from streaming.collect.state import StateStore


def find_gaps(state_dir: Path) -> Iterator[tuple[str, Gap]]:
    """Return each market (venue-base-quote) with its gaps, the oldest first. Raises: StateFileError."""
    for path in sorted((state_dir / RAW_PRICE.topic).glob("*/*.json")):
        for gap in StateStore(path.parent).read(path.stem, MarketState).gaps:
            yield path.stem, gap


def format_gap(market: str, gap: Gap, *, as_json: bool) -> str:
    if as_json:
        return json.dumps({"market": market, **msgspec.to_builtins(gap)})
    missing = "unknown" if gap.n_missing is None else gap.n_missing
    return f"{market}  {gap.after_time} to {gap.before_time}  trades missing: {missing}  {gap.cause}"
