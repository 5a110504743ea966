"""The commands: each does its part on a lake and says what came of it, as a document and in lines."""

from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from compaction.budget import Budget
from compaction.checkpoint import checkpoint_lake
from compaction.command_line import EXIT_DONE, EXIT_FOUND
from compaction.compact import CompactChoice, CompactReport, compact_lake, plan_lake
from compaction.expire import Expired, expire_lake
from compaction.fsck import check_lake
from compaction.outcome import Outcome
from compaction.plan import RewriteTask
from compaction.quarantine_command import quarantine
from compaction.schedule import to_crontab, to_systemd_units
from compaction.spark_engine import compact_with_spark
from compaction.vacuum import vacuum_lake
from lakehouse.derived.rollup_refresh import refresh_rollups
from lakehouse.derived.score_refresh import refresh_scores
from lakehouse.errors import LakeNotFoundError
from lakehouse.lake import Lake
from lakehouse.maintenance.runs import read_runs
from lakehouse.schema.tables import BRONZE
from lakehouse.time_range import format_us

_RETENTION_LOOKS = 12
"""A vacuum lists every file of the lake, so that not each of the runs of an hour makes one."""


def plan(lake: Lake, options: Namespace) -> Outcome:
    tasks = plan_lake(lake.location, _choice(options))
    checkpoints = checkpoint_lake(lake.location, names=_names(options), dry_run=True)
    expired = expire_lake(lake, options.retention, names=_names(options))
    document = {
        "compact": [_to_entry(task) | {"n_files_after": task.n_files_after} for task in tasks],
        "checkpoint": [asdict(found) for found in checkpoints],
        "expire": [asdict(found) for found in expired],
    }
    lines = [
        f"compact {task.table} {'/'.join(task.partition)}: {len(task.files)} files of {_size(task.size_bytes)} "
        f"to {task.n_files_after}, because: {task.reason}"
        for task in tasks
    ]
    lines += [f"checkpoint {found.table}: {found.n_commits} commits since the last" for found in checkpoints]
    lines += _expiry_lines(expired, "would expire")
    return Outcome(document, (*(lines or ["nothing to do: everything is good"]), *_retained_from_lines(lake)))


def run(lake: Lake, options: Namespace) -> Outcome:
    refreshed = refresh(lake, options)
    expired = _expire(lake, options, dry_run=False)
    compacted = compact(lake, options)
    checkpointed = checkpoint(lake, options)
    document = {**refreshed.document, **expired.document, **compacted.document, **checkpointed.document}
    lines = (*refreshed.lines, *expired.lines, *compacted.lines, *checkpointed.lines)
    if not _vacuumed_lately(lake):
        vacuumed = _vacuum(lake, options, dry_run=False, is_forced=False)
        document |= vacuumed.document
        lines += vacuumed.lines
    return Outcome(document, lines)


def refresh(lake: Lake, _: Namespace) -> Outcome:
    reports = refresh_rollups(lake)
    scores = refresh_scores(lake)
    document = {
        "refresh": [
            {"table": report.table, "n_offsets": report.n_offsets, "n_sums": report.n_sums}
            for report in reports
            if report.n_commits
        ]
    }
    if scores is not None and scores.n_commits:
        document["refresh"].append({"table": "gold_score", "n_scores": scores.n_scores})
    return Outcome(document, tuple(f"refreshed {entry['table']}" for entry in document["refresh"]))


def compact(lake: Lake, options: Namespace) -> Outcome:
    budget = Budget(max_seconds=options.max_seconds, max_bytes=options.max_bytes)
    engine = compact_with_spark if getattr(options, "engine", "duckdb") == "spark" else compact_lake
    report = engine(lake.location, _choice(options), budget=budget)
    lines = [
        f"compacted {done.task.table} {'/'.join(done.task.partition)}: {len(done.task.files)} files of "
        f"{_size(done.task.size_bytes)} to {done.n_files_after} of {_size(done.bytes_after)} in {done.seconds:.1f} s"
        for done in report.rewritten
    ]
    if report.is_cut_off:
        lines.append("the budget ended here; the next run goes on")
    return Outcome(_to_document(report), tuple(lines))


def checkpoint(lake: Lake, options: Namespace) -> Outcome:
    done = checkpoint_lake(lake.location, names=_names(options), retention_hours=options.retention_hours)
    lines = tuple(f"checkpointed {found.table} at version {found.version}" for found in done)
    return Outcome({"checkpoint": [asdict(found) for found in done]}, lines)


def vacuum(lake: Lake, options: Namespace) -> Outcome:
    outcome = _vacuum(lake, options, dry_run=not options.yes, is_forced=options.force)
    if options.yes:
        return outcome
    return Outcome(outcome.document, (*outcome.lines, "nothing was changed; add --yes to remove them"))


def expire(lake: Lake, options: Namespace) -> Outcome:
    if options.yes:
        refresh(lake, options)
        return _expire(lake, options, dry_run=False)
    outcome = _expire(lake, options, dry_run=True)
    lines = (
        *outcome.lines,
        "nothing was changed; add --yes to expire this: only bronze brings rows back, as far as it reaches",
    )
    return Outcome(outcome.document, lines if outcome.lines else ("nothing is beyond its retention",))


def fsck(lake: Lake, options: Namespace) -> Outcome:
    findings = check_lake(lake.location, is_deep=options.deep)
    document = {"findings": [asdict(found) | {"is_harmless": found.is_harmless} for found in findings]}
    lines = tuple(found.in_words() for found in findings) or ("clean",)
    return Outcome(document, lines, EXIT_FOUND if any(not f.is_harmless for f in findings) else EXIT_DONE)


def schedule(lake: Lake, options: Namespace) -> Outcome:
    printed = (to_systemd_units if options.systemd else to_crontab)(
        lake=lake.location.root, folder=Path.cwd()
    )
    return Outcome({"schedule": printed}, (printed.rstrip(),))


def history(lake: Lake, options: Namespace) -> Outcome:
    runs = read_runs(lake.location, n_newest=options.last)
    lines = tuple(
        f"{found.started_time} {found.command} "
        + ("runs, or was killed" if found.ended_time is None else f"exit {found.exit_code}")
        + (f" {found.error}" if found.error else "")
        + (f" {dict(found.gained)}" if found.gained else "")
        for found in runs
    )
    return Outcome({"runs": [asdict(found) for found in runs]}, lines or ("nothing ran yet",))


COMMANDS: Mapping[str, Callable[[Lake, Namespace], Outcome]] = {
    "plan": plan,
    "run": run,
    "compact": compact,
    "refresh": refresh,
    "checkpoint": checkpoint,
    "vacuum": vacuum,
    "expire": expire,
    "history": history,
    "fsck": fsck,
    "quarantine": quarantine,
    "schedule": schedule,
}
READ_ONLY = frozenset({"plan", "history", "fsck", "schedule"})
"""Commands that take no lock and leave no record; so do the others while they are dry runs."""


def to_gained(document: Mapping[str, Any]) -> dict[str, int]:
    """A run in a few figures, for its record; what is 0 is left out."""
    compacted, vacuumed = document.get("compact", ()), document.get("vacuum")
    dry_run = document.get("dry_run", False)
    figures = {
        "n_refreshed": len(document.get("refresh", ())),
        "n_bites": len(compacted),
        "n_files_before": sum(entry["n_files"] for entry in compacted),
        "n_files_after": sum(entry["n_files_after"] for entry in compacted),
        "n_expired_rows": sum(entry["n_rows"] for entry in document.get("expire", ()) if not dry_run),
        "expired_bytes": sum(entry["size_bytes"] for entry in document.get("expire", ()) if not dry_run),
        "n_replayed": document.get("replay", {}).get("n_published", 0),
        "n_checkpoints": len(document.get("checkpoint", ())),
        "freed_bytes": sum(entry["size_bytes"] for entry in vacuumed or ()),
    }
    gained = {name: number for name, number in figures.items() if number}
    return gained if vacuumed is None or dry_run else gained | {"n_vacuumed": len(vacuumed)}


def _vacuum(lake: Lake, options: Namespace, *, dry_run: bool, is_forced: bool) -> Outcome:
    found = vacuum_lake(
        lake.location,
        names=_names(options),
        retention_hours=options.retention_hours,
        dry_run=dry_run,
        is_forced=is_forced,
    )
    said = "would remove" if dry_run else "removed"
    lines = tuple(
        f"{said} {entry.n_files} files of {entry.table}, {_size(entry.size_bytes)}" for entry in found
    )
    return Outcome({"vacuum": [asdict(entry) for entry in found], "dry_run": dry_run}, lines)


def _expire(lake: Lake, options: Namespace, *, dry_run: bool) -> Outcome:
    found = expire_lake(lake, options.retention, names=_names(options), dry_run=dry_run)
    document = {"expire": [asdict(entry) for entry in found]} | ({"dry_run": True} if dry_run else {})
    return Outcome(document, tuple(_expiry_lines(found, "would expire" if dry_run else "expired")))


def _expiry_lines(found: Sequence[Expired], said: str) -> list[str]:
    lines = []
    for entry in found:
        if entry.n_files:
            lines.append(
                f"{said} {entry.n_partitions} partitions of {entry.table}: {entry.n_rows} rows, {entry.n_files} files, "
                f"{_size(entry.size_bytes)}; its first day is {entry.first_date} then"
            )
        if entry.held_back is not None:
            lines.append(f"held back in {entry.table}: {entry.held_back}")
    return lines


def _retained_from_lines(lake: Lake) -> tuple[str, ...]:
    """How far back gold can be rebuilt, where that is not to its beginning."""
    try:
        retained_from_us = lake.snapshot(BRONZE.name)[BRONZE.name].retained_from_us
    except LakeNotFoundError:
        return ()
    if retained_from_us is None:
        return ()
    return (f"bronze begins at {format_us(retained_from_us)}: older rows cannot be rebuilt, only copied",)


def _vacuumed_lately(lake: Lake) -> bool:
    runs = read_runs(lake.location, n_newest=_RETENTION_LOOKS)
    return any(run.gained is not None and "n_vacuumed" in run.gained for run in runs)


def _to_document(report: CompactReport) -> dict[str, Any]:
    return {
        "compact": [
            _to_entry(done.task)
            | {
                "version": done.version,
                "n_files_after": done.n_files_after,
                "size_bytes_after": done.bytes_after,
                "seconds": round(done.seconds, 3),
            }
            for done in report.rewritten
        ],
        "n_conflicts": report.n_conflicts,
        "is_cut_off": report.is_cut_off,
    }


def _to_entry(task: RewriteTask) -> dict[str, Any]:
    """A task as its plan and its report both tell it."""
    return {
        "table": task.table,
        "partition": list(task.partition),
        "n_files": len(task.files),
        "n_rows": task.n_rows,
        "size_bytes": task.size_bytes,
        "reason": task.reason,
    }


def _choice(options: Namespace) -> CompactChoice:
    return CompactChoice(names=_names(options), is_patient=not options.now)


def _names(options: Namespace) -> frozenset[str]:
    return frozenset(options.table)


def _size(n_bytes: int) -> str:
    """
    >>> _size(1_500_000)
    '1.5 MB'
    """
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes >= 100_000 else f"{n_bytes / 1e3:.1f} kB"
