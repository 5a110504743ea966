"""Command line of the table service. Commands import what they need when they run, so that help starts at once."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from compaction import entry_point
from compaction import options as cli
from compaction.options import AsJson, Every, Keep, Lake, RunOptions, Table, Yes, to_record_ids
from compaction.retention.version_retention import assert_retention
from lakehouse.process.commands import (
    EXIT_DONE,
    EXIT_FAILED,
    EXIT_LOCKED,
    EXIT_NEEDS_OPERATOR,
    EXIT_USAGE,
    new_app,
)

if TYPE_CHECKING:
    from compaction.reports import Report
    from compaction.service import TableService

_DESCRIPTION = """\
Keeps tables fast and small: few large sorted files instead of many small ones, rollups and scores up to date,
checkpoints, and no file that no version needs.
"""
_EPILOG = f"""\
What to know:
  plan, fsck and history change nothing; vacuum, expire and quarantine replay are dry runs until --yes is given.
  run expires what CRYPTOVIZ_RETENTION (days by table) no longer covers; where it is not set, everything is kept.
  A run may be killed at any moment: what it had not committed did not happen, and the next one goes on from there.
  Streams, readers and other writers may go on meanwhile. Two runs never overlap: the second one ends at once.

Exit codes:
  {EXIT_DONE}   done, or nothing to do (a run whose budget ended is done too: the next one goes on)
  {EXIT_FAILED}   failed; what had been committed stays
  {EXIT_USAGE}   an option or a setting is wrong
  {EXIT_NEEDS_OPERATOR}   fsck found damage that needs an operator
  {EXIT_LOCKED}  another run was at work; nothing was done

Examples:
  python -m compaction plan                       what would be done, and why
  python -m compaction run --max-seconds 50       what a crontab holds, once a minute
  python -m compaction compact --table gold_price --now
  python -m compaction vacuum --retention-hours 48 --yes
  python -m compaction expire --keep bronze=30 --keep gold_price=121
  python -m compaction fsck --json || mail operator
  python -m compaction history --json
  (crontab -l; python -m compaction schedule) | crontab -
"""

app = new_app(_DESCRIPTION, epilog=_EPILOG)


@app.command(help="Show what run would do, and why. Changes nothing.")
def plan(
    *,
    table: Table = None,
    now: cli.Now = False,
    keep: Keep = None,
    lake: Lake = None,
    as_json: AsJson = False,
) -> int:
    options = RunOptions(tables=frozenset(table or ()), wait_for_late_rows=not now)
    return _read(lake, as_json, lambda service: service.plan(options), keep=keep)


@app.command(help="Refresh, expire, compact, checkpoint and vacuum. The command for cron.")
def run(
    *,
    table: Table = None,
    now: cli.Now = False,
    max_seconds: cli.MaxSeconds = None,
    max_bytes: cli.MaxBytes = None,
    keep: Keep = None,
    retention_hours: cli.RetentionHours,
    every: Every = None,
    lake: Lake = None,
    as_json: AsJson = False,
) -> int:
    assert_retention(retention_hours)
    options = RunOptions(
        tables=frozenset(table or ()),
        wait_for_late_rows=not now,
        max_seconds=max_seconds,
        max_bytes=max_bytes,
        retention_hours=retention_hours,
    )
    return _change(lake, as_json, "run", lambda service: service.run(options), keep=keep, every_seconds=every)


@app.command(help="Rewrite small files into sorted runs by the plan.")
def compact(
    *,
    table: Table = None,
    now: cli.Now = False,
    engine: cli.EngineName = "duckdb",
    max_seconds: cli.MaxSeconds = None,
    max_bytes: cli.MaxBytes = None,
    lake: Lake = None,
    as_json: AsJson = False,
) -> int:
    options = RunOptions(
        tables=frozenset(table or ()),
        wait_for_late_rows=not now,
        engine=engine,
        max_seconds=max_seconds,
        max_bytes=max_bytes,
    )
    return _change(lake, as_json, "compact", lambda service: service.compact(options))


@app.command(help="Bring rollups and scores up to date with gold.")
def refresh(*, every: Every = None, lake: Lake = None, as_json: AsJson = False) -> int:
    return _change(lake, as_json, "refresh", lambda service: service.refresh(), every_seconds=every)


@app.command(help="Checkpoint logs that have grown, remove old log files.")
def checkpoint(
    *, table: Table = None, retention_hours: cli.RetentionHours, lake: Lake = None, as_json: AsJson = False
) -> int:
    assert_retention(retention_hours)
    options = RunOptions(tables=frozenset(table or ()), retention_hours=retention_hours)
    return _change(lake, as_json, "checkpoint", lambda service: service.checkpoint(options))


@app.command(help="Remove files that no recent version needs. A dry run without --yes.")
def vacuum(
    *,
    table: Table = None,
    retention_hours: cli.RetentionHours,
    yes: Yes = False,
    force: cli.Force = False,
    lake: Lake = None,
    as_json: AsJson = False,
) -> int:
    assert_retention(retention_hours, is_forced=force)
    options = RunOptions(tables=frozenset(table or ()), retention_hours=retention_hours)

    def work(service: "TableService") -> "Report":
        return service.vacuum(options, dry_run=not yes, is_forced=force)

    return _change(lake, as_json, "vacuum", work) if yes else _read(lake, as_json, work)


@app.command(help="Remove the days that tables no longer keep. A dry run without --yes.")
def expire(
    *, table: Table = None, keep: Keep = None, yes: Yes = False, lake: Lake = None, as_json: AsJson = False
) -> int:
    options = RunOptions(tables=frozenset(table or ()))

    def refresh_and_expire(service: "TableService") -> "Report":
        service.refresh()  # rollups and scores have to hold a day before its rows go
        return service.expire(options, dry_run=False)

    if yes:
        return _change(lake, as_json, "expire", refresh_and_expire, keep=keep)
    return _read(lake, as_json, lambda service: service.expire(options, dry_run=True), keep=keep)


@app.command(help="Show the newest runs with their figures. Changes nothing.")
def history(*, last: cli.Last = 20, lake: Lake = None, as_json: AsJson = False) -> int:
    return _read(lake, as_json, lambda service: service.history(n_newest=last))


@app.command(help="Check files, rows and records of every table. Changes nothing.")
def fsck(*, deep: cli.Deep = False, lake: Lake = None, as_json: AsJson = False) -> int:
    return _read(lake, as_json, lambda service: service.fsck(is_deep=deep))


@app.command(help="List, show or replay quarantined messages. A replay is a dry run without --yes.")
def quarantine(
    action: cli.Action = "list",
    record_ids: cli.RecordIds = None,
    *,
    rule: cli.Rule = None,
    yes: Yes = False,
    lake: Lake = None,
    as_json: AsJson = False,
) -> int:
    selected = to_record_ids(record_ids)
    if action == "list":
        return _read(lake, as_json, lambda service: service.list_quarantined())
    if action == "show":
        return _read(lake, as_json, lambda service: service.show_quarantined(selected))

    def work(service: "TableService") -> "Report":
        from compaction.quarantine.replay import ReplayChoice

        return service.replay(ReplayChoice(record_ids=selected, rule=rule), dry_run=not yes)

    return _change(lake, as_json, "quarantine", work) if yes else _read(lake, as_json, work)


@app.command(help="Print a crontab that calls run each minute. Installs nothing.")
def schedule(*, systemd: cli.Systemd = False, lake: Lake = None, as_json: AsJson = False) -> int:
    return _read(lake, as_json, lambda service: service.schedule(is_systemd=systemd))


def _read(lake: Lake, as_json: bool, work: Callable[["TableService"], "Report"], *, keep: Keep = None) -> int:
    """Run a command that takes no lock and leaves no record; a lake that does not exist is not created."""
    service = _open(lake, keep)
    service.lake.current_build(refresh=True)
    return _print(work(service), as_json)


def _change(
    lake: Lake,
    as_json: bool,
    command: str,
    work: Callable[["TableService"], "Report"],
    *,
    keep: Keep = None,
    every_seconds: Every = None,
) -> int:
    """Run a command that may change the lake, once or repeatedly."""
    from compaction.runner import repeat, run_recorded

    service = _open(lake, keep)

    def run_once() -> int:
        return _print(run_recorded(service, command, lambda: work(service)), as_json)

    return run_once() if every_seconds is None else repeat(service, run_once, every_seconds=every_seconds)


def _open(lake: Lake, keep: Keep) -> "TableService":
    from compaction.service import TableService

    return TableService.open(entry_point.read_settings(), lake, keep or ())


def _print(report: "Report", as_json: bool) -> int:
    for line in [json.dumps(report.document)] if as_json else report.lines:
        print(line, flush=True)
    return report.exit_code
