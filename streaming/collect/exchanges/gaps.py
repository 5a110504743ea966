"""What exchanges did not deliver, and clocks that keep trades waiting, from the collectors' state."""

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec

from lakehouse.messages.contract import RAW_PRICE
from streaming.collect.exchanges.market_state import MarketState
from streaming.collect.exchanges.prices import describe_offset
from streaming.collect.log_text import to_printable
from streaming.collect.state import StateStore


def find_markets(state_dir: Path) -> Iterator[tuple[str, MarketState]]:
    """Return each market (venue-base-quote) with its state. Raises: StateFileError."""
    for path in sorted((state_dir / RAW_PRICE.topic).glob("*/*.json")):
        yield path.stem, StateStore(path.parent).read(path.stem, MarketState)


def describe_market(market: str, state: MarketState) -> Iterator[str]:
    """Return a line for each gap, the oldest first, for trades that wait, and for a wrong clock."""
    for gap in state.gaps:
        missing = "unknown" if gap.n_missing is None else gap.n_missing
        yield f"{market}  {gap.after_time} to {gap.before_time}  trades missing: {missing}  {gap.cause}"
    if state.held:
        yield f"{market}  held: {len(state.held)} trades at another level of prices wait for more like them"
    if state.clock_offset_ms is not None:
        yield f"{market}  {describe_offset(state.clock_offset_ms)}"
    if state.problem is not None:
        yield f"{market}  failed {state.n_failures} times: {to_printable(state.problem)}"


def to_json_lines(market: str, state: MarketState) -> Iterator[str]:
    """Return the same as JSON objects; ``kind`` is gap, held, clock or failing."""
    for gap in state.gaps:
        yield json.dumps({"market": market, "kind": "gap", **msgspec.to_builtins(gap)})
    if state.held:
        held = [msgspec.structs.asdict(trade) for trade in state.held]
        yield json.dumps({"market": market, "kind": "held", "trades": held})
    if state.clock_offset_ms is not None:
        offset_seconds = state.clock_offset_ms / 1_000
        yield json.dumps({"market": market, "kind": "clock", "exchange_ahead_seconds": offset_seconds})
    if state.problem is not None:
        failing = {"n_failures": state.n_failures, "problem": state.problem}
        yield json.dumps({"market": market, "kind": "failing", **failing})
