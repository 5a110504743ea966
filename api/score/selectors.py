"""The answer to a question about scores: errors by window, distributions over months, and what may be said of both."""

from dataclasses import asdict
from threading import Lock
from typing import TYPE_CHECKING, Any

from cachetools import LRUCache, cached

from api.history.selectors import to_snapshot
from api.history.symbols import check_symbol
from lakehouse.lake import Lake
from lakehouse.snapshots.pinned import TableSnapshot
from lakehouse.time_range import MINUTE_US, format_us

if TYPE_CHECKING:
    from lakehouse.scores.distribution_card import DistributionRow
    from lakehouse.scores.scorecard import WindowScore

Document = dict[str, Any]
_KEPT_US = 5 * MINUTE_US
_NO_FIGURES: Document = {"comparisons": [], "points": [], "coverage": None, "levels": [], "events": []}


def scores(*, lake: Lake, symbol: str, model: str | None, horizon: str | None, now_us: int) -> Document:
    """Return the scorecard as of the whole minute, of distributions as of whole five minutes.

    Raises: UnknownSymbolError where no table has the symbol.
    """
    # Not at the top: statistics take 2 s and 100 MB that a process which is asked for no score need not spend.
    from lakehouse.scores.scorecard import WINDOWS_US, read_scorecard
    from lakehouse.scores.sentences import to_sentences

    as_of_us = now_us // MINUTE_US * MINUTE_US
    card = read_scorecard(lake, symbol=symbol, as_of_us=as_of_us, model=model, horizon=horizon)
    if not card.scores:
        check_symbol(lake=lake, symbol=symbol)
    rows = _read_distribution_rows(lake, card.table, symbol, as_of_us // _KEPT_US * _KEPT_US)
    asked = [row for row in rows if model in (None, row.model) and horizon in (None, row.horizon)]
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
        "sentences": to_sentences(rows),
        "scores": [_to_score(score) for score in card.scores],
        "distributions": [_to_distribution(row) for row in asked],
        "snapshot": [to_snapshot(card.table, card.table.position, now_us)],
    }


@cached(
    LRUCache(256),
    key=lambda lake, table, symbol, as_of_us: (
        table.location.uri,
        table.build.number,
        table.version,
        symbol,
        as_of_us,
    ),
    lock=Lock(),
)
def _read_distribution_rows(
    lake: Lake, table: TableSnapshot, symbol: str, as_of_us: int
) -> "list[DistributionRow]":
    """Return the scored distributions, computed once a version and five minutes: half a year of them takes seconds."""
    from lakehouse.scores.distribution_card import read_distribution_rows

    return read_distribution_rows(lake, symbol=symbol, as_of_us=as_of_us)


def _to_score(score: "WindowScore") -> Document:
    document = asdict(score)
    return document | {"origins": list(document["origins"])}


def _to_distribution(row: "DistributionRow") -> Document:
    document = asdict(row)
    verdicts = [
        {name: value for name, value in verdict.items() if name != "shown_since_us"}
        | {"shown_since": _to_time(verdict["shown_since_us"])}
        for verdict in document["verdicts"]
    ]
    kept = {name: value for name, value in document.items() if name not in ("since_us", "until_us", "score")}
    return kept | {
        "since": _to_time(row.since_us),
        "until": _to_time(row.until_us),
        "verdicts": verdicts,
        **(document["score"] or _NO_FIGURES),
    }


def _to_time(time_us: int | None) -> str | None:
    return None if time_us is None else format_us(time_us)
