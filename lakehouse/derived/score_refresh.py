"""Refresh of scores, each forecast beside its realised price: once, whoever refreshes, whenever one is killed.

Forecasts do not mature in the order of their offsets: those for a day lie between those for five minutes. The
position of gold_score is the first offset of each partition that is not settled yet; forecasts that are settled
beyond it are in gold_score already. A commit holds scores and moves the position by compare-and-set, also where
it stands still: of two refreshers that score the same forecasts one loses its commit and reads again.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable

from lakehouse.delta.file_index import FileIndex
from lakehouse.delta.log_listing import refresh
from lakehouse.delta.position import Position, TopicPartition, read_position
from lakehouse.delta.table import append, ensure_table
from lakehouse.derived.outcomes import PriceClock, read_price_clock, to_scores
from lakehouse.derived.rollup_refresh import MAX_CONFLICTS, next_target
from lakehouse.engine.duckdb_session import padded_rows
from lakehouse.engine.position_sql import bind_position, is_before, is_beyond, join_position
from lakehouse.errors import LakeNotFoundError, PositionConflictError
from lakehouse.lake import Lake
from lakehouse.schema.tables import GOLD_PREDICTION, GOLD_PRICE, GOLD_SCORE
from lakehouse.snapshots.pinned import Snapshot, TableSnapshot
from lakehouse.time_range import DAY_US

OFFSETS_PER_COMMIT = 250_000
MAX_HORIZON_US = 30 * DAY_US
"""A forecast further ahead is not scored: no window of the scorecard would hold it and its like."""

# A forecast is about the primary market of just before it was made.
_FORECASTS = f"""
    SELECT forecasts.*, settled_us,
        IF(part_quote = quote AND target_us < asset_end_us, part_venue, NULL) AS market_venue,
        coalesce(
            target_us <= settled_us OR greatest(target_us, epoch_us(broker_time)) <= $silent_since_us, FALSE
        ) AS is_settled
    FROM (
        SELECT *, epoch_us(made_at) - 1 AS before_us, epoch_us(target_time) AS target_us,
            epoch_us(target_time) - epoch_us(made_at) AS horizon_us
        FROM {{rows}} {join_position("from")} {join_position("to")}
        WHERE {is_beyond("from")} AND {is_before("to")}
    ) AS forecasts
    ASOF LEFT JOIN (
        SELECT unnest($part_symbols::VARCHAR[]) AS part_symbol, unnest($part_starts_us::BIGINT[]) AS start_us,
            unnest($part_venues::VARCHAR[]) AS part_venue, unnest($part_quotes::VARCHAR[]) AS part_quote,
            unnest($part_asset_ends_us::BIGINT[]) AS asset_end_us, unnest($part_settled_us::BIGINT[]) AS settled_us
    ) AS parts ON symbol = part_symbol AND before_us >= start_us
"""
_FIRST_UNSETTLED = f"""
SELECT topic_id, kafka_partition, min(kafka_offset)
FROM ({_FORECASTS}) WHERE NOT is_settled AND horizon_us <= $max_horizon_us
GROUP BY ALL
"""
_DUE = f"""
SELECT symbol, target_time, made_at, horizon, model, model_version, base_price, predicted_price, lower, upper,
    nominal_coverage, quote, sigma, p_up, p_up_base_rate, moves, quantiles,
    IF(broker_time < target_time, 'live', 'replay') AS timeliness, message_id, origin,
    topic_id, kafka_partition, kafka_offset, broker_time, target_time::DATE AS event_date, target_us, market_venue
FROM ({_FORECASTS})
ANTI JOIN {{scored}} USING (topic_id, kafka_partition, kafka_offset)
WHERE is_settled AND horizon_us <= $max_horizon_us
"""

_OLDEST_UNSCORED = """
SELECT min(epoch_us(made_at)), min(epoch_us(target_time))
FROM {rows}
ANTI JOIN {scored} USING (topic_id, kafka_partition, kafka_offset)
WHERE epoch_us(target_time) - epoch_us(made_at) <= $max_horizon_us
"""

logger = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class ScoreReport:
    """Figures of a refresh: forecasts scored, how many of them without a price, commits, end position."""

    n_scores: int = 0
    n_without_price: int = 0
    n_commits: int = 0
    position: Position = field(default_factory=Position)
    seconds: float = 0.0


def refresh_scores(lake: Lake, *, offsets_per_commit: int = OFFSETS_PER_COMMIT) -> ScoreReport | None:
    """Score every forecast whose outcome is fixed. A second call right after commits nothing.

    Idempotent, and safe beside other refreshers, streams and compaction. None where there are no forecasts or no
    prices yet. Raises LakeNotFoundError before the first build.
    """
    lake.current_build(refresh=True)
    report, started = ScoreReport(), time.monotonic()
    refresh = partial(_refresh, lake, report, offsets_per_commit=offsets_per_commit)
    try:
        lake.read(partial(lake.snapshot, GOLD_PREDICTION.name, GOLD_PRICE.name), refresh)
    except LakeNotFoundError:
        logger.debug("nothing to score yet")
        return None
    report.seconds = time.monotonic() - started
    if report.n_commits:
        logger.info(
            "refreshed table=%s scores=%d without_price=%d commits=%d seconds=%.2f position=%s",
            GOLD_SCORE.name,
            report.n_scores,
            report.n_without_price,
            report.n_commits,
            report.seconds,
            report.position.to_json(),
        )
    return report


def oldest_unscored(lake: Lake) -> tuple[int, int] | None:
    """Return when the oldest forecast without a score was made, and the earliest target of such; None without any.

    Raises LakeNotFoundError where there are no forecasts.
    """

    def ask(snapshot: Snapshot) -> tuple[int, int] | None:
        forecasts, scores = snapshot[GOLD_PREDICTION.name], snapshot.tables.get(GOLD_SCORE.name)
        position = Position() if scores is None else scores.position
        beyond = lake.offsets.beyond(forecasts, position, forecasts.files.touching())
        scored = [] if scores is None else scores.files.paths.tolist()
        bound: dict[str, Any] = {"scored_files": scored} if scored else {}
        rows = lake.session.fetch_rows(
            _OLDEST_UNSCORED.replace("{scored}", padded_rows(GOLD_SCORE, "scored_files" if scored else None)),
            forecasts.files.selected(beyond).paths,
            spec=GOLD_PREDICTION,
            max_horizon_us=MAX_HORIZON_US,
            **bound,
        )
        return None if not rows or rows[0][0] is None else (rows[0][0], rows[0][1])

    return lake.read(partial(lake.snapshot, GOLD_PREDICTION.name, optional=(GOLD_SCORE.name,)), ask)


def _refresh(lake: Lake, report: ScoreReport, snapshot: Snapshot, *, offsets_per_commit: int) -> None:
    location = lake.catalog.table_location(GOLD_SCORE.name, snapshot.build)
    table = ensure_table(location, GOLD_SCORE)
    scorer = _Scorer(
        lake=lake,
        forecasts=snapshot[GOLD_PREDICTION.name],
        clock=read_price_clock(lake, snapshot[GOLD_PRICE.name]),
        table=table,
        root=location.root,
        report=report,
    )
    n_conflicts = 0
    while True:
        try:
            scorer.score_all(offsets_per_commit=offsets_per_commit)
            return
        except PositionConflictError as error:
            n_conflicts += 1
            if n_conflicts > MAX_CONFLICTS:
                raise
            logger.info("another writer was first table=%s reason=%s", GOLD_SCORE.name, error.problem)
            refresh(table)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Scorer:
    """One refresh over pinned forecasts and prices. ``table`` is read and committed to at one version at a time."""

    lake: Lake
    forecasts: TableSnapshot
    clock: PriceClock
    table: DeltaTable
    root: str
    report: ScoreReport

    def score_all(self, *, offsets_per_commit: int) -> None:
        """Score the forecasts beyond the position, range by range."""
        end = self.forecasts.position
        committed = read_position(self.table, sorted({key.topic_id for key in end}))
        unsettled: dict[TopicPartition, int] = {}
        begin = committed
        while (target := next_target(begin, end, offsets_per_commit=offsets_per_commit)) != begin:
            bound = self._bind(begin, target)
            paths = self._paths(begin)
            for key, offset in self._first_unsettled(paths, bound).items():
                unsettled.setdefault(key, offset)
            advanced = Position({key: min(target[key], unsettled.get(key, target[key])) for key in target})
            scores = to_scores(self.lake, self.clock, self._due(paths, bound, begin))
            if scores.num_rows or advanced != committed:
                append(self.table, GOLD_SCORE, scores, expected=committed.offsets, advanced=advanced.offsets)
                self._count(scores)
                committed = advanced
            begin = target
        self.report.position = committed

    def _paths(self, begin: Position) -> list[str]:
        every = self.forecasts.files.touching()
        beyond = self.lake.offsets.beyond(self.forecasts, begin, every)
        return self.forecasts.files.selected(beyond).paths

    def _bind(self, begin: Position, target: Position) -> dict[str, Any]:
        return {
            **bind_position(begin, "from"),
            **bind_position(target, "to"),
            **self.clock.bind(),
            "max_horizon_us": MAX_HORIZON_US,
        }

    def _first_unsettled(self, paths: list[str], bound: Mapping[str, Any]) -> dict[TopicPartition, int]:
        rows = self.lake.session.fetch_rows(_FIRST_UNSETTLED, paths, spec=GOLD_PREDICTION, **bound)
        return {TopicPartition(topic_id, partition): offset for topic_id, partition, offset in rows}

    def _due(self, paths: list[str], bound: Mapping[str, Any], begin: Position) -> pa.Table | None:
        """Return the forecasts that are settled and not scored yet."""
        if not paths:
            return None
        scored = FileIndex.read(self.table, GOLD_SCORE, self.root)
        lowest = min((begin[key] for key in self.forecasts.position), default=0)
        scored_files = scored.selected(scored.offsets[1] >= lowest).paths
        return self.lake.session.fetch_arrow(
            _DUE.replace("{scored}", padded_rows(GOLD_SCORE, "scored_files" if scored_files else None)),
            paths,
            spec=GOLD_PREDICTION,
            **bound,
            **({"scored_files": scored_files} if scored_files else {}),
        )

    def _count(self, scores: pa.Table) -> None:
        self.report.n_scores += scores.num_rows
        self.report.n_without_price += scores["realised_price"].null_count
        self.report.n_commits += 1
