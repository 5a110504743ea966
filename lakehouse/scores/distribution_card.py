"""Scores of the distributions of a symbol's forecasts, over months, read from gold_score."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.lake import Lake
from lakehouse.schema.tables import GOLD_SCORE
from lakehouse.scores.distribution_score import (
    DistributionOutcomes,
    DistributionScore,
    references_of,
    score_distribution,
)
from lakehouse.scores.evidence import ALPHA
from lakehouse.scores.quantiles import Floats
from lakehouse.scores.references import PastReturns
from lakehouse.scores.statistics import Integers, count_non_overlapping
from lakehouse.scores.verdicts import RowVerdict, n_needed_for, to_row_verdict
from lakehouse.snapshots.pinned import Snapshot
from lakehouse.time_range import DAY_US, MINUTE_US, TimeRange, to_time

BLOCK_US = 90 * DAY_US
"""The first outcome is that of a block of days, so that evidence begins at one instant, and not at each look anew."""
LEAST_US = 2 * BLOCK_US
# Of a forecast a minute, one in five is read; of those for a day, one an hour. Others are nearly the same.
_OF_KIND = """model, model_version, horizon, IF(origin = 'generated', 'generated', 'real') AS data,
    IF(origin = 'replay', 'replay', timeliness) AS timeliness"""
_OF_SYMBOL = "symbol = $symbol AND made_at > $since AND target_time > $start AND target_time <= $end"
_ROWS = f"""
SELECT {_OF_KIND}, epoch_us(made_at) AS made_us,
    epoch_us(target_time) AS target_us, ln(realised_price / base_price) AS log_return,
    ln(predicted_price / base_price) AS expected, ln(lower / base_price) AS lower, ln(upper / base_price) AS upper,
    nominal_coverage, crps, pit, list_transform(moves, lambda move: move.threshold) AS thresholds,
    list_transform(moves, lambda move: move.probability) AS probabilities
FROM {{rows}}
WHERE {_OF_SYMBOL}
    AND realised_price > 0 AND predicted_price > 0 AND lower > 0 AND base_price > 0
    AND epoch_us(made_at) % greatest($step_us, (epoch_us(target_time) - epoch_us(made_at)) // 24) < $minute_us
ORDER BY ALL
"""
# Every minute counts here, whatever came of its forecast; those of a market's first hour have no interval.
_MINUTES = f"""
SELECT {_OF_KIND}, count(DISTINCT epoch_us(made_at) // $minute_us),
    (max(epoch_us(made_at)) - min(epoch_us(made_at))) // $minute_us + 1
FROM {{rows}}
WHERE {_OF_SYMBOL} AND lower IS NOT NULL
GROUP BY ALL
"""
_STEP_US = 5 * MINUTE_US
_KIND = ("model", "model_version", "horizon", "data", "timeliness")


@dataclass(frozen=True, slots=True)
class Minutes:
    """Minutes at which there was a forecast with an interval, of all minutes from the first to the last of these."""

    n_with_forecast: int
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionRow:
    """One model, version and horizon on one kind of data: real or generated, live or replay.

    ``n_minutes`` are those from the first to the last forecast with an interval; ``n_minutes_without_forecast`` had
    none. ``score`` is None with fewer than ``n_needed_for`` outcomes that do not overlap of a day or more.
    """

    model: str
    model_version: str
    horizon: str
    data: str
    timeliness: str
    since_us: int
    until_us: int
    n_minutes: int
    n_minutes_without_forecast: int
    n: int
    n_apart: int
    score: DistributionScore | None
    verdicts: tuple[RowVerdict, ...]


def read_distribution_rows(lake: Lake, *, symbol: str, as_of_us: int) -> list[DistributionRow]:
    """Return a row for each model, version, horizon and kind of data with scored distributions.

    Verdicts are corrected for all of them. Bounded: nine months of one symbol, one forecast in five minutes.
    Raises LakeNotFoundError without scores.
    """
    ask = partial(_read, lake, symbol=symbol, as_of_us=as_of_us)
    return lake.read(partial(lake.snapshot, GOLD_SCORE.name), ask)


def _read(lake: Lake, snapshot: Snapshot, *, symbol: str, as_of_us: int) -> list[DistributionRow]:
    start_us = (as_of_us - LEAST_US) // BLOCK_US * BLOCK_US
    time_range = TimeRange(start_us, as_of_us + 1)
    paths = (
        snapshot[GOLD_SCORE.name]
        .files.select(symbol=symbol, time_column="target_time", time_range=time_range)
        .paths
    )
    if not paths:
        return []
    bound: dict[str, Any] = {
        "symbol": symbol,
        "since": to_time(lake.market_rules.of(symbol).asset_at(as_of_us).start_us),
        "start": time_range.start_time,
        "end": to_time(as_of_us),
        "minute_us": MINUTE_US,
    }
    rows = lake.session.fetch_arrow(_ROWS, paths, spec=GOLD_SCORE, step_us=_STEP_US, **bound)
    counted = lake.session.fetch_rows(_MINUTES, paths, spec=GOLD_SCORE, **bound)
    minutes = {tuple(kind): Minutes(n_forecast, n) for *kind, n_forecast, n in counted}
    return to_distribution_rows(rows, minutes)


def to_distribution_rows(rows: pa.Table, minutes: Mapping[tuple[str, ...], Minutes]) -> list[DistributionRow]:
    """Return the rows of a card from scored forecasts, which ascend by kind, then by time, and the minutes of each."""
    kinds = list(zip(*(rows[name].to_pylist() for name in _KIND), strict=True))
    past: dict[str, PastReturns] = {}
    for data in {kind[3] for kind in kinds}:
        past[data] = _past_returns(rows.filter(pc.equal(rows["data"], data)))
    found, at = [], 0
    for kind, group in groupby(kinds):
        n_rows = sum(1 for _ in group)
        outcomes = _to_outcomes(rows.slice(at, n_rows), past[kind[3]])
        at += n_rows
        if outcomes is not None:
            found.append((kind, outcomes))
    alpha = ALPHA / max(sum(len(references_of(outcomes)) for _, outcomes in found), 1)
    ordered = sorted(found, key=lambda one: (one[0][:2], one[1].horizon_us, one[0][3:]))
    return [_to_row(kind, outcomes, minutes[kind], alpha=alpha) for kind, outcomes in ordered]


def _past_returns(rows: pa.Table) -> PastReturns:
    """Return the market's returns, from the outcomes of the shortest forecasts of at least _STEP_US."""
    made_us, targets_us = _integers(rows, "made_us"), _integers(rows, "target_us")
    horizons_us = targets_us - made_us
    long_enough = horizons_us[horizons_us >= _STEP_US]
    step_us = int(long_enough.min() if len(long_enough) else horizons_us.max())
    chosen = np.flatnonzero(horizons_us == step_us)
    order = chosen[np.argsort(targets_us[chosen], kind="stable")]
    return PastReturns.of(targets_us[order], _numbers(rows, "log_return")[order], step_us)


def _to_outcomes(rows: pa.Table, past: PastReturns) -> DistributionOutcomes | None:
    """Return the outcomes of forecasts of one kind whose distribution has a score; None without any."""
    rows = rows.filter(pc.and_(pc.is_valid(rows["crps"]), pc.is_valid(rows["upper"])))
    if not rows.num_rows:
        return None
    made_us, targets_us = _integers(rows, "made_us"), _integers(rows, "target_us")
    horizon_us = int(targets_us[0] - made_us[0])
    thresholds, probabilities = _to_probabilities(rows)
    return DistributionOutcomes(
        made_us=made_us,
        targets_us=targets_us,
        horizon_us=horizon_us,
        returns=_numbers(rows, "log_return"),
        expected=_numbers(rows, "expected"),
        lower=_numbers(rows, "lower"),
        upper=_numbers(rows, "upper"),
        nominal=float(np.median(_numbers(rows, "nominal_coverage"))),
        crps=_numbers(rows, "crps"),
        pits=_numbers(rows, "pit"),
        moves=thresholds,
        probabilities=probabilities,
        deviations=past.deviations(made_us, horizon_us),
        after_jump=past.after_jump(made_us),
    )


def _to_probabilities(rows: pa.Table) -> tuple[tuple[float, ...], Floats]:
    """Return the thresholds of the newest forecast, and the probabilities at them; none where forecasts differ."""
    thresholds = rows["thresholds"][-1].as_py() or []
    lists = rows["probabilities"].combine_chunks()
    same = pc.all(pc.equal(pc.fill_null(pc.list_value_length(lists), 0), len(thresholds))).as_py()
    if not thresholds or not same:
        return (), np.empty((rows.num_rows, 0))
    return tuple(thresholds), np.asarray(lists.flatten()).reshape(rows.num_rows, len(thresholds))


def _to_row(
    kind: tuple[str, ...], outcomes: DistributionOutcomes, minutes: Minutes, *, alpha: float
) -> DistributionRow:
    model, model_version, horizon, data, timeliness = kind
    n_apart = count_non_overlapping(outcomes.targets_us, outcomes.horizon_us)
    is_enough = outcomes.horizon_us < DAY_US or n_apart >= n_needed_for(outcomes.horizon_us)
    return DistributionRow(
        model=model,
        model_version=model_version,
        horizon=horizon,
        data=data,
        timeliness=timeliness,
        since_us=int(outcomes.made_us[0]),
        until_us=int(outcomes.targets_us[-1]),
        n_minutes=minutes.n,
        n_minutes_without_forecast=minutes.n - minutes.n_with_forecast,
        n=len(outcomes),
        n_apart=n_apart,
        score=score_distribution(outcomes) if is_enough else None,
        verdicts=tuple(
            to_row_verdict(outcomes, reference, alpha=alpha) for reference in references_of(outcomes)
        ),
    )


def _integers(rows: pa.Table, name: str) -> Integers:
    return np.asarray(rows[name].to_numpy(), dtype=np.int64)


def _numbers(rows: pa.Table, name: str) -> Floats:
    return np.asarray(pc.cast(rows[name], pa.float64()).to_numpy(), dtype=np.float64)
