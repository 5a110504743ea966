"""Table service: each command on one lake, from parameters to a report."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from compaction.budget import Budget
from compaction.checkpoint import checkpoint_lake
from compaction.compact import CompactChoice, compact_lake, plan_lake
from compaction.expire import expire_lake
from compaction.fsck import check_lake
from compaction.options import RunOptions
from compaction.quarantine import MessagesReport, RulesReport, list_quarantined, show_quarantined
from compaction.replay import ReplayChoice, ReplayReport, replay
from compaction.reports import FsckReport, HistoryReport, PlanReport, Refreshed, ScheduleReport, ServiceReport
from compaction.schedule import to_crontab, to_systemd_units
from compaction.spark_engine import compact_with_spark
from compaction.vacuum import vacuum_lake
from lakehouse.derived.rollup_refresh import refresh_rollups
from lakehouse.derived.score_refresh import refresh_scores
from lakehouse.errors import LakeNotFoundError
from lakehouse.lake import Lake
from lakehouse.maintenance.lock import lock_path
from lakehouse.maintenance.runs import read_runs
from lakehouse.messages.record_id import RecordId
from lakehouse.process.metrics import MetricsAddress
from lakehouse.process.retention import Retention
from lakehouse.process.settings import Settings
from lakehouse.schema.tables import BRONZE, GOLD_SCORE

RUNS_BETWEEN_VACUUMS = 12
"""A vacuum lists every file of the lake, so that not each of the runs of an hour makes one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableService:
    """Commands of the table service on one lake. ``lock`` keeps two runs apart; ``kafka`` are options of a client."""

    lake: Lake
    lock: Path
    retention: Retention
    kafka: Mapping[str, Any]
    metrics_addresses: Mapping[str, MetricsAddress]

    @staticmethod
    def open(lake_uri: str | None = None, keep: Sequence[str] = ()) -> "TableService":
        """Read the settings once, without looking at the lake.

        ``lake_uri`` replaces their lake, ``keep`` (TABLE=DAYS) their retention. Raises SettingError, or
        RetentionRuleError where a table would keep too little.
        """
        settings = Settings.from_environ(os.environ)
        settings = replace(settings, lake_uri=lake_uri) if lake_uri else settings
        lake = Lake(settings.lake_location())
        return TableService(
            lake=lake,
            lock=lock_path(lake.location, Path(settings.runtime_dir)),
            retention=Retention.parse(",".join(keep)) if keep else settings.retention_days(),
            kafka=settings.kafka_client_options(),
            metrics_addresses=settings.metrics_addresses(),
        )

    def run(self, options: RunOptions) -> ServiceReport:
        """Refresh, expire, compact and checkpoint; vacuum unless one of the last runs did."""
        report = replace(
            self.refresh(),
            expired=self.expire(options, dry_run=False).expired,
            compacted=self.compact(options).compacted,
            checkpointed=self.checkpoint(options).checkpointed,
        )
        if self._vacuumed_lately():
            return report
        return replace(report, vacuumed=self.vacuum(options, dry_run=False).vacuumed)

    def plan(self, options: RunOptions) -> PlanReport:
        return PlanReport(
            tasks=plan_lake(self.lake.location, _to_choice(options)),
            checkpoints=checkpoint_lake(self.lake.location, names=options.tables, dry_run=True),
            expired=self.expire(options, dry_run=True).expired or (),
            retained_from_us=self._retained_from_us(),
        )

    def refresh(self) -> ServiceReport:
        refreshed = [
            Refreshed(report.table, {"n_offsets": report.n_offsets, "n_sums": report.n_sums})
            for report in refresh_rollups(self.lake)
            if report.n_commits
        ]
        scores = refresh_scores(self.lake)
        if scores is not None and scores.n_commits:
            refreshed.append(Refreshed(GOLD_SCORE.name, {"n_scores": scores.n_scores}))
        return ServiceReport(refreshed=refreshed)

    def compact(self, options: RunOptions) -> ServiceReport:
        budget = Budget(max_seconds=options.max_seconds, max_bytes=options.max_bytes)
        compact = compact_with_spark if options.engine == "spark" else compact_lake
        return ServiceReport(compacted=compact(self.lake.location, _to_choice(options), budget=budget))

    def checkpoint(self, options: RunOptions) -> ServiceReport:
        hours = options.retention_hours
        done = checkpoint_lake(self.lake.location, names=options.tables, retention_hours=hours)
        return ServiceReport(checkpointed=done)

    def vacuum(self, options: RunOptions, *, dry_run: bool, is_forced: bool = False) -> ServiceReport:
        vacuumed = vacuum_lake(
            self.lake.location,
            names=options.tables,
            retention_hours=options.retention_hours,
            dry_run=dry_run,
            is_forced=is_forced,
        )
        return ServiceReport(vacuumed=vacuumed, dry_run=dry_run)

    def expire(self, options: RunOptions, *, dry_run: bool) -> ServiceReport:
        expired = expire_lake(self.lake, self.retention, names=options.tables, dry_run=dry_run)
        return ServiceReport(expired=expired, dry_run=dry_run)

    def fsck(self, *, is_deep: bool) -> FsckReport:
        return FsckReport(check_lake(self.lake.location, is_deep=is_deep))

    def history(self, *, n_newest: int) -> HistoryReport:
        return HistoryReport(read_runs(self.lake.location, n_newest=n_newest))

    def schedule(self, *, is_systemd: bool) -> ScheduleReport:
        to_text = to_systemd_units if is_systemd else to_crontab
        return ScheduleReport(to_text(lake=self.lake.location.root, folder=Path.cwd()))

    def list_quarantined(self) -> RulesReport:
        return RulesReport(list_quarantined(self.lake))

    def show_quarantined(self, record_ids: tuple[RecordId, ...]) -> MessagesReport:
        messages = [
            show_quarantined(self.lake, topic_id=topic_id, partition=partition, offset=offset)
            for topic_id, partition, offset in record_ids
        ]
        present = [message for message in messages if message is not None]
        return MessagesReport(present, n_missing=len(messages) - len(present))

    def replay(self, choice: ReplayChoice, *, dry_run: bool) -> ReplayReport:
        return replay(self.lake, choice, kafka=self.kafka, dry_run=dry_run)

    def _retained_from_us(self) -> int | None:
        try:
            return self.lake.snapshot(BRONZE.name)[BRONZE.name].retained_from_us
        except LakeNotFoundError:
            return None

    def _vacuumed_lately(self) -> bool:
        runs = read_runs(self.lake.location, n_newest=RUNS_BETWEEN_VACUUMS)
        return any(run.gained is not None and "n_vacuumed" in run.gained for run in runs)


def _to_choice(options: RunOptions) -> CompactChoice:
    return CompactChoice(names=options.tables, wait_for_late_rows=options.wait_for_late_rows)
