"""The answer to a question about scores: one entry per model, version, horizon and window."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from api.history.selectors import to_snapshot
from api.history.symbols import check_symbol
from lakehouse.lake import Lake
from lakehouse.time_range import MINUTE_US, format_us

if TYPE_CHECKING:
    from lakehouse.scores.scorecard import WindowScore

Document = dict[str, Any]


def scores(*, lake: Lake, symbol: str, model: str | None, horizon: str | None, now_us: int) -> Document:
    """Return the scorecard as of the whole minute. Raises UnknownSymbolError where no table has the symbol."""
    # Not at the top: statistics take 2 s and 100 MB that a process which is asked for no score need not spend.
    from lakehouse.scores.scorecard import WINDOWS_US, read_scorecard

    as_of_us = now_us // MINUTE_US * MINUTE_US
    card = read_scorecard(lake, symbol=symbol, as_of_us=as_of_us, model=model, horizon=horizon)
    if not card.scores:
        check_symbol(lake=lake, symbol=symbol)
    return {
        "requete": {
            "symbol": symbol,
            "modele": model,
            "horizon": horizon,
            "date_fin": format_us(as_of_us),
            "fenetres": list(WINDOWS_US),
        },
        "asset": card.asset.name,
        "asset_since": format_us(card.asset.start_us) if card.asset.start_us else None,
        "scores": [_to_score(score) for score in card.scores],
        "snapshot": [to_snapshot(card.table, card.table.position, now_us)],
    }


def _to_score(score: "WindowScore") -> Document:
    document = asdict(score)
    return document | {"origins": list(document["origins"])}
