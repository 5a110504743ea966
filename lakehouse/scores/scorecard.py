"""Scorecard of a symbol: skill of each model's forecasts against a random walk, per kind of data and window."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lakehouse.lake import Lake
from lakehouse.schema.tables import GOLD_SCORE
from lakehouse.scores.statistics import (
    MIN_NON_OVERLAPPING,
    SIGNIFICANCE,
    DieboldMariano,
    Direction,
    Floats,
    Intervals,
    Outcomes,
    count_non_overlapping,
    diebold_mariano,
    direction,
    intervals,
    mean_absolute_error,
)
from lakehouse.series.markets import Asset
from lakehouse.snapshots.pinned import Snapshot, TableSnapshot
from lakehouse.time_range import DAY_US, TimeRange, to_time

WINDOWS_US: Mapping[str, int] = {"24h": DAY_US, "7d": 7 * DAY_US, "30d": 30 * DAY_US}
_LONGEST_US = max(WINDOWS_US.values())

_SELECTED = """symbol = $symbol AND made_at > $since AND target_time > $start AND target_time <= $end
    AND ($model IS NULL OR model = $model) AND ($horizon IS NULL OR horizon = $horizon)"""
# Forecasts of a generated market are told apart from real ones, and those that the broker had too late from live ones.
_OF_KIND = f"""
SELECT *, IF(origin = 'generated', 'generated', 'real') AS data,
    IF(origin = 'replay', 'replay', timeliness) AS kind_of_time
FROM {{rows}} WHERE {_SELECTED}
"""
# Counts of each group, per shortest window that holds it.
_COUNTS = f"""
SELECT model, model_version, horizon, data, kind_of_time, epoch_us(any_value(target_time - made_at)) AS horizon_us,
    list_position(list_transform($widths_us::BIGINT[], lambda width: age_us < width), TRUE) - 1 AS narrowest,
    count(*), count(*) FILTER (realised_price IS NULL), list_sort(list_distinct(list(origin)))
FROM (SELECT *, $end_us - epoch_us(target_time) AS age_us FROM ({_OF_KIND}))
GROUP BY ALL
"""
_OUTCOMES = f"""
SELECT model, model_version, horizon, data, kind_of_time, epoch_us(target_time) AS target_us, base_price,
    predicted_price, realised_price, lower, upper, nominal_coverage
FROM ({_OF_KIND})
WHERE realised_price IS NOT NULL
ORDER BY model, model_version, horizon, data, kind_of_time, target_time, topic_id, kafka_partition, kafka_offset
"""

LIVE, REPLAY = "live", "replay"


class Group(NamedTuple):
    """What is scored together. ``data`` is real or generated; ``timeliness`` is live, or replay: no track record."""

    model: str
    model_version: str
    horizon: str
    data: str
    timeliness: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowScore:
    """One group over one window of targets. Forecasts with a price count in ``n``.

    Of a live group, ``n_replay`` counts the forecasts that the broker had too late, which are another group. Errors
    are absolute and in quote; ``relative_error`` is the model's mean over the random walk's on the same targets. None
    stands where no outcome decides. ``verdict`` is the result in words.
    """

    model: str
    model_version: str
    horizon: str
    data: str
    timeliness: str
    window: str
    n: int
    n_non_overlapping: int
    n_replay: int
    n_without_price: int
    origins: tuple[str, ...]
    mean_absolute_error: float | None
    random_walk_error: float | None
    relative_error: float | None
    direction: Direction | None
    diebold_mariano: DieboldMariano | None
    interval: Intervals | None
    beats_random_walk: bool
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scorecard:
    """Scores in the order of group and window, and the version of gold_score they are of.

    They are of forecasts about ``asset``, what the symbol stands for at the end of the windows.
    """

    scores: list[WindowScore]
    table: TableSnapshot
    asset: Asset


@dataclass(slots=True, kw_only=True)
class _Counted:
    """Counts of one group beside its outcomes, per narrowest window."""

    horizon_us: int
    n_forecasts: list[int] = field(default_factory=lambda: [0] * len(WINDOWS_US))
    n_without_price: list[int] = field(default_factory=lambda: [0] * len(WINDOWS_US))
    origins: list[set[str]] = field(default_factory=lambda: [set() for _ in WINDOWS_US])


def read_scorecard(
    lake: Lake, *, symbol: str, as_of_us: int, model: str | None = None, horizon: str | None = None
) -> Scorecard:
    """Return the scorecard of a symbol, over targets up to an instant. Raises LakeNotFoundError without scores.

    Bounded: it reads thirty days of one symbol, and its time grows with n log n of their forecasts.
    """
    ask = partial(_score, symbol=symbol, as_of_us=as_of_us, model=model, horizon=horizon)
    return lake.read(partial(lake.snapshot, GOLD_SCORE.name), partial(ask, lake))


def _score(
    lake: Lake, snapshot: Snapshot, *, symbol: str, as_of_us: int, model: str | None, horizon: str | None
) -> Scorecard:
    table = snapshot[GOLD_SCORE.name]
    time_range = TimeRange(as_of_us - _LONGEST_US, as_of_us)
    closed = TimeRange(time_range.start_us, as_of_us + 1)
    paths = table.files.select(symbol=symbol, time_column="target_time", time_range=closed).paths
    asset = lake.market_rules.of(symbol).asset_at(as_of_us)
    bound = {
        "symbol": symbol,
        "since": to_time(asset.start_us),
        "start": time_range.start_time,
        "end": time_range.end_time,
        "model": model,
        "horizon": horizon,
    }
    counted = _read_counts(lake, paths, bound | {"end_us": as_of_us, "widths_us": list(WINDOWS_US.values())})
    outcomes = dict(_read_outcomes(lake, paths, bound, counted)) if counted else {}
    for group in [group for group in counted if group.timeliness == REPLAY]:
        counted.setdefault(group._replace(timeliness=LIVE), _Counted(horizon_us=counted[group].horizon_us))
    scores = [
        score
        for group in sorted(counted, key=lambda group: (group[:2], counted[group].horizon_us, group[3:]))
        for score in _to_scores(group, counted, outcomes.get(group), as_of_us)
    ]
    return Scorecard(scores=scores, table=table, asset=asset)


def _read_counts(lake: Lake, paths: list[str], bound: Mapping[str, Any]) -> dict[Group, _Counted]:
    counted: dict[Group, _Counted] = {}
    for row in lake.session.fetch_rows(_COUNTS, paths, spec=GOLD_SCORE, **bound):
        *names, horizon_us, narrowest, n_forecasts, n_without_price, origins = row
        counts = counted.setdefault(Group(*names), _Counted(horizon_us=horizon_us))
        counts.n_forecasts[narrowest] += n_forecasts
        counts.n_without_price[narrowest] += n_without_price
        counts.origins[narrowest].update(origins)
    return counted


def _read_outcomes(
    lake: Lake, paths: list[str], bound: Mapping[str, Any], counted: Mapping[Group, _Counted]
) -> Iterator[tuple[Group, Outcomes]]:
    rows = lake.session.fetch_arrow(_OUTCOMES, paths, spec=GOLD_SCORE, **bound)
    names = [rows.column(at).combine_chunks().dictionary_encode() for at in range(len(Group._fields))]
    codes = [np.asarray(name.indices.to_numpy(zero_copy_only=False)) for name in names]
    changes = np.zeros(max(rows.num_rows - 1, 0), dtype=bool)
    for code in codes:
        changes |= code[1:] != code[:-1]
    starts = np.concatenate(([0], np.flatnonzero(changes) + 1, [rows.num_rows])) if rows.num_rows else [0]
    for start, end in pairwise(int(start) for start in starts):
        group = Group(*(name[start].as_py() for name in names))
        yield group, _to_outcomes(rows.slice(start, end - start), counted[group].horizon_us)


def _to_outcomes(rows: pa.Table, horizon_us: int) -> Outcomes:
    def numbers(name: str) -> Floats:
        column = pc.fill_null(pc.cast(rows[name], pa.float64()), float("nan"))
        return np.asarray(column.to_numpy(), dtype=np.float64)

    return Outcomes(
        targets_us=np.asarray(rows["target_us"].to_numpy(), dtype=np.int64),
        horizon_us=horizon_us,
        base=numbers("base_price"),
        predicted=numbers("predicted_price"),
        realised=numbers("realised_price"),
        lower=numbers("lower"),
        upper=numbers("upper"),
        nominal_coverage=numbers("nominal_coverage"),
    )


def _to_scores(
    group: Group, counted: Mapping[Group, _Counted], outcomes: Outcomes | None, as_of_us: int
) -> Iterator[WindowScore]:
    own, replays = counted[group], counted.get(group._replace(timeliness=REPLAY))
    late = replays.n_forecasts if replays is not None and group.timeliness == LIVE else [0] * len(WINDOWS_US)
    origins = accumulate(own.origins, lambda before, more: before | more)
    for (window, width_us), n_replay, n_without_price, of_window in zip(
        WINDOWS_US.items(), accumulate(late), accumulate(own.n_without_price), origins, strict=True
    ):
        within = None if outcomes is None else outcomes.since(as_of_us - width_us)
        yield score_window(
            group,
            window,
            within if within else None,
            n_replay=n_replay,
            n_without_price=n_without_price,
            origins=tuple(sorted(of_window)),
        )


def score_window(
    group: Group,
    window: str,
    outcomes: Outcomes | None,
    *,
    n_replay: int = 0,
    n_without_price: int = 0,
    origins: tuple[str, ...] = (),
) -> WindowScore:
    """Return the score of one group over one window's outcomes; None stands for no outcome."""
    error = walk_error = relative = None
    n_apart, is_walk, tested = 0, False, None
    if outcomes is not None:
        n_apart = count_non_overlapping(outcomes.targets_us, outcomes.horizon_us)
        error = mean_absolute_error(outcomes.predicted, outcomes.realised)
        walk_error = mean_absolute_error(outcomes.base, outcomes.realised)
        relative = error / walk_error if walk_error else None
        is_walk = bool(np.array_equal(outcomes.predicted, outcomes.base))
        tested = diebold_mariano(outcomes)
    beats = relative is not None and relative < 1 and tested is not None and tested.p_value < SIGNIFICANCE
    return WindowScore(
        **group._asdict(),
        window=window,
        n=0 if outcomes is None else len(outcomes),
        n_non_overlapping=n_apart,
        n_replay=n_replay,
        n_without_price=n_without_price,
        origins=origins,
        mean_absolute_error=error,
        random_walk_error=walk_error,
        relative_error=relative,
        direction=None if outcomes is None else direction(outcomes),
        diebold_mariano=tested,
        interval=None if outcomes is None else intervals(outcomes),
        beats_random_walk=beats,
        verdict=to_verdict(n_apart=n_apart, is_walk=is_walk, relative_error=relative, tested=tested),
    )


def to_verdict(
    *, n_apart: int, is_walk: bool, relative_error: float | None, tested: DieboldMariano | None
) -> str:
    """Return the result of a comparison with the random walk in words.

    >>> to_verdict(n_apart=29, is_walk=False, relative_error=0.5, tested=None)
    'too little data: 29 outcomes that do not overlap, 30 are needed'
    """
    if n_apart < MIN_NON_OVERLAPPING:
        return f"too little data: {n_apart} outcomes that do not overlap, {MIN_NON_OVERLAPPING} are needed"
    if is_walk:
        return "is the random walk: it says that the price stays"
    if tested is None or relative_error is None:
        return "does not beat the random walk: their errors cannot be told apart"
    if relative_error >= 1:
        return f"does not beat the random walk: its mean absolute error is {relative_error - 1:.2%} larger"
    smaller = f"its mean absolute error is {1 - relative_error:.2%} smaller"
    p = f"p = {tested.p_value:.3f}" if tested.p_value >= 0.001 else "p < 0.001"
    if tested.p_value < SIGNIFICANCE:
        return f"beats the random walk: {smaller}, more than chance explains ({p})"
    return f"does not beat the random walk: {smaller}, which chance explains ({p})"
