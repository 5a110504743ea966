"""Table service: each command on one lake, from parameters to a report."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from compaction.fsck.lake_check import check_lake
from compaction.options import RunOptions
from compaction.quarantine.messages import list_quarantined, show_quarantined
from compaction.quarantine.replay import ReplayChoice, replay
from compaction.reports import (
    Report,
    report_checkpoints,
    report_compaction,
    report_expiry,
    report_issues,
    report_plan,
    report_refresh,
    report_runs,
    report_vacuum,
)
from compaction.retention.checkpoint import checkpoint_lake
from compaction.retention.expire import expire_lake
from compaction.retention.vacuum import vacuum_lake
from compaction.rewriting.budget import Budget
from compaction.rewriting.compact import compact_lake, plan_lake
from compaction.rewriting.spark_engine import compact_with_spark
from compaction.schedule import to_crontab, to_systemd_units
from lakehouse.derived.rollup_refresh import refresh_rollups
from lakehouse.derived.score_refresh import refresh_scores
from lakehouse.derived.story_refresh import refresh_stories
from lakehouse.lake import Lake
from lakehouse.maintenance.lock import lock_path
from lakehouse.maintenance.runs import read_runs
from lakehouse.messages.record_id import RecordId
from lakehouse.process.commands import EXIT_FAILED
from lakehouse.process.metrics import MetricsAddress
from lakehouse.process.retention import Retention
from lakehouse.process.settings import Settings
from lakehouse.schema.tables import BRONZE

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
    def open(settings: Settings, lake_uri: str | None = None, keep: Sequence[str] = ()) -> "TableService":
        """Open the lake of the settings without looking at it.

        ``lake_uri`` replaces their lake, ``keep`` (TABLE=DAYS) their retention. Raises SettingError, or
        RetentionRuleError where a table would keep too little.
        """
        location = settings.with_lake(lake_uri or "").lake_location()
        lake = Lake(location, market_rules=settings.market_rules())
        return TableService(
            lake=lake,
            lock=lock_path(lake.location, Path(settings.runtime_dir)),
            retention=Retention.parse(",".join(keep)) if keep else settings.retention_days(),
            kafka=settings.kafka.for_kafka_python(),
            metrics_addresses=settings.metrics_addresses(),
        )

    def run(self, options: RunOptions) -> Report:
        """Refresh, expire, compact and checkpoint; vacuum unless one of the last runs did."""
        report = self.refresh() + self.expire(options, dry_run=False)
        report += self.compact(options) + self.checkpoint(options)
        return report if self._vacuumed_lately() else report + self.vacuum(options, dry_run=False)

    def plan(self, options: RunOptions) -> Report:
        bronze = self.lake.snapshot(optional=(BRONZE.name,)).tables.get(BRONZE.name)
        return report_plan(
            plan_lake(
                self.lake.location, names=options.tables, wait_for_late_rows=options.wait_for_late_rows
            ),
            checkpoint_lake(self.lake.location, names=options.tables, dry_run=True),
            expire_lake(self.lake, self.retention, names=options.tables),
            retained_from_us=None if bronze is None else bronze.retained_from_us,
        )

    def refresh(self) -> Report:
        return report_refresh(
            refresh_rollups(self.lake), refresh_scores(self.lake), refresh_stories(self.lake)
        )

    def expire(self, options: RunOptions, *, dry_run: bool) -> Report:
        expired = expire_lake(self.lake, self.retention, names=options.tables, dry_run=dry_run)
        return report_expiry(expired, dry_run=dry_run)

    def compact(self, options: RunOptions) -> Report:
        compact = compact_with_spark if options.engine == "spark" else compact_lake
        compacted = compact(
            self.lake.location,
            names=options.tables,
            wait_for_late_rows=options.wait_for_late_rows,
            budget=Budget(max_seconds=options.max_seconds, max_bytes=options.max_bytes),
        )
        return report_compaction(compacted)

    def checkpoint(self, options: RunOptions) -> Report:
        hours = options.retention_hours
        return report_checkpoints(
            checkpoint_lake(self.lake.location, names=options.tables, retention_hours=hours)
        )

    def vacuum(self, options: RunOptions, *, dry_run: bool, is_forced: bool = False) -> Report:
        vacuumed = vacuum_lake(
            self.lake.location,
            names=options.tables,
            retention_hours=options.retention_hours,
            dry_run=dry_run,
            is_forced=is_forced,
        )
        return report_vacuum(vacuumed, dry_run=dry_run)

    def fsck(self, *, is_deep: bool) -> Report:
        return report_issues(check_lake(self.lake.location, is_deep=is_deep))

    def history(self, *, n_newest: int) -> Report:
        return report_runs(read_runs(self.lake.location, n_newest=n_newest))

    def schedule(self, *, is_systemd: bool) -> Report:
        to_text = to_systemd_units if is_systemd else to_crontab
        text = to_text(lake=self.lake.location.root, folder=Path.cwd())
        return Report({"schedule": text}, [text.rstrip()])

    def list_quarantined(self) -> Report:
        rules = list_quarantined(self.lake)
        lines = [str(rule) for rule in rules] or ["nothing is quarantined"]
        return Report({"rules": [asdict(rule) for rule in rules]}, lines)

    def show_quarantined(self, record_ids: Sequence[RecordId]) -> Report:
        results = [show_quarantined(self.lake, record_id) for record_id in record_ids]
        messages = [message for message in results if message is not None]
        document = {"messages": messages}
        if not messages or None in results:
            return Report(document, ["that message is not quarantined"], exit_code=EXIT_FAILED)
        fields = [field for message in messages for field in message.items()]
        return Report(document, [f"{name}: {value}" for name, value in fields if value not in (None, [])])

    def replay(self, choice: ReplayChoice, *, dry_run: bool) -> Report:
        result = replay(self.lake, choice, kafka=self.kafka, dry_run=dry_run)
        verb = "would publish" if dry_run else "published"
        lines = [f"{verb} {n} messages to {topic} again" for topic, n in sorted(result.by_topic.items())]
        lines.append(
            f"{result.n_rejected} are still rejected, {result.n_in_gold} are in gold already, {result.n_left} are left"
        )
        if dry_run and result.by_topic:
            lines.append("nothing was published; add --yes to do it")
        figures = {"n_replayed": result.n_published} if result.n_published else {}
        return Report({"replay": asdict(result), "dry_run": dry_run}, lines, figures)

    def _vacuumed_lately(self) -> bool:
        runs = read_runs(self.lake.location, n_newest=RUNS_BETWEEN_VACUUMS)
        return any(run.figures is not None and "n_vacuumed" in run.figures for run in runs)
