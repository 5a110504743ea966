"""Reports of the commands: each renders one result as a document, as lines, and as figures for the run's record."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from compaction.fsck.issue import Issue
from compaction.retention.checkpoint import Checkpointed
from compaction.retention.expire import Expired
from compaction.retention.vacuum import Vacuumed
from compaction.rewriting.compact import CompactReport
from compaction.rewriting.plan import RewriteTask
from lakehouse.derived.rollup_refresh import RefreshReport
from lakehouse.derived.score_refresh import ScoreReport
from lakehouse.derived.story_refresh import StoryReport
from lakehouse.maintenance.runs import MaintenanceRun
from lakehouse.process.commands import EXIT_DONE, EXIT_NEEDS_OPERATOR
from lakehouse.schema.story_table import GOLD_STORY
from lakehouse.schema.tables import GOLD_SCORE
from lakehouse.time_range import format_us

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Report:
    """Result of a command: a document for programs, lines for people, figures for records and metrics."""

    document: Document
    lines: Sequence[str]
    figures: Mapping[str, int] = field(default_factory=dict)
    exit_code: int = EXIT_DONE

    def __add__(self, later: "Report") -> "Report":
        """Join the reports of two steps of one run."""
        return Report(
            self.document | later.document,
            [*self.lines, *later.lines],
            {**self.figures, **later.figures},
            max(self.exit_code, later.exit_code),
        )


def report_refresh(
    rollups: Iterable[RefreshReport], scores: ScoreReport | None, stories: StoryReport | None
) -> Report:
    refreshed: list[Document] = [
        {"table": report.table, "n_offsets": report.n_offsets, "n_sums": report.n_sums}
        for report in rollups
        if report.n_commits
    ]
    if scores is not None and scores.n_commits:
        refreshed.append({"table": GOLD_SCORE.name, "n_scores": scores.n_scores})
    if stories is not None and stories.n_commits:
        refreshed.append(
            {"table": GOLD_STORY.name, "n_texts": stories.n_texts, "n_stories": stories.n_stories}
        )
    lines = [f"refreshed {entry['table']}" for entry in refreshed]
    return Report({"refresh": refreshed}, lines, _without_zeros(n_refreshed=len(refreshed)))


def report_expiry(expired: Sequence[Expired], *, dry_run: bool) -> Report:
    lines = _expiry_lines(expired, "would expire" if dry_run else "expired")
    document = {"expire": [asdict(entry) for entry in expired]}
    if dry_run:
        hint = "add --yes to expire this: only bronze brings rows back, as far as it reaches"
        lines.append(f"nothing was changed; {hint}" if lines else "nothing is beyond its retention")
        return Report(document | {"dry_run": True}, lines)
    figures = _without_zeros(
        n_expired_rows=sum(entry.n_rows for entry in expired),
        expired_bytes=sum(entry.size_bytes for entry in expired),
    )
    return Report(document, lines, figures)


def report_compaction(report: CompactReport) -> Report:
    lines = [
        f"compacted {done.task.table} {'/'.join(done.task.partition)}: {len(done.task.files)} files of "
        f"{_size(done.task.size_bytes)} to {done.n_files_after} of {_size(done.bytes_after)} in {done.seconds:.1f} s"
        for done in report.rewritten
    ]
    if report.is_cut_off:
        lines.append("the budget ended here; the next run goes on")
    rewritten = [
        _task_to_document(done.task)
        | {
            "version": done.version,
            "n_files_after": done.n_files_after,
            "size_bytes_after": done.bytes_after,
            "seconds": round(done.seconds, 3),
        }
        for done in report.rewritten
    ]
    figures = _without_zeros(
        n_rewrites=len(report.rewritten),
        n_files_before=sum(len(done.task.files) for done in report.rewritten),
        n_files_after=sum(done.n_files_after for done in report.rewritten),
    )
    document = {"compact": rewritten, "n_conflicts": report.n_conflicts, "is_cut_off": report.is_cut_off}
    return Report(document, lines, figures)


def report_checkpoints(checkpointed: Sequence[Checkpointed]) -> Report:
    lines = [f"checkpointed {entry.table} at version {entry.version}" for entry in checkpointed]
    document = {"checkpoint": [asdict(entry) for entry in checkpointed]}
    return Report(document, lines, _without_zeros(n_checkpoints=len(checkpointed)))


def report_vacuum(vacuumed: Sequence[Vacuumed], *, dry_run: bool) -> Report:
    verb = "would remove" if dry_run else "removed"
    lines = [
        f"{verb} {entry.n_files} files of {entry.table}, {_size(entry.size_bytes)}" for entry in vacuumed
    ]
    document = {"vacuum": [asdict(entry) for entry in vacuumed], "dry_run": dry_run}
    if dry_run:
        return Report(document, [*lines, "nothing was changed; add --yes to remove them"])
    freed = _without_zeros(freed_bytes=sum(entry.size_bytes for entry in vacuumed))
    return Report(document, lines, {**freed, "n_vacuumed": len(vacuumed)})


def report_plan(
    tasks: Sequence[RewriteTask],
    checkpoints: Sequence[Checkpointed],
    expired: Sequence[Expired],
    *,
    retained_from_us: int | None,
) -> Report:
    """Report the work that a run would do; bronze begins at ``retained_from_us`` where retention has shortened it."""
    lines = [
        f"compact {task.table} {'/'.join(task.partition)}: {len(task.files)} files of {_size(task.size_bytes)} "
        f"to {task.n_files_after}, because: {task.reason}"
        for task in tasks
    ]
    lines += [f"checkpoint {entry.table}: {entry.n_commits} commits since the last" for entry in checkpoints]
    lines += _expiry_lines(expired, "would expire")
    lines = lines or ["nothing to do: no table needs maintenance"]
    if retained_from_us is not None:
        first = format_us(retained_from_us)
        lines.append(f"bronze begins at {first}: older rows cannot be rebuilt, only copied")
    document = {
        "compact": [_task_to_document(task) | {"n_files_after": task.n_files_after} for task in tasks],
        "checkpoint": [asdict(entry) for entry in checkpoints],
        "expire": [asdict(entry) for entry in expired],
    }
    return Report(document, lines)


def report_issues(issues: Sequence[Issue]) -> Report:
    exit_code = EXIT_DONE if all(issue.is_harmless for issue in issues) else EXIT_NEEDS_OPERATOR
    document = {"findings": [asdict(issue) | {"is_harmless": issue.is_harmless} for issue in issues]}
    return Report(document, [str(issue) for issue in issues] or ["clean"], exit_code=exit_code)


def report_runs(runs: Sequence[MaintenanceRun]) -> Report:
    lines = []
    for run in runs:
        end = "runs, or was killed" if run.ended_time is None else f"exit {run.exit_code}"
        details = [str(run.error)] if run.error else []
        details += [str(dict(run.figures))] if run.figures else []
        lines.append(" ".join([run.started_time, run.command, end, *details]))
    return Report({"runs": [asdict(run) for run in runs]}, lines or ["no run is recorded"])


def _expiry_lines(expired: Sequence[Expired], verb: str) -> list[str]:
    lines = []
    for entry in expired:
        if entry.n_files:
            lines.append(
                f"{verb} {entry.n_partitions} partitions of {entry.table}: {entry.n_rows} rows, {entry.n_files} files, "
                f"{_size(entry.size_bytes)}; its first day is {entry.first_date} then"
            )
        if entry.held_back is not None:
            lines.append(f"held back in {entry.table}: {entry.held_back}")
    return lines


def _task_to_document(task: RewriteTask) -> Document:
    return {
        "table": task.table,
        "partition": list(task.partition),
        "n_files": len(task.files),
        "n_rows": task.n_rows,
        "size_bytes": task.size_bytes,
        "reason": task.reason,
    }


def _without_zeros(**figures: int) -> dict[str, int]:
    return {name: number for name, number in figures.items() if number}


def _size(n_bytes: int) -> str:
    """Return a number of bytes with its unit.

    >>> _size(1_500_000)
    '1.5 MB'
    """
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes >= 100_000 else f"{n_bytes / 1e3:.1f} kB"
