"""Taking over the runs that the table service has noted in its lake, which it does without Django."""

from datetime import UTC, datetime

from api.maintenance.models import MaintenanceRun
from lakehouse.delta.storage import LakeLocation
from lakehouse.maintenance import runs as maintenance_runs

N_KEPT = 100_000
"""Runs of a lake, one a minute: two months. The oldest go first."""


def copy_runs(lake: LakeLocation) -> None:
    """Brings the database up to what the lake has noted. Idempotent, and safe beside other processes."""
    mine = MaintenanceRun.objects.filter(lake_uri=lake.uri)
    noted = maintenance_runs.list_runs(lake)
    newest = mine.values_list("run_id", flat=True).first() or ""
    unended = set(mine.filter(ended_time=None, run_id__in=noted).values_list("run_id", flat=True))
    changed = [run_id for run_id, ended in noted.items() if run_id > newest or (ended and run_id in unended)]
    if not changed:
        return
    MaintenanceRun.objects.bulk_create(
        [to_row(maintenance_runs.read_run(lake, run_id), lake.uri) for run_id in changed],
        update_conflicts=True,
        unique_fields=("run_id",),
        update_fields=("ended_time", "exit_code", "error", "gained"),
        batch_size=100,
    )
    beyond = list(mine.values_list("run_id", flat=True)[N_KEPT : N_KEPT + 1])
    if beyond:
        mine.filter(run_id__lte=beyond[0]).delete()


def to_row(run: maintenance_runs.MaintenanceRun, lake_uri: str) -> MaintenanceRun:
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
        gained=run.gained,
    )
