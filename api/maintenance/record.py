"""Copying of runs into the database: the table service, which has no Django, records them in its lake."""

from datetime import UTC, datetime

from api.maintenance.models import MaintenanceRun
from lakehouse.delta.storage import LakeLocation
from lakehouse.maintenance import runs as maintenance_runs

MAX_RUNS = 100_000
"""Runs of a lake: two months of one a minute. The oldest are deleted first."""


def copy_runs(lake: LakeLocation) -> None:
    """Copy the lake's new and changed runs into the database. Idempotent, and safe beside other processes."""
    mine = MaintenanceRun.objects.filter(lake_uri=lake.uri)
    recorded = maintenance_runs.list_runs(lake)
    newest = mine.values_list("run_id", flat=True).first() or ""
    unended = set(mine.filter(ended_time=None, run_id__in=recorded).values_list("run_id", flat=True))
    changed = [
        run_id for run_id, ended in recorded.items() if run_id > newest or (ended and run_id in unended)
    ]
    if not changed:
        return
    MaintenanceRun.objects.bulk_create(
        [to_row(maintenance_runs.read_run(lake, run_id), lake.uri) for run_id in changed],
        update_conflicts=True,
        unique_fields=("run_id",),
        update_fields=("ended_time", "exit_code", "error", "figures"),
        batch_size=100,
    )
    beyond = list(mine.values_list("run_id", flat=True)[MAX_RUNS : MAX_RUNS + 1])
    if beyond:
        mine.filter(run_id__lte=beyond[0]).delete()


def to_row(run: maintenance_runs.MaintenanceRun, lake_uri: str) -> MaintenanceRun:
    """Return a run of a lake as a row, which is not saved."""
    return MaintenanceRun(
        run_id=run.run_id,
        lake_uri=lake_uri,
        command=run.command,
        host=run.host,
        pid=run.pid,
        started_time=datetime.fromisoformat(run.started_time).astimezone(UTC),
        ended_time=None if run.ended_time is None else datetime.fromisoformat(run.ended_time).astimezone(UTC),
        exit_code=run.exit_code,
        error=run.error,
        figures=run.figures,
    )
