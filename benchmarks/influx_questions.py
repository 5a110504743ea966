"""The questions of the history benchmark in InfluxQL, and the answers as the rows that the other peers give."""

import re
from typing import Any

from lakehouse.series.definitions import SERIES

TAGS = ("symbol", "language", "model", "model_version", "origin")
"""Metadata of few values that is asked for or grouped by: "your queries should guide what data you store in tags".

Label and source, by which no history is asked, are fields: as tags they make nine series of each symbol.
Source: https://docs.influxdata.com/influxdb/v1/concepts/schema_and_data_layout/
"""
PROBABILITIES = ("p_negative", "p_neutral", "p_positive")
FIELDS = ("score", "label", *PROBABILITIES, "source", "title", "url", "terms", "message_id")
DATABASE = "bench"

Row = tuple[Any, ...]

_ROW = ", ".join(SERIES["sentiment"].raw_columns[2:])
_RAW = """
SELECT score, {row} FROM gold_sentiment WHERE symbol = {symbol} AND time >= {start}u AND time < {end}u
ORDER BY time DESC LIMIT 1000
"""
_LATEST = """
SELECT last(message_id) FROM gold_sentiment WHERE ({symbols}) AND time >= {start}u AND time < {end}u GROUP BY symbol
"""
_BUCKETS = """
SELECT count(score), mean(score), min(score), max(score)
FROM gold_sentiment WHERE {of_symbol}time >= {start}u AND time < {end}u GROUP BY time({width}u){symbol_key} fill(none)
"""
_ROLLUP_BUCKETS = """
SELECT sum(n), sum(total) / sum(n), min(lowest), max(highest)
FROM hour_rollup WHERE {of_symbol}time >= {start}u AND time < {end}u GROUP BY time({width}u){symbol_key} fill(none)
"""
CONTINUOUS_QUERY = """
CREATE CONTINUOUS QUERY hour_rollup ON bench BEGIN
SELECT count(score) AS n, sum(score) AS total, min(score) AS lowest, max(score) AS highest
INTO hour_rollup FROM gold_sentiment GROUP BY time(1h), symbol END
"""
"""Covers what comes from now on; :data:`BACKFILL` does the same for what is there."""
BACKFILL = """
SELECT count(score) AS n, sum(score) AS total, min(score) AS lowest, max(score) AS highest
INTO hour_rollup FROM gold_sentiment WHERE time >= {start}u AND time < {end}u GROUP BY time(1h), symbol
"""


def to_influxql(
    kind: str,
    *,
    symbol: str,
    symbols: tuple[str, ...],
    start_us: int,
    end_us: int,
    width_us: int,
    rollup: bool,
) -> str:
    """Return the statement of a kind of question; texts are quoted."""
    of_all = kind == "all_symbols"
    form = {"raw": _RAW, "latest": _LATEST}.get(kind)
    if form is None:
        form = _ROLLUP_BUCKETS if rollup and kind != "minutes" else _BUCKETS
    return form.format(
        row=_ROW,
        symbol=quoted(symbol),
        symbols=" OR ".join(f"symbol = {quoted(name)}" for name in symbols),
        of_symbol="" if of_all else f"symbol = {quoted(symbol)} AND ",
        symbol_key=", symbol" if of_all else "",
        start=start_us,
        end=end_us,
        width=width_us,
    )


def quoted(text: str) -> str:
    """Return a string literal of InfluxQL.

    >>> quoted("it's")
    "'it\\\\'s'"
    """
    return "'" + re.sub(r"(['\\])", r"\\\1", text).replace("\n", r"\n") + "'"


def to_rows(kind: str, series: list[dict[str, Any]]) -> list[Row]:
    """Rows from the series of an answer: a time first, but the symbol first where there is one a series."""
    if kind == "latest":
        return [(one["tags"]["symbol"], one["values"][0][1]) for one in series]
    if kind == "all_symbols":
        return [(one["tags"]["symbol"], *row) for one in series for row in one["values"]]
    return [tuple(row) for one in series for row in one["values"]]
