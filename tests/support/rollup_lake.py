"""A lake whose gold and rollups change under a seeded hand: appends, refreshes, races, crashes, compaction."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from compaction.rewriting import compact
from lakehouse import lake
from lakehouse.derived import rollup_refresh
from lakehouse.derived.rollup_refresh import refresh_rollups
from lakehouse.history.query import HistoryQuery
from lakehouse.lake import Lake
from lakehouse.schema.rollup_tables import ROLLUP_TABLES
from lakehouse.series.buckets import BUCKET_WIDTHS_US
from tests.support.history_queries import DAY_START
from tests.support.lake_builder import LakeBuilder, build_lake

GOLD_OF_SERIES = {"sentiment": "gold_sentiment", "price": "gold_price"}
SMALL_COMMIT_OFFSETS = 5
COLUMNS_BUDGET_BYTES = 50_000_000
_ORIGINS = "bit_or(CASE origin WHEN 'collected' THEN 1 WHEN 'generated' THEN 2 ELSE 4 END)"
PLAIN_GROUP_BY = f"""
    SELECT epoch_us(event_time) // $width * $width AS bucket, count(*),
        greatest(min(score), least(max(score), sum(score::DECIMAL(18, 17))::DOUBLE / count(*))),
        min(score), max(score), count(*) FILTER (label = 'positive'),
        count(*) FILTER (label = 'negative'), {_ORIGINS}
    FROM {{rows}}
    WHERE symbol = $symbol AND event_time >= $start AND event_time < $end AND score IS NOT NULL
    GROUP BY bucket ORDER BY bucket DESC LIMIT $limit
"""
"""The buckets of sentiment as SQL that shares nothing with the statements of the reader."""


class CrashError(Exception):
    """The process dies here."""


class RolledLake:
    """A lake, two readers that live on (one holds columns), two refreshers. No step changes what it should answer."""

    def __init__(self, folder: Path) -> None:
        self.builder: LakeBuilder = build_lake(folder)
        self.reader = lake.open(str(folder))
        self.holder = lake.open(str(folder), columns_budget_bytes=COLUMNS_BUDGET_BYTES)
        self.refreshers = [lake.open(str(folder)), lake.open(str(folder))]

    def append(self, table: str, events: list[dict[str, Any]]) -> None:
        self.builder.append(table, [_to_row(event) for event in events], partitions=(0, 1, 2))

    def refresh(self, who: int, *, small_commits: bool = False) -> None:
        refresh_rollups(
            self.refreshers[who], offsets_per_commit=SMALL_COMMIT_OFFSETS if small_commits else 1_000_000
        )

    def refresh_and_crash(self, who: int, *, at_commit: int, after_it: bool) -> None:
        """Dies right before or right after one of its commits, and starts again as another process."""

        def crash(commit: Callable[[], int], n_commits: int) -> int:
            if n_commits == at_commit and not after_it:
                raise CrashError
            version = commit()
            if n_commits == at_commit:
                raise CrashError
            return version

        with _around_commits(crash):
            try:
                self.refresh(who, small_commits=True)
            except CrashError:
                self.refreshers[who] = lake.open(str(self.builder.path))

    def refresh_while(self, who: int, meanwhile: Callable[[], None]) -> None:
        """Something else happens after a refresher has folded its rows and before it commits them."""

        def interrupt(commit: Callable[[], int], n_commits: int) -> int:
            if n_commits == 0:
                meanwhile()
            return commit()

        with _around_commits(interrupt):
            self.refresh(who, small_commits=True)

    def compact(self) -> None:
        compact.compact_lake(self.builder.location, wait_for_late_rows=False)

    def vacuum(self) -> None:
        """Remove every file that the newest versions do not need."""
        for name in ("gold_sentiment", "gold_price", *(spec.name for spec in ROLLUP_TABLES)):
            table = self.builder.open(name)
            table.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)


def plain_group_by(reader: Lake, query: HistoryQuery) -> list[tuple[Any, ...]]:
    """Return the buckets of a question about sentiment from all of gold, ascending, without ``complete``."""
    table = reader.snapshot(query.series.table.name)[query.series.table.name]
    rows = reader.session.fetch_rows(
        PLAIN_GROUP_BY,
        table.files.paths.tolist(),
        spec=table.spec,
        symbol=query.symbol,
        start=query.time_range.start_time,
        end=query.time_range.end_time,
        width=BUCKET_WIDTHS_US[query.interval],
        limit=1_000_000,
    )
    return rows[::-1]


@contextmanager
def _around_commits(act: Callable[[Callable[[], int], int], int]) -> Iterator[None]:
    """Wrap every commit of a refresh: (the commit, how many there were before) -> its version."""
    real, seen = rollup_refresh.append, 0
    busy = False

    def appended(*arguments: Any, **named: Any) -> int:
        nonlocal seen, busy
        if busy:  # the refresh of somebody else, meanwhile
            return real(*arguments, **named)
        n_before, seen, busy = seen, seen + 1, True
        try:
            return act(lambda: real(*arguments, **named), n_before)
        finally:
            busy = False

    with patch.object(rollup_refresh, "append", appended):
        yield


def _to_row(event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "event_time": DAY_START + timedelta(microseconds=event["event_time"])}
