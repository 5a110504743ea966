"""Refresh of stories from new rows of gold_sentiment: each row once, whoever refreshes, and whenever one is killed.

A commit holds the stories of the rows between two positions and moves the table's position from the one to the other
by compare-and-set. What a story is depends on rows of lower offsets alone, which are in the table already.
"""

import logging
import time
from dataclasses import dataclass, field
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from lakehouse.delta.file_index import FileIndex
from lakehouse.delta.log_listing import refresh
from lakehouse.delta.position import Position, read_position
from lakehouse.delta.table import append, ensure_table
from lakehouse.derived.rollup_refresh import MAX_CONFLICTS, next_target
from lakehouse.engine.position_sql import bind_position
from lakehouse.errors import LakeNotFoundError, PositionConflictError
from lakehouse.lake import Lake
from lakehouse.schema.story_table import GOLD_STORY
from lakehouse.schema.tables import GOLD_SENTIMENT
from lakehouse.snapshots.pinned import Snapshot, TableSnapshot
from lakehouse.stories.known import read_known
from lakehouse.stories.rows import TEXTS_BETWEEN, to_story_rows

OFFSETS_PER_COMMIT = 100_000

logger = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class StoryReport:
    """Figures of a refresh: texts assigned, stories begun by them, commits, end position."""

    n_texts: int = 0
    n_stories: int = 0
    n_commits: int = 0
    position: Position = field(default_factory=Position)
    seconds: float = 0.0


def refresh_stories(lake: Lake, *, offsets_per_commit: int = OFFSETS_PER_COMMIT) -> StoryReport | None:
    """Assign every new text to its story. A second call right after commits nothing.

    Idempotent, and safe beside other refreshers, streams and compaction. None where there are no sentiments yet. Raises
    LakeNotFoundError before the first build.
    """
    lake.current_build(refresh=True)
    report, started = StoryReport(), time.monotonic()
    assign = partial(_refresh, lake, report, offsets_per_commit=offsets_per_commit)
    try:
        lake.read(partial(lake.snapshot, GOLD_SENTIMENT.name), assign)
    except LakeNotFoundError:
        logger.debug("no texts yet")
        return None
    report.seconds = time.monotonic() - started
    if report.n_commits:
        logger.info(
            "refreshed table=%s texts=%d stories=%d commits=%d seconds=%.2f position=%s",
            GOLD_STORY.name,
            report.n_texts,
            report.n_stories,
            report.n_commits,
            report.seconds,
            report.position.to_json(),
        )
    return report


def _refresh(lake: Lake, report: StoryReport, snapshot: Snapshot, *, offsets_per_commit: int) -> None:
    gold = snapshot[GOLD_SENTIMENT.name]
    location = lake.catalog.table_location(GOLD_STORY.name, snapshot.build)
    table = ensure_table(location, GOLD_STORY)
    n_conflicts = 0
    while True:
        position = read_position(table, sorted({key.topic_id for key in gold.position}))
        report.position = position
        target = next_target(position, gold.position, offsets_per_commit=offsets_per_commit)
        if target == position:
            return
        rows = _assign(lake, gold, table, location.root, (position, target))
        try:
            append(table, GOLD_STORY, rows, expected=position.offsets, advanced=target.offsets)
        except PositionConflictError as error:
            n_conflicts += 1
            if n_conflicts > MAX_CONFLICTS:
                raise
            logger.info("another writer was first table=%s reason=%s", GOLD_STORY.name, error.problem)
            refresh(table)
            continue
        report.n_texts += rows.num_rows
        report.n_stories += pc.sum(pc.equal(rows["story_id"], rows["message_id"])).as_py() or 0
        report.n_commits += 1


def _assign(
    lake: Lake, gold: TableSnapshot, table: DeltaTable, root: str, between: tuple[Position, Position]
) -> pa.Table:
    """Return the rows of gold_story of gold's rows between two positions."""
    position, target = between
    beyond = lake.offsets.beyond(gold, position, gold.files.touching())
    paths = gold.files.selected(beyond).paths
    if not paths:
        return GOLD_STORY.to_arrow_schema().empty_table()
    bound = {**bind_position(position, "from"), **bind_position(target, "to")}
    texts = lake.session.fetch_arrow(TEXTS_BETWEEN, paths, spec=gold.spec, **bound)
    if not texts.num_rows:
        return GOLD_STORY.to_arrow_schema().empty_table()
    files = FileIndex.read(table, GOLD_STORY, root)
    return to_story_rows(texts, read_known(lake.session, files, texts))
