"""Reports of the commands: one value each, rendered as a document, as lines, and as figures of a run's record."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from compaction.checkpoint import Checkpointed
from compaction.compact import CompactReport
from compaction.expire import Expired
from compaction.issue import Issue
from compaction.plan import RewriteTask
from compaction.rewrite import Rewritten
from compaction.vacuum import Vacuumed
from lakehouse.maintenance.runs import MaintenanceRun
from lakehouse.process.commands import EXIT_DONE, EXIT_NEEDS_OPERATOR
from lakehouse.time_range import format_us

Document = dict[str, Any]


class Report(Protocol):
    """Result of a command."""

    @property
    def exit_code(self) -> int: ...

    def to_document(self) -> Document: ...

    def to_lines(self) -> Sequence[str]: ...


class RecordedReport(Report, Protocol):
    """Result of a command that may change the lake."""

    def to_figures(self) -> Mapping[str, int]:
        """Return the figures for the run's record and for its metrics."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """A derived table that a refresh brought up to date. ``counts`` are named by their units."""

    table: str
    counts: Mapping[str, int]

    def to_document(self) -> Document:
        return {"table": self.table, **self.counts}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceReport:
    """Result of maintenance, step by step; None for a step that was not part of it."""

    refreshed: Sequence[Refreshed] | None = None
    expired: Sequence[Expired] | None = None
    compacted: CompactReport | None = None
    checkpointed: Sequence[Checkpointed] | None = None
    vacuumed: Sequence[Vacuumed] | None = None
    dry_run: bool = False
    exit_code: int = EXIT_DONE

    def to_document(self) -> Document:
        document: Document = {}
        if self.refreshed is not None:
            document["refresh"] = [entry.to_document() for entry in self.refreshed]
        if self.expired is not None:
            document["expire"] = [asdict(entry) for entry in self.expired]
        if self.compacted is not None:
            document["compact"] = [_rewritten_to_document(entry) for entry in self.compacted.rewritten]
            document["n_conflicts"] = self.compacted.n_conflicts
            document["is_cut_off"] = self.compacted.is_cut_off
        if self.checkpointed is not None:
            document["checkpoint"] = [asdict(entry) for entry in self.checkpointed]
        if self.vacuumed is not None:
            document["vacuum"] = [asdict(entry) for entry in self.vacuumed]
        if self.dry_run or self.vacuumed is not None:
            document["dry_run"] = self.dry_run
        return document

    def to_lines(self) -> Sequence[str]:
        return [
            *(f"refreshed {entry.table}" for entry in self.refreshed or ()),
            *_expiry_lines(self.expired or (), "would expire" if self.dry_run else "expired"),
            *_compaction_lines(self.compacted),
            *(f"checkpointed {entry.table} at version {entry.version}" for entry in self.checkpointed or ()),
            *_vacuum_lines(self.vacuumed or (), "would remove" if self.dry_run else "removed"),
            *self._hints(),
        ]

    def to_figures(self) -> Mapping[str, int]:
        rewritten = self.compacted.rewritten if self.compacted else ()
        figures = {
            "n_refreshed": len(self.refreshed or ()),
            "n_rewrites": len(rewritten),
            "n_files_before": sum(len(entry.task.files) for entry in rewritten),
            "n_files_after": sum(entry.n_files_after for entry in rewritten),
            "n_expired_rows": sum(entry.n_rows for entry in self.expired or ()),
            "expired_bytes": sum(entry.size_bytes for entry in self.expired or ()),
            "n_checkpoints": len(self.checkpointed or ()),
            "freed_bytes": sum(entry.size_bytes for entry in self.vacuumed or ()),
        }
        figures = {name: number for name, number in figures.items() if number}
        return figures if self.vacuumed is None else figures | {"n_vacuumed": len(self.vacuumed)}

    def _hints(self) -> Iterator[str]:
        if not self.dry_run:
            return
        if self.vacuumed is not None:
            yield "nothing was changed; add --yes to remove them"
        elif self.expired:
            yield "nothing was changed; add --yes to expire this: only bronze brings rows back, as far as it reaches"
        else:
            yield "nothing is beyond its retention"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanReport:
    """Work that a run would do. ``retained_from_us`` is the first instant of bronze that retention has left."""

    tasks: Sequence[RewriteTask]
    checkpoints: Sequence[Checkpointed]
    expired: Sequence[Expired]
    retained_from_us: int | None
    exit_code: int = EXIT_DONE

    def to_document(self) -> Document:
        return {
            "compact": [
                _task_to_document(task) | {"n_files_after": task.n_files_after} for task in self.tasks
            ],
            "checkpoint": [asdict(entry) for entry in self.checkpoints],
            "expire": [asdict(entry) for entry in self.expired],
        }

    def to_lines(self) -> Sequence[str]:
        lines = [
            f"compact {task.table} {'/'.join(task.partition)}: {len(task.files)} files of {_size(task.size_bytes)} "
            f"to {task.n_files_after}, because: {task.reason}"
            for task in self.tasks
        ]
        lines += [
            f"checkpoint {entry.table}: {entry.n_commits} commits since the last"
            for entry in self.checkpoints
        ]
        lines += _expiry_lines(self.expired, "would expire")
        lines = lines or ["nothing to do: no table needs maintenance"]
        if self.retained_from_us is not None:
            first = format_us(self.retained_from_us)
            lines.append(f"bronze begins at {first}: older rows cannot be rebuilt, only copied")
        return lines


@dataclass(frozen=True, slots=True)
class FsckReport:
    """Result of a consistency check."""

    issues: Sequence[Issue]

    @property
    def exit_code(self) -> int:
        is_clean = all(issue.is_harmless for issue in self.issues)
        return EXIT_DONE if is_clean else EXIT_NEEDS_OPERATOR

    def to_document(self) -> Document:
        return {"findings": [asdict(issue) | {"is_harmless": issue.is_harmless} for issue in self.issues]}

    def to_lines(self) -> Sequence[str]:
        return [str(issue) for issue in self.issues] or ["clean"]


@dataclass(frozen=True, slots=True)
class HistoryReport:
    """The newest runs of the table service."""

    runs: Sequence[MaintenanceRun]
    exit_code: int = EXIT_DONE

    def to_document(self) -> Document:
        return {"runs": [asdict(run) for run in self.runs]}

    def to_lines(self) -> Sequence[str]:
        return [_run_line(run) for run in self.runs] or ["no run is recorded"]


@dataclass(frozen=True, slots=True)
class ScheduleReport:
    """A schedule as text to install."""

    text: str
    exit_code: int = EXIT_DONE

    def to_document(self) -> Document:
        return {"schedule": self.text}

    def to_lines(self) -> Sequence[str]:
        return [self.text.rstrip()]


def _run_line(run: MaintenanceRun) -> str:
    end = "runs, or was killed" if run.ended_time is None else f"exit {run.exit_code}"
    details = [str(run.error)] if run.error else []
    details += [str(dict(run.gained))] if run.gained else []
    return " ".join([run.started_time, run.command, end, *details])


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


def _compaction_lines(report: CompactReport | None) -> Iterator[str]:
    for done in report.rewritten if report else ():
        yield (
            f"compacted {done.task.table} {'/'.join(done.task.partition)}: {len(done.task.files)} files of "
            f"{_size(done.task.size_bytes)} to {done.n_files_after} of {_size(done.bytes_after)} "
            f"in {done.seconds:.1f} s"
        )
    if report and report.is_cut_off:
        yield "the budget ended here; the next run goes on"


def _vacuum_lines(vacuumed: Sequence[Vacuumed], verb: str) -> Iterator[str]:
    return (f"{verb} {entry.n_files} files of {entry.table}, {_size(entry.size_bytes)}" for entry in vacuumed)


def _rewritten_to_document(done: Rewritten) -> Document:
    return _task_to_document(done.task) | {
        "version": done.version,
        "n_files_after": done.n_files_after,
        "size_bytes_after": done.bytes_after,
        "seconds": round(done.seconds, 3),
    }


def _task_to_document(task: RewriteTask) -> Document:
    return {
        "table": task.table,
        "partition": list(task.partition),
        "n_files": len(task.files),
        "n_rows": task.n_rows,
        "size_bytes": task.size_bytes,
        "reason": task.reason,
    }


def _size(n_bytes: int) -> str:
    """Return a number of bytes with its unit.

    >>> _size(1_500_000)
    '1.5 MB'
    """
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes >= 100_000 else f"{n_bytes / 1e3:.1f} kB"
