"""Trades that were not published, each with its raw text and the reason, in a file beside the market's state."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from lakehouse.messages.contract import RAW_PRICE
from lakehouse.time_range import format_us
from streaming.collect.errors import StateFileError
from streaming.collect.exchanges.trade import Trade
from streaming.collect.log_text import to_printable
from streaming.collect.state import StateStore

MAX_FILE_BYTES = 64_000_000
_SUFFIX = ".refused.jsonl"
_OLD_SUFFIX = ".refused.old.jsonl"
_LATEST_MS = 253_402_300_799_999  # the year 9999


class RefusedTrade(msgspec.Struct, frozen=True, kw_only=True):
    """A trade that was not published. ``time`` is RFC 3339, or epoch milliseconds where no calendar has them."""

    trade_id: str | None
    time: str | None
    price: float | None
    amount: float | None
    reason: str
    noticed_time: str
    raw: str


def to_refused(trade: Trade, reason: str, *, now_us: int) -> RefusedTrade:
    """Return the record of a trade that is not published."""
    is_in_calendar = 0 <= trade.time_ms <= _LATEST_MS
    return RefusedTrade(
        trade_id=trade.id,
        time=format_us(trade.time_ms * 1_000) if is_in_calendar else str(trade.time_ms),
        price=trade.price,
        amount=trade.amount,
        reason=reason,
        noticed_time=format_us(now_us),
        raw=trade.raw_text,
    )


def append_refused(store: StateStore, market: str, refused: Sequence[RefusedTrade]) -> None:
    """Append records to a market's file, durably. Beyond MAX_FILE_BYTES the file becomes the old one, which goes."""
    lines = [json.dumps(msgspec.structs.asdict(each)).encode("ascii", "replace") for each in refused]
    store.append_lines(
        f"{market}{_SUFFIX}", lines, max_bytes=MAX_FILE_BYTES, old_name=f"{market}{_OLD_SUFFIX}"
    )


def find_refused(state_dir: Path) -> Iterator[tuple[str, RefusedTrade]]:
    """Return each market (venue-base-quote) with its records, the oldest first and each once.

    A line that a crash cut short is left out: the trade is refused again. Raises: StateFileError.
    """
    for path in sorted((state_dir / RAW_PRICE.topic).glob(f"*/*{_SUFFIX}")):
        market = path.name.removesuffix(_SUFFIX)
        seen: set[tuple[str | None, str, str]] = set()
        for line in _read_lines(path.with_name(f"{market}{_OLD_SUFFIX}")) + _read_lines(path):
            try:
                refused = msgspec.json.decode(line, type=RefusedTrade)
            except msgspec.MsgspecError:
                continue
            identity = (refused.trade_id, refused.reason, refused.raw)
            if identity not in seen:
                yield market, refused
            seen.add(identity)


def format_refused(market: str, refused: RefusedTrade, *, as_json: bool) -> str:
    if as_json:
        return json.dumps({"market": market, **msgspec.to_builtins(refused)})
    identity = to_printable(str(refused.trade_id))
    return f"{market}  {refused.time or 'no time'}  price {refused.price}  id {identity}  {refused.reason}"


def _read_lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StateFileError(path, str(error)) from error
